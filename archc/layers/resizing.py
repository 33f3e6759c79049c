"""Layers that change the sides without weights: zero padding, cropping, upsampling."""

from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from archc.layers.attributes import Pads, Pair, Sides, axis_pads, missing, one_name, sides
from archc.layers.base import Layer, ShapeError
from archc.layers.shape import TensorShape
from archc.layers.window import spatial_rank

Interpolation = Annotated[
    str, one_name(("nearest", "bilinear"), "an interpolation", "interpolations")
]


class ZeroPad(Layer):
    """Zeros around the sides, and with `channels` before and after the channels."""

    verb: ClassVar[str] = "zero_pad"
    main: ClassVar[str | None] = "padding"

    padding: Pads = 0
    channels: Pair | None = None

    @model_validator(mode="after")
    def _pads_something(self) -> Self:
        if not self.model_fields_set:
            raise missing("padding")
        return self

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        if self.padding != 0:
            pads = axis_pads(self.padding, spatial_rank(self.verb, shape), "padding")
            axes = zip(shape.sides, pads, strict=True)
            shape = shape.with_sides(
                tuple([before + side + after for side, (before, after) in axes])
            )
        return shape.with_channels(shape.channels + sum(self.channels or (0, 0)))


class Crop(Layer):
    """What is left of the sides when `cropping` is cut off."""

    verb: ClassVar[str] = "crop"
    main: ClassVar[str | None] = "cropping"

    cropping: Pads

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        cuts = axis_pads(self.cropping, spatial_rank(self.verb, shape), "cropping")
        axes = zip(shape.sides, cuts, strict=True)
        out = tuple([side - before - after for side, (before, after) in axes])
        if min(out) <= 0:
            cut = ", ".join(f"{before} + {after}" for before, after in cuts)
            raise ShapeError("size-zero", f"`crop` of {cut} leaves nothing of {shape}")
        return shape.with_sides(out)


class Upsample(Layer):
    """Every side `size` times as large."""

    verb: ClassVar[str] = "upsample"
    main: ClassVar[str | None] = "size"

    size: Sides = 2
    interpolation: Interpolation = "nearest"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        factors = sides(self.size, spatial_rank(self.verb, shape), "size")
        axes = zip(shape.sides, factors, strict=True)
        return shape.with_sides(tuple([side * factor for side, factor in axes]))
