"""How much of the input each value sees, and how far apart what two neighbours see lies.

Source of the recursion: Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional
Neural Networks" (Distill, 2019), with offsets, and with upsampling as a transposed convolution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from math import floor

from archc.graph import Graph
from archc.layers import (
    Attention,
    AvgPool,
    Conv,
    ConvTranspose,
    Crop,
    DepthwiseConv,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    GroupNorm,
    Layer,
    MaxPool,
    Reshape,
    SeparableConv,
    Slice,
    TensorShape,
    Upsample,
    ZeroPad,
)
from archc.layers.attributes import axis_pads, sides

Number = int | Fraction


@dataclass(frozen=True, slots=True)
class Reach:
    """One axis: the value at position p sees the inputs from `low + stride · p` to
    `high + stride · p`, both included, where there are such inputs.
    """

    low: Number = 0
    high: Number = 0
    stride: Number = 1

    @property
    def size(self) -> int:
        """How many inputs the value sees at most; padding counts as input."""
        return floor(self.high - self.low) + 1


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """What a node's values see of the input, for each axis of the input.

    `reaches` is what windows give. `sees_all` says that some path leads through a layer in which
    every value sees its whole input, so that the node's values see everything. `placed` says that
    the node's axes are still those of the input.
    """

    reaches: tuple[Reach, ...]
    sees_all: bool = False
    placed: bool = True

    @property
    def sizes(self) -> tuple[int, ...]:
        """The side that windows give, of each axis; not cut at the border of the input."""
        return tuple([reach.size for reach in self.reaches])

    @property
    def strides(self) -> tuple[Number, ...]:
        """By how many inputs the fields of neighbours differ, of each axis; below 1 behind
        upsampling; empty where a value has no place in the input any more.
        """
        return tuple([reach.stride for reach in self.reaches]) if self.placed else ()


@dataclass(frozen=True, slots=True)
class _Step:
    """What a layer does to one axis: position p sees `scale · p + low` to `scale · p + high`."""

    scale: Number
    low: Number
    high: Number


class _Mixing(Enum):
    """What a layer does that is no window."""

    COLLECTS = "makes one value of all positions"
    MIXES = "lets each position see all others, and stay in its place"
    REARRANGES = "gives positions another meaning"


_Move = tuple[_Step, ...] | _Mixing | None
"""The steps of all axes, or what else the layer does; None where each position sees itself alone."""


def receptive_fields(graph: Graph) -> tuple[ReceptiveField, ...]:
    """The field of each node, in the graph's order; the union over all paths to an input."""
    nodes = graph.nodes
    fields: list[ReceptiveField] = []
    for node in nodes:
        inputs = node.inputs
        if not inputs:
            fields.append(ReceptiveField((Reach(),) * node.shape.rank))
            continue
        field = fields[inputs[0]]
        for i in inputs[1:]:
            if fields[i] is not field:
                field = _union(field, fields[i])
        move = _move(node.layer, nodes[inputs[0]].shape)
        fields.append(field if move is None else _moved(field, move))
    return tuple(fields)


def largest_field(fields: tuple[ReceptiveField, ...]) -> tuple[tuple[int, ...], tuple[Number, ...]]:
    """The largest side that windows give anywhere in the network, of each axis of its inputs, and
    the largest stride of values that have a place in the input.
    """
    rank = max([len(field.reaches) for field in fields], default=0)
    distinct = {id(field): field for field in fields if len(field.reaches) == rank}.values()
    sizes = [field.sizes for field in distinct]
    strides = [field.strides for field in distinct if field.placed]
    return tuple(map(max, zip(*sizes, strict=True))), tuple(map(max, zip(*strides, strict=True)))


def _union(one: ReceptiveField, other: ReceptiveField) -> ReceptiveField:
    """What a value sees that comes of both. What windows give is that of the paths that keep
    their places, where there are any: a path that sees all adds nothing to measure.
    """
    sees_all = one.sees_all or other.sees_all
    if one.placed != other.placed or len(one.reaches) != len(other.reaches):
        ranked = sorted((one, other), key=lambda field: (field.placed, len(field.reaches)))
        return ReceptiveField(ranked[-1].reaches, sees_all, ranked[-1].placed)
    reaches = tuple(
        [
            a if a == b else Reach(min(a.low, b.low), max(a.high, b.high), max(a.stride, b.stride))
            for a, b in zip(one.reaches, other.reaches, strict=True)
        ]
    )
    return ReceptiveField(reaches, sees_all, one.placed)


def _moved(field: ReceptiveField, move: tuple[_Step, ...] | _Mixing) -> ReceptiveField:
    if isinstance(move, _Mixing):
        sees_all = field.sees_all or move is not _Mixing.REARRANGES
        return ReceptiveField(field.reaches, sees_all, field.placed and move is _Mixing.MIXES)
    if not field.placed or len(move) != len(field.reaches):
        # A window over values that have no places puts together what lies anywhere.
        return ReceptiveField(field.reaches, True, False)
    return ReceptiveField(
        tuple([_slid(reach, step) for reach, step in zip(field.reaches, move, strict=True)]),
        field.sees_all,
    )


def _slid(reach: Reach, step: _Step) -> Reach:
    return Reach(
        reach.low + reach.stride * step.low,
        reach.high + reach.stride * step.high,
        _whole(reach.stride * step.scale),
    )


def _whole(number: Number) -> Number:
    """The number as an `int` where it is one: these are faster."""
    return number.numerator if number.denominator == 1 else number


@lru_cache(maxsize=8192)
def _move(layer: Layer, shape: TensorShape) -> _Move:
    rule = _RULES.get(type(layer))
    if rule is None:
        return None
    move = rule(layer, shape)
    if isinstance(move, tuple) and all(step == _Step(1, 0, 0) for step in move):
        return None
    return move


def _window(layer: Layer, shape: TensorShape) -> _Move:
    assert isinstance(layer, Conv | DepthwiseConv | SeparableConv | MaxPool | AvgPool)
    window = layer.window(shape.rank)
    axes = zip(window.stride, window.extent, window.pads(shape.sides), strict=True)
    return tuple(
        [_Step(stride, -before, extent - 1 - before) for stride, extent, (before, _) in axes]
    )


def _transposed(layer: Layer, shape: TensorShape) -> _Move:
    assert isinstance(layer, ConvTranspose)
    window = layer.window(shape.rank)
    axes = zip(window.stride, window.extent, window.pads(shape.sides), strict=True)
    return tuple([_spread(stride, extent, cut) for stride, extent, (cut, _) in axes])


def _upsampled(layer: Layer, shape: TensorShape) -> _Move:
    """Nearest: each input fills `size` positions. Bilinear: a tent about twice as wide."""
    assert isinstance(layer, Upsample)
    factors = sides(layer.size, shape.rank)
    if layer.interpolation == "nearest":
        return tuple([_spread(factor, factor, 0) for factor in factors])
    return tuple([_spread(factor, 2 * factor - factor % 2, factor // 2) for factor in factors])


def _spread(factor: int, extent: int, cut: int) -> _Step:
    """Where each input is spread over `extent` positions, `factor` further each, `cut` cut off:
    position p has its part of the inputs from (p + cut − extent + 1) / factor to
    (p + cut) / factor.
    """
    if factor == 1:
        return _Step(1, cut - extent + 1, cut)
    low, high = Fraction(cut - extent + 1, factor), Fraction(cut, factor)
    return _Step(Fraction(1, factor), low, high)


def _padded(layer: Layer, shape: TensorShape) -> _Move:
    assert isinstance(layer, ZeroPad)
    pads = axis_pads(layer.padding, shape.rank)
    return tuple([_Step(1, -before, -before) for before, _ in pads])


def _cropped(layer: Layer, shape: TensorShape) -> _Move:
    assert isinstance(layer, Crop)
    cuts = axis_pads(layer.cropping, shape.rank)
    return tuple([_Step(1, before, before) for before, _ in cuts])


def _sliced(layer: Layer, shape: TensorShape) -> _Move:
    assert isinstance(layer, Slice)
    axis, start, _ = layer.bounds(shape)
    shifts = [start if each == axis else 0 for each in range(shape.rank)]
    return tuple([_Step(1, shift, shift) for shift in shifts])


def _reshaped(layer: Layer, shape: TensorShape) -> _Move:
    """Without axes, or with the same ones, places stay what they are."""
    assert isinstance(layer, Reshape)
    return None if layer.output_shape(shape).sides == shape.sides else _Mixing.REARRANGES


def _flattened(_layer: Layer, shape: TensorShape) -> _Move:
    """The vector as a whole holds all positions."""
    return _Mixing.COLLECTS if max(shape.sides, default=1) > 1 else None


def _collected(_layer: Layer, _shape: TensorShape) -> _Move:
    return _Mixing.COLLECTS


def _mixed(_layer: Layer, _shape: TensorShape) -> _Move:
    """Attention, and statistics over all positions that each value is then held against."""
    return _Mixing.MIXES


_RULES: dict[type[Layer], Callable[[Layer, TensorShape], _Move]] = {
    **dict.fromkeys((Conv, DepthwiseConv, SeparableConv, MaxPool, AvgPool), _window),
    ConvTranspose: _transposed,
    Upsample: _upsampled,
    ZeroPad: _padded,
    Crop: _cropped,
    Slice: _sliced,
    Reshape: _reshaped,
    Flatten: _flattened,
    **dict.fromkeys((GlobalAvgPool, GlobalMaxPool), _collected),
    **dict.fromkeys((Attention, GroupNorm), _mixed),
}
"""What each layer does to the places; those that are not here leave each position its own."""
