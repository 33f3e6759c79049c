"""Layers on tokens [N, C] and the scale of a residual path: the parts of transformers."""

from typing import ClassVar

from archc.layers.attributes import Count, Flag, Number
from archc.layers.base import Layer, ShapeError, Weight
from archc.layers.shape import TensorShape


class Attention(Layer):
    """Multi-head self-attention on tokens [N, C], heads C / `heads` wide (Vaswani et al., 2017)."""

    verb: ClassVar[str] = "attention"
    main: ClassVar[str | None] = "heads"

    heads: Count
    bias: Flag = True

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        _require_tokens(self.verb, shape)
        if shape.channels % self.heads == 0:
            return shape
        raise ShapeError(
            "heads-divide",
            f"`attention` with {self.heads} heads needs channels that {self.heads} divides, "
            f"found {shape.channels}",
            shape=shape,
        )

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        """The arrays of Keras's `MultiHeadAttention(heads, C // heads)`, by their part's name."""
        (shape,) = inputs
        width, channels = shape.channels // self.heads, shape.channels
        arrays: list[Weight] = []
        for part in ("query", "key", "value"):
            arrays.append(Weight(f"{part}/kernel", (channels, self.heads, width)))
            if self.bias:
                arrays.append(Weight(f"{part}/bias", (self.heads, width)))
        arrays.append(Weight("attention_output/kernel", (self.heads, width, channels)))
        if self.bias:
            arrays.append(Weight("attention_output/bias", (channels,)))
        return tuple(arrays)

    def macs(self, *inputs: TensorShape) -> int:
        """The four projections, and both matrix products: query · key, and weights · value."""
        (shape,) = inputs
        count, channels = shape
        projections = 4 * count * channels * channels
        products = 2 * count * count * channels
        return projections + products


class ClassToken(Layer):
    """One learned token before all others: [N, C] → [N + 1, C]."""

    verb: ClassVar[str] = "class_token"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        _require_tokens(self.verb, shape)
        return shape.with_sides((shape[0] + 1,))

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        return (Weight("token", (1, shape.channels)),)


class PositionEmbedding(Layer):
    """Adds a learned array [N, C] to tokens [N, C]."""

    verb: ClassVar[str] = "position_embedding"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        _require_tokens(self.verb, shape)
        return shape

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        return (Weight("embeddings", tuple(shape)),)


class LayerScale(Layer):
    """Each channel times a learned number that starts at `init` (Touvron et al., 2021)."""

    verb: ClassVar[str] = "layer_scale"
    main: ClassVar[str | None] = "init"

    init: Number = 1e-6

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return shape

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        return (Weight("gamma", (shape.channels,)),)


def _require_tokens(verb: str, shape: TensorShape) -> None:
    if shape.rank != 1:
        raise ShapeError(
            "input-rank",
            f"`{verb}` needs tokens, found {shape}",
            helps=(f"`reshape: [-1, {shape.channels}]` makes tokens of positions",),
        )
