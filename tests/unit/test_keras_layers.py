"""Every layer at every rank: built, its tensor and its weights are those that archc says."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest

from archc.diagnostics import CompileError
from archc.graph import Graph
from archc.layers import (
    LAYERS,
    MERGES,
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
    Upsample,
    ZeroPad,
)
from archc.layers.names import PARAMETERLESS
from archc.targets.keras import build
from tests.keras_graphs import GraphMaker, chain

SHAPES = {0: (6,), 1: (9, 6), 2: (9, 8, 6), 3: (5, 6, 7, 6)}
ANY = (0, 1, 2, 3)
SPATIAL = (1, 2, 3)

CASES: list[tuple[tuple[int, ...], list[Layer]]] = [
    (
        SPATIAL,
        [
            Conv(filters=4, kernel=3),
            Conv(filters=4, kernel=2, stride=2, bias=False),
            Conv(filters=4, kernel=3, dilation=2),
            Conv(filters=6, kernel=3, groups=3),
            Conv(filters=4, kernel=3, padding="symmetric", stride=2, activation="leaky_relu"),
            Conv(filters=4, kernel=3, standardize=True, activation="relu"),
            DepthwiseConv(kernel=3, multiplier=2),
            DepthwiseConv(kernel=3, stride=2, padding=1, bias=False),
            DepthwiseConv(kernel=3, dilation=2, activation="leaky_relu"),
            SeparableConv(filters=4, kernel=3, multiplier=2),
            SeparableConv(filters=4, kernel=3, stride=2, padding=1, bias=False),
            ConvTranspose(filters=4, kernel=3, stride=2),
            ConvTranspose(filters=4, kernel=3, stride=2, padding=1),
            ConvTranspose(filters=4, kernel=2, stride=3, padding="valid", bias=False),
            ConvTranspose(filters=4, kernel=3, dilation=2),
            MaxPool(),
            MaxPool(size=3, stride=2, padding=1),
            AvgPool(),
            AvgPool(size=3, stride=2, padding="symmetric"),
            GlobalAvgPool(),
            GlobalAvgPool(keepdims=True),
            GlobalMaxPool(),
            GlobalMaxPool(keepdims=True),
            ZeroPad(padding=1),
            ZeroPad(padding=1, channels=(1, 2)),
            Crop(cropping=1),
            Upsample(),
        ],
    ),
    ((1, 2), [Upsample(size=3, interpolation="bilinear")]),
    (
        ANY,
        [
            Dense(units=5, activation="softmax"),
            BatchNorm(),
            BatchNorm(scale=False),
            LayerNorm(),
            LayerNorm(center=False),
            GroupNorm(groups=3),
            *[Activation(kind=kind) for kind in PARAMETERLESS],
            LeakyRelu(),
            Elu(alpha=0.5),
            Prelu(),
            Dropout(rate=0.5),
            DropPath(rate=0.5),
            ZeroPad(channels=(1, 2)),
            Flatten(),
            Reshape(shape=(-1, 6)),
            Rescale(scale=2.0, offset=1.0),
            Normalize(),
            Normalize(mean=0.5, variance=2.0),
            Normalize(mean=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0), variance=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)),
            LayerScale(),
            ChannelShuffle(groups=2),
            Slice(part=1, of=3),
            Slice(start=1, stop=-1),
        ],
    ),
    ((1,), [Attention(heads=2), Attention(heads=2, bias=False), ClassToken(), PositionEmbedding()]),
    ((1,), [Slice(axis="tokens", stop=1), Slice(axis="length", start=-3)]),
    ((2,), [Slice(axis="height", start=2, stop=5), Slice(axis="width", part=0, of=4)]),
    ((3,), [Slice(axis="depth", stop=2), Slice(axis="width", start=1)]),
]

ROWS = [(layer, rank) for ranks, layers in CASES for layer in layers for rank in ranks]

# In Keras the kernel has another shape or is two; the values are as many, in the same order.
SHAPED_OTHERWISE = {(DepthwiseConv, 3), (SeparableConv, 3), *[(LayerScale, rank) for rank in ANY]}


def images(graph: Graph) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.normal(0, 1, (2, *graph.nodes[0].shape)).astype("float32")


def assert_as_the_graph_says(graph: Graph, model: Any) -> None:
    node = graph.nodes[-1]
    assert model.output_shape == (None, *node.shape)
    weights = graph.weights(node)
    found = [(w.path.split("/", 1)[1], tuple(w.shape), w.trainable) for w in model.weights]
    if (type(node.layer), graph.input_shapes(node)[0].rank) in SHAPED_OTHERWISE:
        ours, theirs = [math.prod(w.shape) for w in weights], [math.prod(w[1]) for w in found]
        assert ours == theirs
    else:
        assert [(w.name, w.shape, w.trainable) for w in weights] == found


@pytest.mark.parametrize(("layer", "rank"), ROWS, ids=lambda value: repr(value))
def test_a_layer_at_a_rank(layer: Layer, rank: int) -> None:
    graph = chain(SHAPES[rank], layer)
    model = build(graph, seed=0)
    assert_as_the_graph_says(graph, model)
    out = model(images(graph))
    assert out.shape == (2, *graph.nodes[-1].shape)
    assert np.isfinite(out).all()


@pytest.mark.parametrize("merge", [Add(), Multiply(), Average(), Maximum(), Concat()], ids=repr)
@pytest.mark.parametrize("rank", ANY)
def test_a_merge_at_a_rank(merge: Layer, rank: int) -> None:
    maker = GraphMaker()
    x = maker.input(*SHAPES[rank])
    y = maker.add(Activation(kind="relu"), x)
    maker.add(merge, x, y, x)
    graph = maker.graph()
    model = build(graph, seed=0)
    assert_as_the_graph_says(graph, model)
    assert model(images(graph)).shape == (2, *graph.nodes[-1].shape)


def test_a_gate_is_stretched_to_the_sides() -> None:
    maker = GraphMaker()
    x = maker.input(9, 8, 6)
    gate = maker.add(GlobalAvgPool(keepdims=True), x)
    maker.add(Multiply(), x, gate)
    graph = maker.graph()
    values = images(graph)
    expected = values * values.mean(axis=(1, 2), keepdims=True)
    assert np.asarray(build(graph)(values)) == pytest.approx(expected, abs=1e-5)


def test_every_layer_is_tried() -> None:
    vocabulary = {verb.layer for verb in (*LAYERS.values(), *MERGES.values())}
    tried = {type(layer) for layer, _ in ROWS} | {Add, Multiply, Average, Maximum, Concat}
    assert tried == vocabulary


def test_what_keras_lacks_is_told_before_anything_is_built() -> None:
    graph = chain((4, 4, 4, 2), Upsample(interpolation="bilinear"))
    with pytest.raises(CompileError, match="no bilinear `upsample` of volumes"):
        build(graph)


def test_bare_kernels_hold_the_same_values_in_the_same_order() -> None:
    """A depthwise convolution of volumes is one of images where the third side is 1."""
    random = np.random.default_rng(0)
    kernel = random.normal(0, 1, (3, 3, 4, 2)).astype("float32")
    image = random.normal(0, 1, (2, 7, 8, 4)).astype("float32")
    flat = build(chain((7, 8, 4), DepthwiseConv(kernel=3, multiplier=2, bias=False)))
    deep = build(chain((7, 8, 1, 4), DepthwiseConv(kernel=(3, 3, 1), multiplier=2, bias=False)))
    (flat_kernel,), (deep_kernel,) = flat.weights, deep.weights
    flat_kernel.assign(kernel)
    deep_kernel.assign(kernel.reshape(deep_kernel.shape))
    expected = np.asarray(flat(image))
    assert np.asarray(deep(image[:, :, :, None]))[:, :, :, 0] == pytest.approx(expected, abs=1e-5)


def test_layers_have_the_channels_last_whatever_keras_is_set_to() -> None:
    graph = chain((9, 8, 6), Conv(filters=4, kernel=3), MaxPool(), GlobalAvgPool())
    keras.config.set_image_data_format("channels_first")
    try:
        model = build(graph, seed=0)
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")
    assert [layer.output.shape[1:] for layer in model.layers] == [node.shape for node in graph]
