"""The place where a tensor enters a network."""

from typing import ClassVar

from archc.layers.attributes import Shape
from archc.layers.base import Layer
from archc.layers.shape import TensorShape


class Input(Layer):
    """A tensor of `shape` from outside, without the batch axis, channels last. No verb makes it."""

    verb: ClassVar[str] = "input"
    main: ClassVar[str | None] = "shape"

    shape: Shape

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        return TensorShape(self.shape)
