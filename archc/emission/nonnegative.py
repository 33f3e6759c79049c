"""Which tensors of a network hold no value below 0, whatever enters it."""

from __future__ import annotations

from archc.graph import Graph
from archc.layers import (
    Activation,
    Add,
    Average,
    AvgPool,
    ChannelShuffle,
    Concat,
    Conv,
    ConvTranspose,
    Crop,
    Dense,
    DepthwiseConv,
    Dropout,
    DropPath,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    Layer,
    Maximum,
    MaxPool,
    Multiply,
    Reshape,
    SeparableConv,
    Slice,
    Upsample,
    ZeroPad,
)

_ACTIVATIONS = frozenset(["relu", "relu6", "sigmoid", "hard_sigmoid", "softmax"])
_FUSING = (Conv, DepthwiseConv, SeparableConv, ConvTranspose, Dense)
_KEEPING = (
    *(MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool, ZeroPad, Crop, Upsample, Slice),
    *(Flatten, Reshape, ChannelShuffle, Dropout, DropPath, Concat, Add, Multiply, Average),
)


def nonnegative(graph: Graph) -> tuple[bool, ...]:
    """For each node, whether none of its values can be below 0; False where it may not be known."""
    known: list[bool] = []
    for node in graph:
        known.append(_gives_nonnegative(node.layer, [known[source] for source in node.inputs]))
    return tuple(known)


def _gives_nonnegative(layer: Layer, inputs: list[bool]) -> bool:
    if isinstance(layer, Activation):
        return layer.kind in _ACTIVATIONS
    if isinstance(layer, _FUSING):
        return layer.activation in _ACTIVATIONS
    if isinstance(layer, Maximum):
        return any(inputs)
    return isinstance(layer, _KEEPING) and all(inputs)
