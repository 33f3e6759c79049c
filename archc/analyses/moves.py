"""Which positions of its input each layer lets a position of its output see."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

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


class Step(NamedTuple):
    """What a layer does to one axis: position p sees `scale · p + low` to `scale · p + high`."""

    scale: Number
    low: Number
    high: Number


class Mixing(Enum):
    """What a layer does that is no window."""

    COLLECTS = "makes one value of all positions"
    MIXES = "lets each position see all others, and stay in its place"
    REARRANGES = "gives positions another meaning"


Move = tuple[Step, ...] | Mixing | None
"""The steps of all axes, or what else the layer does; None where positions see only themselves."""


@lru_cache(maxsize=8192)
def move_of(layer: Layer, shape: TensorShape) -> Move:
    """What a layer does to the places of an input of this shape."""
    rule = _RULES.get(type(layer))
    if rule is None:
        return None
    move = rule(layer, shape)
    if isinstance(move, tuple) and all(step == Step(1, 0, 0) for step in move):
        return None
    return move


def _window(layer: Layer, shape: TensorShape) -> Move:
    assert isinstance(layer, Conv | DepthwiseConv | SeparableConv | MaxPool | AvgPool)
    window = layer.window(shape.rank)
    axes = zip(window.stride, window.extent, window.pads(shape.sides), strict=True)
    return tuple(
        [Step(stride, -before, extent - 1 - before) for stride, extent, (before, _) in axes]
    )


def _transposed(layer: Layer, shape: TensorShape) -> Move:
    assert isinstance(layer, ConvTranspose)
    window = layer.window(shape.rank)
    axes = zip(window.stride, window.extent, window.pads(shape.sides), strict=True)
    return tuple([_spread(stride, extent, cut) for stride, extent, (cut, _) in axes])


def _upsampled(layer: Layer, shape: TensorShape) -> Move:
    """Nearest: each input fills `size` positions. Bilinear: a tent about twice as wide."""
    assert isinstance(layer, Upsample)
    factors = sides(layer.size, shape.rank)
    if layer.interpolation == "nearest":
        return tuple([_spread(factor, factor, 0) for factor in factors])
    return tuple([_spread(factor, 2 * factor - factor % 2, factor // 2) for factor in factors])


def _spread(factor: int, extent: int, cut: int) -> Step:
    """Where each input is spread over `extent` positions, `factor` further each, `cut` cut off:
    position p has its part of the inputs from (p + cut − extent + 1) / factor to
    (p + cut) / factor.
    """
    if factor == 1:
        return Step(1, cut - extent + 1, cut)
    low, high = Fraction(cut - extent + 1, factor), Fraction(cut, factor)
    return Step(Fraction(1, factor), low, high)


def _padded(layer: Layer, shape: TensorShape) -> Move:
    assert isinstance(layer, ZeroPad)
    pads = axis_pads(layer.padding, shape.rank)
    return tuple([Step(1, -before, -before) for before, _ in pads])


def _cropped(layer: Layer, shape: TensorShape) -> Move:
    assert isinstance(layer, Crop)
    cuts = axis_pads(layer.cropping, shape.rank)
    return tuple([Step(1, before, before) for before, _ in cuts])


def _sliced(layer: Layer, shape: TensorShape) -> Move:
    assert isinstance(layer, Slice)
    axis, start, _ = layer.bounds(shape)
    shifts = [start if each == axis else 0 for each in range(shape.rank)]
    return tuple([Step(1, shift, shift) for shift in shifts])


def _reshaped(layer: Layer, shape: TensorShape) -> Move:
    """Without axes, or with the same ones, places stay what they are."""
    assert isinstance(layer, Reshape)
    return None if layer.output_shape(shape).sides == shape.sides else Mixing.REARRANGES


def _flattened(_layer: Layer, shape: TensorShape) -> Move:
    """The vector as a whole holds all positions."""
    return Mixing.COLLECTS if max(shape.sides, default=1) > 1 else None


def _collected(_layer: Layer, _shape: TensorShape) -> Move:
    return Mixing.COLLECTS


def _mixed(_layer: Layer, _shape: TensorShape) -> Move:
    """Attention, and statistics over all positions that each value is then held against."""
    return Mixing.MIXES


_RULES: dict[type[Layer], Callable[[Layer, TensorShape], Move]] = {
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
