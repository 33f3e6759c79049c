"""Normalisation by statistics of the batch, of each position, or of groups of channels."""

from math import gcd
from typing import ClassVar

from archc.layers.attributes import Count, Flag, Fraction, Positive
from archc.layers.base import Layer, ShapeError, Weight
from archc.layers.shape import TensorShape


class BatchNorm(Layer):
    """Each channel to mean 0 and variance 1 over the batch (Ioffe and Szegedy, 2015).

    `momentum` is Keras's: the share that the old moving statistics keep.
    """

    verb: ClassVar[str] = "batch_norm"
    main: ClassVar[str | None] = "epsilon"

    epsilon: Positive = 1e-3
    momentum: Fraction = 0.99
    scale: Flag = True
    center: Flag = True

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        return (
            *_affine(self.scale, self.center, shape.channels),
            Weight("moving_mean", (shape.channels,), trainable=False),
            Weight("moving_variance", (shape.channels,), trainable=False),
        )


class LayerNorm(Layer):
    """The channels of each position to mean 0 and variance 1 (Ba et al., 2016)."""

    verb: ClassVar[str] = "layer_norm"
    main: ClassVar[str | None] = "epsilon"

    epsilon: Positive = 1e-6
    scale: Flag = True
    center: Flag = True

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        return _affine(self.scale, self.center, shape.channels)


class GroupNorm(Layer):
    """Groups of channels, with all positions, to mean 0 and variance 1 (Wu and He, 2018)."""

    verb: ClassVar[str] = "group_norm"
    main: ClassVar[str | None] = "groups"

    groups: Count = 32
    epsilon: Positive = 1e-5
    scale: Flag = True
    center: Flag = True

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        if shape.channels % self.groups == 0:
            return shape
        raise ShapeError(
            "groups-divide",
            f"`group_norm` with groups {self.groups} needs channels that {self.groups} divides, "
            f"found {shape.channels}",
            helps=(f"`groups: {gcd(self.groups, shape.channels)}` divides them",),
            shape=shape,
        )

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        return _affine(self.scale, self.center, shape.channels)


def _affine(scale: bool, center: bool, channels: int) -> tuple[Weight, ...]:
    gamma = (Weight("gamma", (channels,)),) if scale else ()
    beta = (Weight("beta", (channels,)),) if center else ()
    return (*gamma, *beta)
