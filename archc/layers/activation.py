"""Activations that are layers of their own."""

from typing import ClassVar

from archc.layers.attributes import Number
from archc.layers.base import Layer, Weight
from archc.layers.names import ActivationKind
from archc.layers.shape import TensorShape


class Activation(Layer):
    """An activation without attributes; `softmax` is over the channels."""

    verb: ClassVar[str] = "activation"
    main: ClassVar[str | None] = "kind"

    kind: ActivationKind

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape


class LeakyRelu(Layer):
    """x where it is positive, else `slope` · x."""

    verb: ClassVar[str] = "leaky_relu"
    main: ClassVar[str | None] = "slope"

    slope: Number = 0.01

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape


class Elu(Layer):
    """x where it is positive, else `alpha` · (exp(x) − 1) (Clevert et al., 2015)."""

    verb: ClassVar[str] = "elu"
    main: ClassVar[str | None] = "alpha"

    alpha: Number = 1.0

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape


class Prelu(Layer):
    """x where it is positive, else x times a slope learned for each channel (He et al., 2015)."""

    verb: ClassVar[str] = "prelu"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        return (Weight("alpha", (*(1,) * shape.rank, shape.channels)),)
