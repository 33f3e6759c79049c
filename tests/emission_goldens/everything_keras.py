"""It says \"\"" and \\N{BULLET}
import os\r\u202e \x00"""

import math

import keras
from keras import Input, Model, layers, ops

KINDS = ["gelu", "relu"]


def round_to(x, d=8):
    """The multiple of d nearest to x, at least d."""
    return max(d, int(x + d / 2) // d * d)


def divisible(x, d=8):
    """The multiple of d nearest to x, at least d and at least 90 % of x."""
    rounded = round_to(x, d)
    return rounded if rounded >= 0.9 * x else rounded + d


class _PaddedPooling(keras.layers.Layer):
    """Pooling on 1 to 3 spatial axes with an explicit padding.

    `pool_size` and `strides` are a number or one for each axis; `padding` is a number, or
    (before, after) for each axis.
    """

    def __init__(self, pool_size, strides, padding, **options):
        super().__init__(**options)
        self.pool_size = pool_size
        self.strides = strides
        self.padding = padding

    def build(self, _input_shape):
        self.built = True

    def compute_output_shape(self, input_shape):
        return _pooled_shape(input_shape, self.pool_size, self.strides, self.padding)

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }


@keras.saving.register_keras_serializable("archc")
class PaddedMaxPooling(_PaddedPooling):
    """Max pooling on 1 to 3 spatial axes, with an explicit padding that counts as −∞."""

    def call(self, inputs):
        pads = _pads(self.padding, len(inputs.shape) - 2)
        padded = ops.pad(inputs, pads, constant_values=float("-inf"))
        return ops.max_pool(
            padded, self.pool_size, self.strides, data_format="channels_last"
        )


@keras.saving.register_keras_serializable("archc")
class ClassToken(keras.layers.Layer):
    """A learned token before all others: (batch, N, C) → (batch, N + 1, C). It starts as zeros.

    Dosovitskiy et al., 2020, arXiv:2010.11929.
    """

    def build(self, input_shape):
        self.token = self.add_weight(
            name="token", shape=(1, input_shape[-1]), initializer="zeros"
        )

    def call(self, inputs):
        batch, _, channels = ops.shape(inputs)
        token = ops.broadcast_to(self.token, (batch, 1, channels))
        return ops.concatenate([token, inputs], axis=1)

    def compute_output_shape(self, input_shape):
        batch, count, channels = input_shape
        return batch, count + 1, channels


def _axes(value, rank):
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _pads(padding, rank):
    """(before, after) of every axis, batch and channels included."""
    spatial = [(padding, padding)] * rank if isinstance(padding, int) else padding
    return [(0, 0), *((before, after) for before, after in spatial), (0, 0)]


def _pooled_shape(input_shape, pool_size, strides, padding):
    batch, *sides, channels = input_shape
    rank = len(sides)
    axes = zip(
        sides,
        _pads(padding, rank)[1:-1],
        _axes(pool_size, rank),
        _axes(strides, rank),
        strict=True,
    )
    pooled = [
        None if side is None else (side + before + after - size) // stride + 1
        for side, (before, after), size, stride in axes
    ]
    return batch, *pooled, channels


def encoder(image):
    x = PaddedMaxPooling(3, 2, 1, name="pool")(image)
    x = layers.Reshape((-1, 3), name="tokens1")(x)
    x = ClassToken(name="class_token")(x)
    x = layers.Dense(32, name="embed")(x)

    skip = layers.LayerNormalization(name="norm")(x)

    attended = layers.MultiHeadAttention(4, 8, name="attention")(skip, skip)
    attended = layers.DepthwiseConv1D(
        1, depthwise_initializer=keras.initializers.Constant(1e-6), name="scale"
    )(attended)

    x = layers.Add(name="add")([x, attended])
    for act in KINDS:
        x = mlp(x, 32, act, gated=act == "gelu", name=f"mlp_{act}")

    total = 0
    for _number in range(2):
        total += len(KINDS)
    return x, skip


def mlp(x, width, act, gated, rate=1e-5, *, name):
    """It says \"\"" and \\N{BULLET} import os \u202e \x00"""
    hidden = divisible(width * math.sqrt(2), d=8)
    x = layers.Dense(hidden, name=name)(x)
    x = layers.LeakyReLU(0.3, name=f"{name}_leaky")(x)
    x = layers.Activation(act, name=f"{name}_{act}1")(x)
    if gated:
        channels = x.shape[-1]
        gate = layers.Dense(channels, name=f"{name}_gate")(x)
        x = layers.Multiply(name=f"{name}_multiply")([x, gate])
    x = layers.Dropout(rate, name=f"{name}_dropout")(x)
    return x


def head(x, skip, mask, units, deep):
    tokens = mlp(x, 32, "relu", gated=None, rate=0.2, name="mlp")
    tokens = tokens if deep else skip
    tokens = layers.Dense(units, name="logits")(tokens)

    mask = layers.Flatten(name="flat")(mask)
    mask = layers.Dense(3, name="mask_logits")(mask)
    return tokens, mask


def every_thing_2(units=10, deep=True):
    """Channels are last, which is Keras's default `image_data_format`."""
    image = Input((8, 8, 3), name="image")
    mask = Input((4, 1), name="mask")
    x, skip = encoder(image)
    tokens, spots = head(x, skip, mask, units, deep)
    return Model([image, mask], [tokens, spots], name="every-thing.2")


if __name__ == "__main__":
    model = every_thing_2()
    trainable = sum(weight.numpy().size for weight in model.trainable_weights)
    print(f"{model.name}: {model.count_params():,} parameters, {trainable:,} trainable")
    print(f"{model.input_shape} -> {model.output_shape}")
