"""What the backward pass needs of each layer, and which tensors it therefore keeps.

Sources: the gradient of each layer's formula, as TensorFlow's registered gradients compute it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import NamedTuple

from archc.analyses.views import storage
from archc.elaborate.collector import collector_paused
from archc.graph import Graph
from archc.layers import (
    Activation,
    Add,
    Attention,
    Average,
    AvgPool,
    BatchNorm,
    ChannelShuffle,
    ClassToken,
    Concat,
    Conv,
    ConvTranspose,
    Crop,
    Dense,
    DepthwiseConv,
    Dropout,
    DropPath,
    Elu,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    GroupNorm,
    Input,
    Layer,
    LayerNorm,
    LayerScale,
    LeakyRelu,
    Maximum,
    MaxPool,
    Multiply,
    Normalize,
    PositionEmbedding,
    Prelu,
    Rescale,
    Reshape,
    SeparableConv,
    Slice,
    TensorShape,
    Upsample,
    ZeroPad,
)

Shapes = tuple[TensorShape, ...]


class Needs(NamedTuple):
    """What the gradient of one layer is computed from, beside its weights.

    `inputs` and `output` say whether it needs these tensors. All else is made inside the layer
    and counted in elements: `inner` are the tensors between its steps, which exist without
    training too; `kept` what training alone keeps of each sample (a value before its activation,
    statistics); `shared` what it keeps once a batch; `mask` truth values of one byte each.
    `trains` says that the layer has weights to train.
    """

    inputs: bool = False
    output: bool = False
    inner: int = 0
    kept: int = 0
    shared: int = 0
    mask: int = 0
    trains: bool = False


class Saved(NamedTuple):
    """What training keeps of a node's work until the backward pass: its output if any gradient
    needs it, and what it made inside. Elements each sample and once a batch, bytes of masks.
    """

    elements: int
    shared: int
    mask: int


FROM_OUTPUT = frozenset(
    {"relu", "relu6", "elu", "selu", "sigmoid", "hard_sigmoid", "tanh", "softmax"}
)
"""The activations whose slope follows from their value; all others need what entered them."""

_NOTHING = Needs()


def all_needs(graph: Graph) -> list[Needs]:
    """What the backward pass needs of each node."""
    return graph.each(_needs_of)


@collector_paused()
def saved_tensors(graph: Graph, all_needs: list[Needs]) -> tuple[Saved, ...]:
    """What training keeps, each tensor once, at the node that makes it.

    Where no weight is trained before or in a layer, no gradient passes it, and it keeps nothing.
    A view shares its input's tensor; the loss and what it keeps are not part of the network.
    """
    nodes = graph.nodes
    source = storage(graph, training=True)
    wanted = [False] * len(nodes)
    trained = [False] * len(nodes)
    inside = []
    for position, (node, needs) in enumerate(zip(nodes, all_needs, strict=True)):
        inputs = node.inputs
        trains = needs.trains
        for i in inputs:
            trains = trains or trained[i]
        trained[position] = trains
        if not trains:
            needs = _NOTHING
        if needs.inputs:
            for i in inputs:
                wanted[source[i]] = True
        if needs.output:
            wanted[source[position]] = True
        inside.append(needs)
    return tuple(
        [
            _saved(needs, elements if kept else 0)
            for needs, elements, kept in zip(inside, graph.elements, wanted, strict=True)
        ]
    )


def together(saved: tuple[Saved, ...]) -> Saved:
    """What several nodes keep."""
    if len(saved) == 1:
        return saved[0]
    return Saved(
        sum([each.elements for each in saved]),
        sum([each.shared for each in saved]),
        sum([each.mask for each in saved]),
    )


@lru_cache(maxsize=8192)
def _saved(needs: Needs, output: int) -> Saved:
    return Saved(output + needs.inner + needs.kept, needs.shared, needs.mask)


@lru_cache(maxsize=8192)
def _needs_of(layer: Layer, inputs: Shapes) -> Needs:
    needs = _RULES[type(layer)](layer, inputs, layer.output_shape(*inputs))
    trains = any(weight.trainable for weight in layer.weights(*inputs))
    return needs._replace(trains=True) if trains else needs


def _nothing(_layer: Layer, _inputs: Shapes, _output: TensorShape) -> Needs:
    return _NOTHING


def _all_inputs(_layer: Layer, _inputs: Shapes, _output: TensorShape) -> Needs:
    return Needs(inputs=True)


def _inputs_and_output(_layer: Layer, _inputs: Shapes, _output: TensorShape) -> Needs:
    return Needs(inputs=True, output=True)


def _output(_layer: Layer, _inputs: Shapes, _output: TensorShape) -> Needs:
    return Needs(output=True)


def _activation(layer: Layer, _inputs: Shapes, _output: TensorShape) -> Needs:
    assert isinstance(layer, Activation)
    return Needs(output=True) if layer.kind in FROM_OUTPUT else Needs(inputs=True)


def _linear(layer: Layer, _inputs: Shapes, output: TensorShape) -> Needs:
    """The input, for the gradient of the kernel; and what the activation on top needs."""
    assert isinstance(layer, Conv | DepthwiseConv | SeparableConv | ConvTranspose | Dense)
    if layer.activation == "linear":
        return Needs(inputs=True)
    if layer.activation in FROM_OUTPUT:
        return Needs(inputs=True, output=True)
    return Needs(inputs=True, kept=output.elements)


def _separable(layer: Layer, inputs: Shapes, output: TensorShape) -> Needs:
    """As of any convolution, and what the depthwise half gives to the other."""
    assert isinstance(layer, SeparableConv)
    needs = _linear(layer, inputs, output)
    hidden = prod(output.sides) * inputs[0].channels * layer.multiplier
    return Needs(True, needs.output, hidden, needs.kept)


def _attention(layer: Layer, inputs: Shapes, _output: TensorShape) -> Needs:
    """Query, key, value, each head's weights after the softmax, and the weighted values."""
    assert isinstance(layer, Attention)
    tokens, channels = inputs[0]
    return Needs(inputs=True, inner=4 * tokens * channels + layer.heads * tokens * tokens)


def _batch_norm(_layer: Layer, inputs: Shapes, _output: TensorShape) -> Needs:
    return Needs(inputs=True, shared=2 * inputs[0].channels)


def _layer_norm(_layer: Layer, inputs: Shapes, _output: TensorShape) -> Needs:
    return Needs(inputs=True, kept=2 * prod(inputs[0].sides))


def _group_norm(layer: Layer, _inputs: Shapes, _output: TensorShape) -> Needs:
    assert isinstance(layer, GroupNorm)
    return Needs(inputs=True, kept=2 * layer.groups)


def _dropout(_layer: Layer, _inputs: Shapes, output: TensorShape) -> Needs:
    return Needs(mask=output.elements)


def _drop_path(_layer: Layer, _inputs: Shapes, _output: TensorShape) -> Needs:
    return Needs(mask=1)


_Rule = Callable[[Layer, Shapes, TensorShape], Needs]


def _each(rule: _Rule, *layers: type[Layer]) -> dict[type[Layer], _Rule]:
    return dict.fromkeys(layers, rule)


_RULES: dict[type[Layer], _Rule] = {
    **_each(_linear, Conv, DepthwiseConv, ConvTranspose, Dense),
    SeparableConv: _separable,
    BatchNorm: _batch_norm,
    LayerNorm: _layer_norm,
    GroupNorm: _group_norm,
    Activation: _activation,
    Elu: _output,
    **_each(_all_inputs, LeakyRelu, Prelu, LayerScale, Multiply, Maximum),
    **_each(_inputs_and_output, MaxPool, GlobalMaxPool),
    Attention: _attention,
    Dropout: _dropout,
    DropPath: _drop_path,
    **_each(_nothing, Input, Add, Average, Concat, AvgPool, GlobalAvgPool),
    **_each(_nothing, Flatten, Reshape, ChannelShuffle, Slice, ZeroPad, Crop, Upsample),
    **_each(_nothing, Rescale, Normalize, ClassToken, PositionEmbedding),
}
