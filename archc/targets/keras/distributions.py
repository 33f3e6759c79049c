"""From which distribution an initializer of Keras draws."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

from archc.targets.keras.draws import Distribution

_TRUNCATED_DEVIATION = 0.87962566103423978
"""The standard deviation of a standard normal distribution without what is beyond ±2."""


def distribution_of(
    keras: ModuleType, initializer: Any, shape: tuple[int, ...]
) -> Distribution | None:
    """The distribution of an array of that shape; None where nothing independent is drawn.

    Glorot's, He's and LeCun's initializers are variance scalings (Glorot and Bengio, 2010; He et
    al., 2015).
    """
    initializers = keras.initializers
    if isinstance(initializer, initializers.VarianceScaling):
        return _variance_scaling(initializer, shape)
    if isinstance(initializer, initializers.RandomUniform):
        spread = (initializer.maxval - initializer.minval) / 2
        return Distribution("uniform", initializer.minval + spread, spread)
    if isinstance(initializer, initializers.RandomNormal):
        return Distribution("normal", initializer.mean, initializer.stddev)
    if isinstance(initializer, initializers.TruncatedNormal):
        return Distribution("truncated_normal", initializer.mean, initializer.stddev)
    return None


def _variance_scaling(initializer: Any, shape: tuple[int, ...]) -> Distribution:
    fan_in, fan_out = _fans(initializer, shape)
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    variance = initializer.scale / max(1.0, fans[initializer.mode])
    if initializer.distribution == "uniform":
        return Distribution("uniform", 0.0, math.sqrt(3 * variance))
    if initializer.distribution == "untruncated_normal":
        return Distribution("normal", 0.0, math.sqrt(variance))
    return Distribution("truncated_normal", 0.0, math.sqrt(variance) / _TRUNCATED_DEVIATION)


def _fans(initializer: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    """How many values enter a unit, and how many units each enters."""
    inputs = getattr(initializer, "input_axes", None)
    outputs = getattr(initializer, "output_axes", None)
    if inputs is not None and outputs is not None:
        return math.prod(shape[axis] for axis in inputs), math.prod(shape[axis] for axis in outputs)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    *receptive, fan_in, fan_out = shape
    return math.prod(receptive) * fan_in, math.prod(receptive) * fan_out
