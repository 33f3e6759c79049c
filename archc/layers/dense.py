"""The dense layer."""

from math import prod
from typing import ClassVar

from archc.layers.attributes import Count, Flag
from archc.layers.base import Layer, Weight
from archc.layers.names import FusedActivation, Initializer
from archc.layers.shape import TensorShape


class Dense(Layer):
    """A linear map of the last axis, the same at every position: channels in, `units` out."""

    verb: ClassVar[str] = "dense"
    main: ClassVar[str | None] = "units"

    units: Count
    bias: Flag = True
    activation: FusedActivation = "linear"
    init: Initializer = "glorot_uniform"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape.with_channels(self.units)

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        kernel = Weight("kernel", (shape.channels, self.units))
        return (kernel, Weight("bias", (self.units,))) if self.bias else (kernel,)

    def macs(self, *inputs: TensorShape) -> int:
        (shape,) = inputs
        return prod(shape.sides) * shape.channels * self.units
