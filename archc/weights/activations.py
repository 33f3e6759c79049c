"""The mean and the variance of what an activation gives, from those of what enters it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import exp, sqrt
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np

_POINTS = 64
"""Points of the quadrature; the kink of a ReLU costs it about a hundredth."""


@dataclass(frozen=True, slots=True)
class Moments:
    """The mean and the variance of the values of a tensor."""

    mean: float
    variance: float

    @property
    def square(self) -> float:
        """The mean of the squares."""
        return self.mean**2 + self.variance


_GROWING = frozenset(["gelu", "silu", "hard_silu", "mish"])
"""These pass on more of a large value than of a small one, so that what is too large grows on."""

_MARGIN = 2.0
"""By how much the variance that enters one of `_GROWING` may be above the estimate."""

Function: TypeAlias = "Callable[[np.ndarray, float], np.ndarray]"
"""An activation of values, with its one parameter: a slope, an alpha, or nothing."""


def activated(kind: str, given: Moments, parameter: float = 0.0) -> Moments:
    """The moments of an activation of normally distributed values.

    For an activation that lets errors of the estimate grow they are at least what it gives, in
    proportion, for a larger variance: a signal then rather shrinks a little than grows without end.
    """
    made = _integrated(kind, given, parameter)
    if kind not in _GROWING:
        return made
    larger = Moments(given.mean * sqrt(_MARGIN), given.variance * _MARGIN)
    more = _integrated(kind, larger, parameter)
    in_proportion = Moments(more.mean / sqrt(_MARGIN), more.variance / _MARGIN)
    return max(made, in_proportion, key=lambda moments: moments.square)


def _integrated(kind: str, given: Moments, parameter: float) -> Moments:
    """By Gauss-Hermite quadrature."""
    import numpy as np

    points, shares = np.polynomial.hermite_e.hermegauss(_POINTS)
    values = _functions()[kind](given.mean + sqrt(given.variance) * points, parameter)
    shares = shares / shares.sum()
    mean = float(shares @ values)
    return Moments(mean, float(shares @ (values - mean) ** 2))


def softmaxed(given: Moments, channels: int) -> Moments:
    """The moments of a softmax over `channels` independent, normally distributed values.

    It is as if the sum of the exponentials were its mean, which it nearly is for many channels;
    no value is above 1, so that the mean of the squares is at most that of the values.
    """
    mean = 1 / channels
    square = min(exp(min(given.variance, 700.0)) * mean**2, mean)
    return Moments(mean, square - mean**2)


@cache
def _functions() -> dict[str, Function]:
    import numpy as np

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return (1 + np.tanh(x / 2)) / 2

    def gate(x: np.ndarray) -> np.ndarray:
        return np.clip(x / 6 + 0.5, 0, 1)

    def elu(x: np.ndarray, alpha: float) -> np.ndarray:
        return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))

    return {
        "linear": lambda x, _: x,
        "relu": lambda x, _: np.maximum(x, 0),
        "relu6": lambda x, _: np.clip(x, 0, 6),
        # Klambauer et al., 2017, arXiv:1706.02515.
        "selu": lambda x, _: 1.0507009873554805 * elu(x, 1.6732632423543772),
        "elu": elu,
        "leaky_relu": lambda x, slope: np.where(x > 0, x, slope * x),
        # The logistic approximation of Hendrycks and Gimpel, 2016, arXiv:1606.08415.
        "gelu": lambda x, _: x * sigmoid(1.702 * x),
        "silu": lambda x, _: x * sigmoid(x),
        "hard_silu": lambda x, _: x * gate(x),
        "sigmoid": lambda x, _: sigmoid(x),
        "hard_sigmoid": lambda x, _: gate(x),
        "tanh": lambda x, _: np.tanh(x),
        "mish": lambda x, _: x * np.tanh(np.logaddexp(x, 0)),
    }
