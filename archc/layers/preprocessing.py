"""What images go through first: a linear map, and normalisation by known statistics."""

from typing import ClassVar, Self

from pydantic import model_validator

from archc.layers.attributes import Number, Numbers, Positives, missing, refused
from archc.layers.base import Layer, ShapeError, Weight
from archc.layers.shape import TensorShape


class Rescale(Layer):
    """`scale` · x + `offset`."""

    verb: ClassVar[str] = "rescale"
    main: ClassVar[str | None] = "scale"

    scale: Number = 1.0
    offset: Number = 0.0

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape


class Normalize(Layer):
    """(x − mean) / √variance of each channel.

    Without `mean` and `variance` they are state that Keras's `Normalization` learns by `adapt`,
    counted with its `count`.
    """

    verb: ClassVar[str] = "normalize"

    mean: Numbers | None = None
    variance: Positives | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.mean is None) != (self.variance is None):
            raise missing("mean" if self.mean is None else "variance")
        if _length(self.mean) != _length(self.variance):
            raise refused("variance", "expected `mean` and `variance` to be of one length")
        return self

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        length = _length(self.mean)
        if length in (0, shape.channels):
            return shape
        message = f"`normalize` needs one mean for each channel, found {length} for {shape}"
        raise ShapeError("channel-count", message, shape=shape)

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        if self.mean is not None:
            return ()
        return (
            Weight("mean", (shape.channels,), trainable=False),
            Weight("variance", (shape.channels,), trainable=False),
            Weight("count", (), trainable=False),
        )


def _length(value: float | tuple[float, ...] | None) -> int:
    return len(value) if isinstance(value, tuple) else 0
