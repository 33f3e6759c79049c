"""The stride policy: each group's stride, the block that gets it, and where it dilates."""

from __future__ import annotations

from typing import NamedTuple

from archc.diagnostics import Span
from archc.elaborate.instantiate import whole
from archc.elaborate.program import StridePolicy
from archc.elaborate.report import error
from archc.elaborate.scope import Tensor
from archc.elaborate.values import Scope, Value
from archc.layers import (
    AvgPool,
    Conv,
    ConvTranspose,
    DepthwiseConv,
    Layer,
    MaxPool,
    SeparableConv,
    Upsample,
)


class GroupStride(NamedTuple):
    """The stride of one group, None where nothing says one, and the dilations of its blocks.

    `dilation` is that of the blocks up to the one that takes the stride, `after` that of those
    behind it: a group that would stride but dilates changes between the two (as in DeepLab).
    """

    stride: object
    last_block: bool
    dilation: int
    after: int
    span: Span

    def arguments(
        self, index: int, count: int, accepts: tuple[str, ...], block: str
    ) -> dict[str, object]:
        """The stride and the dilation as args of one block. Raises `CompileError`."""
        given: dict[str, object] = {}
        taker = count - 1 if self.last_block else 0
        if self.stride is not None:
            stride = self.stride if index == taker else 1
            self._give("stride", stride, given, accepts, block)
        dilation = self.after if index > taker else self.dilation
        if dilation != 1:
            self._give("dilation", dilation, given, accepts, block)
        return given

    def _give(
        self,
        name: str,
        value: object,
        given: dict[str, object],
        accepts: tuple[str, ...],
        block: str,
    ) -> None:
        if name in accepts:
            given[name] = value
        elif not _is_one(value):
            message = f"`{block}` gets a {name} of {value} but declares no arg `{name}`"
            helps = [f"give the block an arg `{name}: 1` and use it in its convolutions"]
            if name == "stride":
                helps.append("or make the first block another: `block: {first: …, rest: …}`")
            raise error("stride-undeclared", message, self.span, *helps)


class Strides:
    """The policy over the groups of one `groups` step, in order; dilation grows as it goes."""

    def __init__(self, policy: StridePolicy | None, groups: int, scope: Scope) -> None:
        self._policy = policy
        self._groups = groups
        self._scope = scope
        self._dilation = 1

    def of_group(self, group: int, given: object, span: Span, entering: Tensor) -> GroupStride:
        """The group's stride; `given` is the row's own, which wins. Raises `CompileError`."""
        policy = self._policy
        last_block = policy is not None and policy.last_block
        stride = given if given is not None else self._by_policy(group)
        before = self._dilation
        limit = policy.output_stride if policy is not None else None
        if limit is not None and not _is_one(stride) and stride is not None:
            most = whole(limit.evaluate(self._scope), "output_stride", limit.span, least=1)
            step = whole(stride, "stride", span, least=1)
            if entering.shape is not None and entering.stride * step > most:
                self._dilation, stride = before * step, 1
        place = span if given is not None or policy is None else policy.span
        return GroupStride(stride, last_block, before, self._dilation, place)

    def _by_policy(self, group: int) -> object:
        policy = self._policy
        if policy is None:
            return None
        if policy.strides is not None:
            return self._listed(policy.strides, group)
        value = policy.first_group if group == 0 else policy.other_groups
        return 1 if value is None else self._stride(value)

    def _listed(self, value: Value, group: int) -> object:
        strides = value.evaluate(self._scope)
        if not isinstance(strides, tuple):
            return self._stride(value)
        if len(strides) != self._groups:
            message = f"`stride_policy` has {len(strides)} strides for {self._groups} groups"
            raise error("group-lists", message, value.span)
        stride = strides[group]
        return stride if isinstance(stride, tuple) else whole(stride, "stride", value.span, least=1)

    def _stride(self, value: Value) -> object:
        stride = value.evaluate(self._scope)
        return stride if isinstance(stride, tuple) else whole(stride, "stride", value.span, least=1)


_STRIDING = frozenset(
    {Conv, DepthwiseConv, SeparableConv, MaxPool, AvgPool, ConvTranspose, Upsample}
)


def strided(layer: Layer, stride: int) -> int:
    """The stride of what a layer gives, where that of what it takes is `stride`."""
    # Most layers do not stride, and to be told so class by class takes them long.
    if type(layer) not in _STRIDING:
        return stride
    if isinstance(layer, Conv | DepthwiseConv | SeparableConv):
        return stride * _first(layer.stride)
    if isinstance(layer, MaxPool | AvgPool):
        return stride * _first(layer.strides)
    if isinstance(layer, ConvTranspose):
        return max(1, stride // _first(layer.stride))
    assert isinstance(layer, Upsample)
    return max(1, stride // _first(layer.size))


def _first(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else value[0]


def _is_one(value: object) -> bool:
    return value == 1 or (isinstance(value, tuple) and all(side == 1 for side in value))
