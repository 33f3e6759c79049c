"""Random inputs that tell networks apart."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING

from archc.graph import Graph
from archc.layers import TensorShape
from archc.verification.precision import Dtype

if TYPE_CHECKING:
    import numpy as np

_BLOTCH = 8
"""Positions along each axis that share a value but for noise."""

_NOISE = 0.2
"""What of the variance is noise."""

_STEP = 0.6
"""How far the second input is from the first, where another one is at 1."""


def random_inputs(graph: Graph, seed: int, dtype: Dtype) -> list[np.ndarray]:
    """For each input of a graph a batch of arrays, channels last, of mean 0 and variance 1.

    They are blotches under noise: noise alone averages out, and all inputs would look alike. The
    second is not far from the first: where a softmax is at its limit, it gives the same for both.
    There are two, or as many more of the first that no tensor has as many channels: Keras on
    TensorFlow takes what it adds for a bias if its one side that is not 1 is that of the channels,
    though it be that of the batch (`keras.ops.add`).
    """
    import numpy as np

    random = np.random.default_rng(seed)
    channels = {node.shape.channels for node in graph}
    count = next(size for size in range(2, len(channels) + 3) if size not in channels)
    arrays = []
    for position in graph.inputs:
        first, other = _blotches(graph.nodes[position].shape, random)
        second = sqrt(1 - _STEP**2) * first + _STEP * other
        arrays.append(np.stack([first, second, *[first] * (count - 2)]).astype(dtype))
    return arrays


def _blotches(shape: TensorShape, random: np.random.Generator) -> np.ndarray:
    """Two arrays that have nothing to do with each other."""
    coarse = [ceil(side / _BLOTCH) for side in shape.sides]
    values = random.normal(0, sqrt(1 - _NOISE), (2, *coarse, shape.channels))
    for axis, side in enumerate(shape.sides, 1):
        values = values.repeat(_BLOTCH, axis=axis).take(range(side), axis=axis)
    noise: np.ndarray = random.normal(0, sqrt(_NOISE), values.shape)
    return noise + values
