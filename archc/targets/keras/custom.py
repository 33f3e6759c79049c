"""The few layers that Keras lacks, registered under `archc`. Importing this loads Keras.

A saved model that has any of them loads once this module is imported. All have the channels
last.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class _PaddedPooling(keras.layers.Layer):  # type: ignore[misc]
    """Pooling on 1 to 3 spatial axes with an explicit padding.

    `pool_size` and `strides` are a number or one for each axis; `padding` is a number, or
    (before, after) for each axis.
    """

    def __init__(self, pool_size: Any, strides: Any, padding: Any, **options: Any) -> None:
        super().__init__(**options)
        self.pool_size = pool_size
        self.strides = strides
        self.padding = padding

    def build(self, _input_shape: Any) -> None:
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return _pooled_shape(input_shape, self.pool_size, self.strides, self.padding)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }


@keras.saving.register_keras_serializable("archc")
class PaddedMaxPooling(_PaddedPooling):
    """Max pooling on 1 to 3 spatial axes, with an explicit padding that counts as −∞."""

    def call(self, inputs: Any) -> Any:
        pads = _pads(self.padding, len(inputs.shape) - 2)
        padded = ops.pad(inputs, pads, constant_values=float("-inf"))
        return ops.max_pool(padded, self.pool_size, self.strides, data_format="channels_last")


@keras.saving.register_keras_serializable("archc")
class PaddedAveragePooling(_PaddedPooling):
    """Average pooling on 1 to 3 spatial axes, with an explicit padding that is not counted."""

    def call(self, inputs: Any) -> Any:
        # The mean of the ones is the share of each window that is not padding.
        ones = ops.ones_like(inputs[:1, ..., :1])
        return self._mean(inputs) / self._mean(ones)

    def _mean(self, inputs: Any) -> Any:
        padded = ops.pad(inputs, _pads(self.padding, len(inputs.shape) - 2))
        return ops.average_pool(padded, self.pool_size, self.strides, data_format="channels_last")


class _WeightStandardization:
    """A convolution whose filters have mean 0 and variance 1 whenever they are used.

    Qiao et al., 2019, arXiv:1903.10520, with the biased variance and the epsilon of timm's
    `StdConv2d`: (kernel − mean) / √(variance + 1e-6), over all axes but the last. The kernel that
    is learned and saved is the one before.
    """

    EPSILON = 1e-6

    def call(self: Any, inputs: Any) -> Any:
        axes = list(range(self.rank + 1))
        mean, variance = ops.moments(self.kernel, axes, keepdims=True)
        outputs = ops.conv(
            inputs,
            (self.kernel - mean) * ops.rsqrt(variance + self.EPSILON),
            strides=list(self.strides),
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        if self.use_bias:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)


@keras.saving.register_keras_serializable("archc")
class StandardizedConv1D(_WeightStandardization, keras.layers.Conv1D):  # type: ignore[misc]
    __doc__ = _WeightStandardization.__doc__


@keras.saving.register_keras_serializable("archc")
class StandardizedConv2D(_WeightStandardization, keras.layers.Conv2D):  # type: ignore[misc]
    __doc__ = _WeightStandardization.__doc__


@keras.saving.register_keras_serializable("archc")
class StandardizedConv3D(_WeightStandardization, keras.layers.Conv3D):  # type: ignore[misc]
    __doc__ = _WeightStandardization.__doc__


@keras.saving.register_keras_serializable("archc")
class ClassToken(keras.layers.Layer):  # type: ignore[misc]
    """A learned token before all others: (batch, N, C) → (batch, N + 1, C). It starts as zeros.

    Dosovitskiy et al., 2020, arXiv:2010.11929.
    """

    def build(self, input_shape: Any) -> None:
        self.token = self.add_weight(name="token", shape=(1, input_shape[-1]), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        batch, _, channels = ops.shape(inputs)
        token = ops.broadcast_to(self.token, (batch, 1, channels))
        return ops.concatenate([token, inputs], axis=1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        batch, count, channels = input_shape
        return batch, count + 1, channels


@keras.saving.register_keras_serializable("archc")
class PositionEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Adds a learned array (N, C) to tokens (batch, N, C). It starts normal, with deviation 0.02.

    Dosovitskiy et al., 2020, arXiv:2010.11929.
    """

    def build(self, input_shape: Any) -> None:
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=tuple(input_shape[1:]),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def call(self, inputs: Any) -> Any:
        return inputs + self.embeddings

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return tuple(input_shape)


def _axes(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _pads(padding: Any, rank: int) -> list[tuple[int, int]]:
    """(before, after) of every axis, batch and channels included."""
    spatial = [(padding, padding)] * rank if isinstance(padding, int) else padding
    return [(0, 0), *((before, after) for before, after in spatial), (0, 0)]


def _pooled_shape(
    input_shape: Any, pool_size: Any, strides: Any, padding: Any
) -> tuple[int | None, ...]:
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
