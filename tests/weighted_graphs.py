"""Graphs with every layer that has weights, for tests of moving weights."""

from __future__ import annotations

from archc.graph import Graph
from archc.layers import (
    Activation,
    Attention,
    BatchNorm,
    ClassToken,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    GroupNorm,
    Layer,
    LayerNorm,
    LayerScale,
    Normalize,
    PositionEmbedding,
    Prelu,
    SeparableConv,
)
from tests.keras_graphs import GraphMaker

SHAPES = {0: (6,), 1: (9, 6), 2: (9, 8, 6), 3: (5, 6, 7, 6)}

_ANY: tuple[Layer, ...] = (
    Dense(units=5),
    Dense(units=4, bias=False, activation="leaky_relu"),
    BatchNorm(),
    BatchNorm(scale=False),
    BatchNorm(center=False),
    BatchNorm(scale=False, center=False),
    LayerNorm(),
    LayerNorm(center=False),
    GroupNorm(groups=3),
    GroupNorm(groups=2, scale=False),
    Prelu(),
    Normalize(),
    LayerScale(init=0.5),
)
_SPATIAL: tuple[Layer, ...] = (
    Conv(filters=4, kernel=3),
    Conv(filters=6, kernel=3, groups=3, bias=False),
    Conv(filters=4, kernel=2, stride=2, activation="leaky_relu"),
    Conv(filters=4, kernel=3, padding=1, stride=2, standardize=True),
    DepthwiseConv(kernel=3, multiplier=2),
    DepthwiseConv(kernel=3, padding=1, stride=2, bias=False, activation="leaky_relu"),
    SeparableConv(filters=4, kernel=3, multiplier=2),
    SeparableConv(filters=4, kernel=3, padding=1, stride=2, bias=False),
    ConvTranspose(filters=4, kernel=3, stride=2),
    ConvTranspose(filters=4, kernel=3, stride=2, padding=1, bias=False),
)
_TOKENS: tuple[Layer, ...] = (
    Attention(heads=2),
    Attention(heads=3, bias=False),
    ClassToken(),
    PositionEmbedding(),
)

LAYERS_OF_RANK: dict[int, tuple[Layer, ...]] = {
    0: _ANY,
    1: (*_ANY, *_SPATIAL, *_TOKENS),
    2: (*_ANY, *_SPATIAL),
    3: (*_ANY, *_SPATIAL),
}


def every_layer(rank: int) -> Graph:
    """A graph with every layer that has weights at a rank, side by side, each with an output."""
    maker = GraphMaker()
    image = maker.input(*SHAPES[rank])
    entering = maker.add(Activation(kind="tanh"), image)
    made = [maker.add(layer, entering) for layer in LAYERS_OF_RANK[rank]]
    return maker.graph(*made)
