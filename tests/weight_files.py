"""A small network, as a spec and as a person would write it in Keras, for tests of weight files."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

SPEC = r"""
name: small
args: {classes: 3}
input: [8, 6, 2]
stem:
- {id: first, conv: {filters: 4, kernel: 3}}
- {id: first_bn, batch_norm: }
- {id: depth, depthwise_conv: 3}
- {id: second, separable_conv: {filters: 6, kernel: 3}}
- reshape: [-1, 6]
- {id: look, attention: 2}
- flatten
- {id: head, dense: =classes}
weights:
  keras:
    ^(first|depth|second)$: \1_layer
"""


def write_spec(folder: Path) -> Path:
    path = folder / "small.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def keras_model(classes: int = 3) -> keras.Model:
    """The network of the spec, with random weights and statistics."""
    layers = keras.layers
    image = keras.Input((8, 6, 2))
    x = layers.Conv2D(4, 3, padding="same", name="first_layer")(image)
    x = layers.BatchNormalization(name="first_bn")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="depth_layer")(x)
    x = layers.SeparableConv2D(6, 3, padding="same", name="second_layer")(x)
    x = layers.Reshape((-1, 6))(x)
    x = layers.MultiHeadAttention(2, 3, name="look")(x, x)
    x = layers.Dropout(0.5)(x)
    x = layers.Flatten()(x)
    model = keras.Model(image, layers.Dense(classes, name="head")(x))
    random = np.random.default_rng(5)
    model.set_weights([random.uniform(0.2, 1.2, v.shape) for v in model.get_weights()])
    return model


def images() -> np.ndarray:
    return np.random.default_rng(6).normal(size=(3, 8, 6, 2)).astype("float32")
