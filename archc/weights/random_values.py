"""Random weights for tests of equality: every array matters to the output, and none drowns it."""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt
from typing import TYPE_CHECKING, Literal, TypeAlias

from archc.graph import Graph
from archc.layers import ConvTranspose, DepthwiseConv, Layer, Weight
from archc.layers.attributes import sides
from archc.weights.activations import Moments
from archc.weights.arrays import Weights
from archc.weights.moments import PRELU_SLOPE, WIDER, moments, widened

if TYPE_CHECKING:
    import numpy as np

Draw: TypeAlias = "Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]"


def random(
    graph: Graph, *, seed: int = 0, dtype: Literal["float32", "float64"] = "float32"
) -> Weights:
    """Random weights of a graph, the same for the same `seed`; those of float32 are rounded.

    Kernels are normal with mean 0, and bring what enters them to variance 1 (as He et al., 2015,
    but by an estimate of what enters, so that residual paths do not add up). Scales and variances
    are around 1 and positive, offsets and means around 0, slopes around 0.25; the statistics of a
    `normalize` are about those of what enters it, and scales in front of a `relu6` are around 3,
    so that some values reach the 6. Else an input of mean 0 and variance 1 gives activations of
    about that size in every layer.
    """
    import numpy as np

    from archc.targets.keras.draws import entropy

    entering = moments(graph)
    wide = widened(graph)
    drawn: Weights = {}
    for position, node in enumerate(graph):
        for weight in graph.weights(node):
            name = f"{node.name}/{weight.name}"
            draw = _kind(node.layer, weight, entering[node.inputs[0]])
            values = draw(np.random.default_rng(entropy(seed, name)), weight.shape)
            if position in wide and weight.name == "gamma":
                values = WIDER * values
            drawn[name] = np.asarray(values, "int64" if weight.name == "count" else dtype)
    return drawn


def _kind(layer: Layer, weight: Weight, entering: Moments) -> Draw:
    name = weight.name.rpartition("/")[2]
    if name == "mean":
        return _normal(0.1 * sqrt(entering.variance), entering.mean)
    if name == "variance":
        return _uniform(0.8 * entering.variance, 1.25 * entering.variance)
    if name.endswith("kernel"):
        # What enters the second kernel of a layer comes out of its first.
        inner = weight.name in ("pointwise_kernel", "attention_output/kernel")
        square = 1.0 if inner else entering.square
        return _normal(1 / sqrt(max(_fan_in(layer, weight) * square, 1e-30)))
    return _BY_NAME[name]


def _fan_in(layer: Layer, weight: Weight) -> float:
    """How many values enter one that the kernel gives."""
    match weight.name:
        case "query/kernel" | "key/kernel" | "value/kernel":
            return weight.shape[0]
        case "depthwise_kernel":
            return prod(weight.shape[:-2])
    if isinstance(layer, DepthwiseConv):
        return prod(weight.shape[:-2])
    if isinstance(layer, ConvTranspose):
        taps, channels = weight.shape[:-2], weight.shape[-1]
        return prod(taps) * channels / prod(sides(layer.stride, len(taps), "stride"))
    return prod(weight.shape[:-1])


def _normal(deviation: float, mean: float = 0.0) -> Draw:
    return lambda generator, shape: generator.normal(mean, deviation, shape)


def _uniform(low: float, high: float) -> Draw:
    return lambda generator, shape: generator.uniform(low, high, shape)


def _whole(low: int, high: int) -> Draw:
    return lambda generator, shape: generator.integers(low, high, shape)


_BY_NAME: dict[str, Draw] = {
    "bias": _normal(0.1),
    "beta": _normal(0.1),
    "gamma": _uniform(0.8, 1.2),
    "moving_mean": _normal(0.1),
    "moving_variance": _uniform(0.8, 1.25),
    "count": _whole(1, 1000),
    "alpha": _uniform(PRELU_SLOPE - 0.15, PRELU_SLOPE + 0.15),
    "token": _normal(1.0),
    "embeddings": _normal(0.5),
}
