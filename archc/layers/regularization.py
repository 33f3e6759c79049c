"""Layers that leave out at random, while training."""

from typing import ClassVar

from archc.layers.attributes import Rate
from archc.layers.base import Layer
from archc.layers.shape import TensorShape


class Dropout(Layer):
    """Each value is left out with probability `rate` (Srivastava et al., 2014)."""

    verb: ClassVar[str] = "dropout"
    main: ClassVar[str | None] = "rate"

    rate: Rate

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape


class DropPath(Layer):
    """The whole tensor of a sample is left out with probability `rate` (Huang et al., 2016)."""

    verb: ClassVar[str] = "drop_path"
    main: ClassVar[str | None] = "rate"

    rate: Rate

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape
