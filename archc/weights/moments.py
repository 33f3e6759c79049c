"""How large the values of a network are, for kernels that keep them so.

Each tensor is taken for normally distributed, with one mean and one variance, and independent of
the others: rough, but right enough that a signal neither grows nor dies in hundreds of layers.
A layer that is not named here is taken to keep both.
"""

from __future__ import annotations

from math import prod

from archc.graph import Graph
from archc.layers import (
    Activation,
    Add,
    Attention,
    Average,
    BatchNorm,
    Concat,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    Elu,
    GroupNorm,
    Layer,
    LayerNorm,
    LeakyRelu,
    Multiply,
    Normalize,
    Prelu,
    Rescale,
    SeparableConv,
    TensorShape,
)
from archc.weights.activations import Moments, activated, softmaxed

STANDARD = Moments(0.0, 1.0)
PRELU_SLOPE = 0.25
WIDER = 3.0


def moments(graph: Graph) -> tuple[Moments, ...]:
    """The moments of each node's output, for inputs of mean 0 and variance 1.

    Kernels are taken to bring what enters them to variance 1, and learned statistics of inputs to
    be true, as `random` draws them.
    """
    known: list[Moments] = []
    wide = widened(graph)
    for position, node in enumerate(graph):
        inputs = [known[entering] for entering in node.inputs]
        shapes = graph.input_shapes(node)
        given = _given(node.layer, inputs, shapes) if inputs else STANDARD
        if position in wide:
            given = Moments(WIDER * given.mean, WIDER**2 * given.variance)
        known.append(given)
    return tuple(known)


def widened(graph: Graph) -> frozenset[int]:
    """The batch norms in front of a `relu6`, whose scales are drawn `WIDER` times as great.

    Else values hardly ever reach 6, and a `relu` would do the same.
    """
    found = set()
    for node in graph:
        if isinstance(node.layer, Activation) and node.layer.kind == "relu6":
            before = graph.nodes[node.inputs[0]].layer
            if isinstance(before, BatchNorm) and before.scale:
                found.add(node.inputs[0])
    return frozenset(found)


def _given(layer: Layer, inputs: list[Moments], shapes: tuple[TensorShape, ...]) -> Moments:
    means = [given.mean for given in inputs]
    variances = [given.variance for given in inputs]
    match layer:
        case Add():
            return Moments(sum(means), sum(variances))
        case Average():
            return Moments(sum(means) / len(inputs), sum(variances) / len(inputs) ** 2)
        case Multiply():
            return _of_square(prod(means), prod(given.square for given in inputs))
        case Concat():
            return _mixed(inputs, [shape.channels for shape in shapes])
        case _ if len(inputs) > 1:
            return max(inputs, key=lambda given: given.square)
        case _:
            return _of_one(layer, inputs[0], shapes[0])


def _mixed(inputs: list[Moments], channels: list[int]) -> Moments:
    weighed = [(m, count / sum(channels)) for m, count in zip(inputs, channels, strict=True)]
    mean = sum(m.mean * share for m, share in weighed)
    return _of_square(mean, sum(m.square * share for m, share in weighed))


def _of_one(layer: Layer, given: Moments, shape: TensorShape) -> Moments:
    match layer:
        case Conv() | ConvTranspose() | Dense() | DepthwiseConv() | SeparableConv():
            return _activated(layer.activation, _linear(layer, given, shape), shape)
        case LayerNorm() | GroupNorm() | Attention():
            return STANDARD
        case Activation():
            return _activated(layer.kind, given, shape)
        case LeakyRelu():
            return activated("leaky_relu", given, layer.slope)
        case Prelu():
            return activated("leaky_relu", given, PRELU_SLOPE)
        case Elu():
            return activated("elu", given, layer.alpha)
        case Rescale():
            mean = layer.scale * given.mean + layer.offset
            return Moments(mean, layer.scale**2 * given.variance)
        case Normalize():
            return _normalized(layer, given)
        case _:
            return given


def _linear(layer: Layer, given: Moments, shape: TensorShape) -> Moments:
    """A kernel that is standardised before its use has variance 1, however it was drawn."""
    if isinstance(layer, Conv) and layer.standardize:
        taps = prod(layer.weights(shape)[0].shape[:-1])
        return Moments(0.0, taps * given.square)
    return STANDARD


def _activated(kind: str, given: Moments, shape: TensorShape) -> Moments:
    if kind == "softmax":
        return softmaxed(given, shape.channels)
    # What a layer applies itself has the defaults of the layers of their own.
    default = {"leaky_relu": LeakyRelu().slope, "elu": Elu().alpha}
    return activated(kind, given, default.get(kind, 0.0))


def _normalized(layer: Normalize, given: Moments) -> Moments:
    if layer.mean is None or layer.variance is None:
        return STANDARD
    means = layer.mean if isinstance(layer.mean, tuple) else (layer.mean,)
    variances = layer.variance if isinstance(layer.variance, tuple) else (layer.variance,)
    each = [
        Moments((given.mean - mean) / variance**0.5, given.variance / variance)
        for mean, variance in zip(means, variances, strict=True)
    ]
    return _mixed(each, [1] * len(each))


def _of_square(mean: float, square: float) -> Moments:
    """The moments by the mean of the squares; what rounding makes negative is 0."""
    return Moments(mean, max(square - mean**2, 0.0))
