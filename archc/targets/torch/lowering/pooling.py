"""Pooling. Padding never counts: it is −∞ to a maximum, and no part of a mean."""

from __future__ import annotations

from typing import Literal

from archc.emission.symbols import SymbolicStr
from archc.layers import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool, TensorShape
from archc.targets.torch.lowering.call import (
    Argument,
    Leading,
    Optional,
    TorchCall,
    call,
    function,
    literal,
    per_axis,
)
from archc.targets.torch.lowering.padding import (
    axes,
    even,
    ones,
    pairs,
    same_at_any_side,
    written,
)

_Kind = Literal["Max", "Avg"]


def max_pool(layer: MaxPool, shape: TensorShape) -> tuple[TorchCall, ...]:
    return (_pool("Max", layer, shape.rank),)


def avg_pool(layer: AvgPool, shape: TensorShape) -> tuple[TorchCall, ...]:
    return (_pool("Avg", layer, shape.rank),)


def global_avg_pool(layer: GlobalAvgPool, shape: TensorShape) -> tuple[TorchCall, ...]:
    return (_global("Avg", "mean", layer.keepdims, shape.rank),)


def global_max_pool(layer: GlobalMaxPool, shape: TensorShape) -> tuple[TorchCall, ...]:
    return (_global("Max", "amax", layer.keepdims, shape.rank),)


def _pool(kind: _Kind, layer: MaxPool | AvgPool, rank: int) -> TorchCall:
    padding = layer.padding
    if ones(layer.size) and isinstance(padding, str):
        return _plain(kind, layer, rank)
    if isinstance(padding, SymbolicStr):
        return _any(kind, layer)
    if padding == "same":
        return _same(kind, layer, rank)
    return _plain(kind, layer, rank) if padding == "valid" else _padded(kind, layer, rank)


def _same(kind: _Kind, layer: MaxPool | AvgPool, rank: int) -> TorchCall:
    sizes, strides = axes(layer.size, rank), axes(layer.strides, rank)
    if sizes is not None and strides is not None:
        sides = list(zip(sizes, strides, strict=True))
        beyond = [_one_beyond(*side) for side in sides]
        padding = [
            0 if one else same_at_any_side(*side) for one, side in zip(beyond, sides, strict=True)
        ]
        own = tuple([pad for pad in padding if pad is not None])
        if len(own) == rank:
            return _plain(kind, layer, rank, per_axis(own), ceil_mode=any(beyond))
    leading, options = _sliding(layer)
    return call(f"{kind}Pool{rank}dSame", leading, optional=options)


def _one_beyond(size: int, stride: int) -> bool:
    """Whether `same` puts at most one value around an axis, at its end: PyTorch's `ceil_mode`."""
    return size == 2 and literal(stride) and stride > 1


def _padded(kind: _Kind, layer: MaxPool | AvgPool, rank: int) -> TorchCall:
    """PyTorch's pools take a padding of up to half the window, the same before and after."""
    sizes = axes(layer.size, rank)
    if sizes is None:
        return _any(kind, layer)
    halves = tuple([0 if size == 1 else size // 2 for size in sizes])
    if isinstance(layer.padding, str):
        return _plain(kind, layer, rank, per_axis(halves))
    own = even(pairs(layer.padding, rank))
    if own is None or not literal(own):
        return _any(kind, layer)
    if not any(own):
        return _plain(kind, layer, rank)
    if not literal(sizes) or any(pad > half for pad, half in zip(own, halves, strict=True)):
        return _any(kind, layer)
    return _plain(kind, layer, rank, per_axis(own))


def _plain(
    kind: _Kind,
    layer: MaxPool | AvgPool,
    rank: int,
    padding: Argument = 0,
    *,
    ceil_mode: bool = False,
) -> TorchCall:
    leading, sliding = _sliding(layer)
    options: tuple[Optional, ...] = (
        *sliding,
        ("padding", padding, 0),
        ("ceil_mode", ceil_mode, False),
    )
    if kind == "Avg" and padding != 0:
        options = (*options, ("count_include_pad", False, True))
    expression = function(f"F.{kind.lower()}_pool{rank}d", leading[1], optional=options)
    return call(f"nn.{kind}Pool{rank}d", leading, optional=options, expression=expression)


def _any(kind: _Kind, layer: MaxPool | AvgPool) -> TorchCall:
    leading, sliding = _sliding(layer)
    options = (*sliding, ("padding", layer.padding, "same"))
    return call(f"Padded{kind}Pool", leading, optional=options)


def _sliding(layer: MaxPool | AvgPool) -> tuple[Leading, tuple[Optional, ...]]:
    size = written(layer.size)
    return ("kernel_size", size), (("stride", written(layer.strides), size),)


def _global(kind: _Kind, method: str, keepdims: bool, rank: int) -> TorchCall:
    positions = tuple(range(2, rank + 2)) if rank > 1 else 2
    if not literal(keepdims):
        return call(f"Global{kind}Pool", optional=(("keepdims", keepdims, False),))
    if not keepdims:
        return call(f"Global{kind}Pool", expression=f"{{0}}.{method}({positions})")
    kept = f"{{0}}.{method}({positions}, keepdim=True)"
    return call(f"nn.Adaptive{kind}Pool{rank}d", ("output_size", 1), expression=kept)
