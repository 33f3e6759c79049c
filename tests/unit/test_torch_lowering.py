"""The table that lowers each layer to PyTorch: what it says, and that it equals Keras."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest

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
from archc.layers.names import PARAMETERLESS
from archc.targets.keras import build
from archc.targets.torch.lowering import Context, TorchCall, lower
from tests.keras_graphs import GraphMaker, chain
from tests.torch_graphs import Chain, constructor_of, symbol, written

torch = pytest.importorskip("torch")

CLOSE = 1e-9


@contextmanager
def keras_in(floatx: str) -> Iterator[None]:
    """Keras computes in this type."""
    before, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.set_floatx(before)


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """Both frameworks compute in float64."""
    torch.set_default_dtype(torch.float64)
    with keras_in("float64"):
        yield
    torch.set_default_dtype(torch.float32)


def calls_of(layer: Layer, *shapes: tuple[int, ...]) -> tuple[TorchCall, ...]:
    return lower(layer, tuple(map(TensorShape, shapes)), Context())


def samples(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (2, *shape))


def random_weights(layer: Layer, *shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Values for all arrays of a layer; variances are positive."""
    generator = np.random.default_rng(7)
    return {
        weight.name: np.asarray(
            generator.uniform(0.5, 2, weight.shape)
            if "variance" in weight.name
            else generator.normal(0, 1, weight.shape)
        )
        for weight in layer.weights(*map(TensorShape, shapes))
    }


def by_keras(layer: Layer, arrays: dict[str, np.ndarray], *images: np.ndarray) -> np.ndarray:
    """What the Keras model of the layer gives, in float64."""
    maker = GraphMaker()
    inputs = [maker.input(*x.shape[1:], name=f"input{i}") for i, x in enumerate(images)]
    maker.add(layer, *inputs)
    model = build(maker.graph(), seed=0)
    assert len(model.weights) == len(arrays)
    values = [
        array.reshape(weight.shape)
        for weight, array in zip(model.weights, arrays.values(), strict=True)
    ]
    model.set_weights(values)
    for made in model.layers:
        if isinstance(made, keras.layers.Normalization) and made.input_mean is None:
            made.finalize_state()
    given = np.asarray(model(list(images) if len(images) > 1 else images[0]))
    assert given.dtype == keras.config.floatx()
    return given


def assert_equal(found: np.ndarray, expected: np.ndarray, tolerance: float = CLOSE) -> None:
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def assert_lowered(layer: Layer, *shapes: tuple[int, ...], tolerance: float = CLOSE) -> None:
    """The modules and the expressions give what Keras gives, with the same weights."""
    images = [samples(*shape, seed=number) for number, shape in enumerate(shapes)]
    arrays = random_weights(layer, *shapes)
    lowered = Chain(calls_of(layer, *shapes))
    lowered.load(arrays)
    expected = by_keras(layer, arrays, *images)
    assert not np.allclose(expected[0], expected[1])
    assert_equal(lowered.by_modules(*images), expected, tolerance)
    assert_equal(lowered.by_expressions(*images), expected, tolerance)
    weights = layer.weights(*map(TensorShape, shapes))
    assert lowered.counts().learned == sum(w.size for w in weights if w.trainable)
    assert lowered.counts().fixed == sum(w.size for w in weights if not w.trainable)


SPATIAL = [(8, 6), (11, 6), (9, 8, 6), (5, 6, 7, 6)]
"""Sides odd and even."""
EVERY = [(6,), *SPATIAL]


def combined(**choices: list[Any]) -> list[dict[str, Any]]:
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]


WINDOWS = [
    *combined(kernel=[1, 2, 3, 4], stride=[1, 2, 3], padding=["same", "valid"]),
    *combined(kernel=[2, 3], dilation=[2], padding=["same", "valid", 1]),
    {"kernel": 2, "dilation": 3},
    *combined(kernel=[1, 3, 5], stride=[1, 2], padding=["symmetric", 1, 2, 3]),
    {"kernel": 2, "dilation": 2, "padding": "symmetric"},
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("shape", SPATIAL, ids=str)
def test_windows_of_convolutions(window: dict[str, Any], shape: tuple[int, ...]) -> None:
    assert_lowered(Conv(filters=4, **window), shape)


UNEVEN = {
    1: [{"kernel": 3, "padding": ((1, 0),)}, {"kernel": 3, "padding": ((2, 1),), "stride": 2}],
    2: [
        {"kernel": (1, 4), "stride": (1, 2)},
        {"kernel": (3, 1), "stride": (2, 1)},
        {"kernel": (3, 2)},
        {"kernel": (5, 3), "dilation": (1, 2)},
        {"kernel": (3, 5), "padding": "symmetric", "stride": (1, 2)},
        {"kernel": 3, "padding": ((0, 1), (2, 1)), "stride": 2},
        {"kernel": 3, "padding": (2, (1, 1)), "stride": 2},
        {"kernel": 3, "padding": (0, (1, 0))},
    ],
    3: [
        {"kernel": (1, 2, 3), "stride": (2, 1, 1)},
        {"kernel": 3, "padding": ((0, 1), (1, 0), (1, 1)), "stride": 2},
    ],
}


@pytest.mark.parametrize(
    ("shape", "window"),
    [(shape, window) for shape in SPATIAL for window in UNEVEN[len(shape) - 1]],
    ids=str,
)
def test_windows_that_differ_by_axis(shape: tuple[int, ...], window: dict[str, Any]) -> None:
    assert_lowered(Conv(filters=4, **window), shape)
    assert_lowered(Conv(filters=4, standardize=True, **window), shape)


@pytest.mark.parametrize("shape", SPATIAL, ids=str)
def test_options_of_convolutions(shape: tuple[int, ...]) -> None:
    assert_lowered(Conv(filters=4, kernel=3, groups=2, bias=False), shape)
    assert_lowered(Conv(filters=4, kernel=3, stride=2, groups=2, activation="silu"), shape)
    assert_lowered(Conv(filters=6, kernel=3, groups=6), shape)
    for padding in ("same", "valid", "symmetric", 2):
        layer = Conv(filters=4, kernel=3, stride=2, padding=padding, standardize=True, groups=2)
        assert_lowered(layer, shape)


@pytest.mark.parametrize(
    "window",
    [
        *combined(kernel=[1, 2, 3], stride=[1, 2], padding=["same", "valid", 1]),
        {"kernel": 3, "dilation": 2},
        {"kernel": 5, "padding": "symmetric", "stride": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", SPATIAL, ids=str)
def test_convolutions_of_single_channels(window: dict[str, Any], shape: tuple[int, ...]) -> None:
    assert_lowered(DepthwiseConv(multiplier=3, activation="silu", **window), shape)
    assert_lowered(SeparableConv(filters=5, multiplier=2, activation="tanh", **window), shape)


def test_single_channels_without_bias_and_multiplier() -> None:
    assert_lowered(DepthwiseConv(kernel=3, bias=False), (9, 8, 6))
    assert_lowered(SeparableConv(filters=5, kernel=3, bias=False), (9, 8, 6))


@pytest.mark.parametrize(
    "window",
    [
        *combined(kernel=[1, 2, 3, 4, 5], stride=[1, 2, 3], padding=["same", "valid"]),
        *combined(kernel=[4, 5], stride=[2, 3], padding=[1]),
        *combined(kernel=[3, 5], stride=[1, 2], padding=["symmetric"]),
        {"kernel": 1, "stride": 3, "padding": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", SPATIAL, ids=str)
def test_transposed_convolutions(window: dict[str, Any], shape: tuple[int, ...]) -> None:
    assert_lowered(ConvTranspose(filters=4, activation="silu", **window), shape)


def test_transposed_convolutions_that_differ_by_axis() -> None:
    for window in (
        {"kernel": (2, 3), "stride": (1, 2)},
        {"kernel": (4, 2), "stride": (2, 2)},
        {"kernel": 4, "stride": 2, "padding": ((0, 1), (2, 1))},
        {"kernel": 4, "stride": 2, "padding": (1, 2)},
        {"kernel": (1, 4), "stride": 2, "padding": "valid"},
    ):
        assert_lowered(ConvTranspose(filters=4, **window), (5, 4, 3))


@pytest.mark.parametrize("padding", ["same", "valid", "symmetric", 1, ((1, 0), (0, 2))], ids=str)
@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize(("kernel", "dilation"), [(3, 2), (2, 2), (3, 3)])
def test_dilated_transposed_convolutions(
    kernel: int, dilation: int, stride: int, padding: Any
) -> None:
    """TensorFlow has them not: they are those of a kernel with zeros in its holes."""
    shape = (5, 4, 3)
    layer = ConvTranspose(
        filters=4, kernel=kernel, dilation=dilation, stride=stride, padding=padding
    )
    extent = (kernel - 1) * dilation + 1
    full = layer.model_copy(update={"kernel": extent, "dilation": 1})
    arrays = random_weights(layer, shape)
    kernel_with_holes = np.zeros((extent, extent, 4, 3))
    kernel_with_holes[::dilation, ::dilation] = arrays["kernel"]
    lowered = Chain(calls_of(layer, shape))
    lowered.load(arrays)
    image = samples(*shape)
    expected = by_keras(full, {**arrays, "kernel": kernel_with_holes}, image)
    assert_equal(lowered.by_modules(image), expected)


def test_a_stride_with_a_dilation_which_keras_lacks() -> None:
    image = samples(13, 12, 3)
    dense = Conv(filters=4, kernel=3, dilation=2, padding=2)
    arrays = random_weights(dense, (13, 12, 3))
    strided = Chain(calls_of(dense.model_copy(update={"stride": 2}), (13, 12, 3)))
    strided.load(arrays)
    assert_equal(strided.by_modules(image), by_keras(dense, arrays, image)[:, ::2, ::2])


def test_unequal_strides_of_single_channels_which_keras_lacks() -> None:
    image = samples(13, 12, 3)
    dense = DepthwiseConv(kernel=3, padding=1, multiplier=2)
    arrays = random_weights(dense, (13, 12, 3))
    strided = Chain(calls_of(dense.model_copy(update={"stride": (3, 2)}), (13, 12, 3)))
    strided.load(arrays)
    assert_equal(strided.by_modules(image), by_keras(dense, arrays, image)[:, ::3, ::2])


@pytest.mark.parametrize("shape", EVERY, ids=str)
def test_dense_layers(shape: tuple[int, ...]) -> None:
    assert_lowered(Dense(units=5), shape)
    assert_lowered(Dense(units=5, bias=False, activation="softmax"), shape)


FLAGS = [(True, True), (True, False), (False, True), (False, False)]


@pytest.mark.parametrize(("scale", "center"), FLAGS)
@pytest.mark.parametrize("shape", EVERY, ids=str)
def test_normalization(shape: tuple[int, ...], scale: bool, center: bool) -> None:
    flags = {"scale": scale, "center": center}
    assert_lowered(BatchNorm(**flags), shape)
    assert_lowered(BatchNorm(epsilon=0.1, momentum=0.5, **flags), shape)
    assert_lowered(LayerNorm(**flags), shape)
    assert_lowered(LayerNorm(epsilon=0.1, **flags), shape)
    assert_lowered(GroupNorm(groups=2, **flags), shape)
    assert_lowered(GroupNorm(groups=3, epsilon=0.1, **flags), shape)


def test_batch_normalization_of_more_axes_than_torch_has_a_class_for() -> None:
    assert_lowered(BatchNorm(), (3, 2, 4, 3, 5))


@pytest.mark.parametrize("shape", EVERY, ids=str)
def test_what_images_go_through_first(shape: tuple[int, ...]) -> None:
    assert_lowered(Rescale(scale=0.25, offset=-1.5), shape)
    assert_lowered(Rescale(scale=2, offset=1), shape)
    assert_lowered(Rescale(offset=0.5), shape)
    assert_lowered(Rescale(scale=-0.5), shape)
    assert_lowered(Rescale(), shape)
    # Keras rounds what is given to float32: all these are powers of two.
    mean, variance = (0.5, 0.25, -0.5, 1.5, 5, 6), (1, 4, 0.25, 16, 4, 1)
    assert_lowered(Normalize(mean=mean, variance=variance), shape)
    assert_lowered(Normalize(mean=1, variance=4), shape)
    assert_lowered(Normalize(), shape)


IN_FLOAT32 = {"gelu": 1e-7, "leaky_relu": 1e-8}
"""Keras rounds the root of 2, and TensorFlow the slope, to float32."""


@pytest.mark.parametrize("shape", EVERY, ids=str)
def test_activations(shape: tuple[int, ...]) -> None:
    for kind in PARAMETERLESS:
        assert_lowered(Activation(kind=kind), shape, tolerance=IN_FLOAT32.get(kind, CLOSE))
    assert_lowered(LeakyRelu(slope=0.25), shape)
    assert_lowered(LeakyRelu(), shape, tolerance=IN_FLOAT32["leaky_relu"])
    for alpha in (1.0, 0.3):
        assert_lowered(Elu(alpha=alpha), shape)
    assert_lowered(Prelu(), shape)


@pytest.mark.parametrize("kind", ["linear", "leaky_relu", "elu", *PARAMETERLESS])
def test_activations_that_a_layer_applies_itself(kind: str) -> None:
    tolerance = IN_FLOAT32.get(kind, CLOSE)
    assert_lowered(Dense(units=5, activation=kind), (6,), tolerance=tolerance)
    assert_lowered(Conv(filters=5, kernel=3, activation=kind), (8, 7, 6), tolerance=tolerance)


POOLS = [
    *combined(size=[2, 3, 4], stride=[1, 2, 3], padding=["same", "valid", "symmetric"]),
    *combined(size=[3, 4], stride=[1, 2], padding=[1, 2]),
    {"size": 1, "stride": 2},
    {"size": 2},
    {"size": 3, "padding": 0},
]
UNEVEN_POOLS = {
    1: [{"size": 3, "stride": 2, "padding": ((0, 1),)}],
    2: [
        {"size": (2, 3)},
        {"size": (2, 3), "stride": (2, 1)},
        {"size": (3, 2), "stride": 1},
        {"size": (3, 2), "stride": 2, "padding": "symmetric"},
        {"size": 3, "stride": 2, "padding": ((0, 1), (1, 2))},
        {"size": (3, 5), "padding": (1, 2)},
    ],
    3: [{"size": (1, 2, 3), "padding": "symmetric"}, {"size": 2, "padding": ((0, 1), 1, (1, 0))}],
}


@pytest.mark.parametrize(
    ("shape", "window"),
    [(shape, window) for shape in SPATIAL for window in (*POOLS, *UNEVEN_POOLS[len(shape) - 1])],
    ids=str,
)
@pytest.mark.parametrize("kind", [MaxPool, AvgPool])
def test_pools(
    kind: type[MaxPool | AvgPool], shape: tuple[int, ...], window: dict[str, Any]
) -> None:
    if len(shape) < 4:
        assert_lowered(kind(**window), shape)
        return
    with keras_in("float32"):  # TensorFlow pools volumes in no other
        assert_lowered(kind(**window), shape, tolerance=1e-5)


@pytest.mark.parametrize("shape", SPATIAL, ids=str)
def test_global_pools(shape: tuple[int, ...]) -> None:
    for keepdims in (False, True):
        assert_lowered(GlobalAvgPool(keepdims=keepdims), shape)
        assert_lowered(GlobalMaxPool(keepdims=keepdims), shape)


@pytest.mark.parametrize("shape", SPATIAL, ids=str)
def test_sides(shape: tuple[int, ...]) -> None:
    rank = len(shape) - 1
    pairs = ((1, 0), (0, 2), (1, 1))[:rank]
    for pads in (1, pairs, tuple(range(rank))):
        assert_lowered(ZeroPad(padding=pads), shape)
        assert_lowered(ZeroPad(padding=pads, channels=(1, 2)), shape)
        assert_lowered(Crop(cropping=pads), shape)
    for size in (1, 2, 3, 7):
        assert_lowered(Upsample(size=size), shape)
    assert_lowered(Upsample(size=tuple(range(1, rank + 1))), shape)
    assert_lowered(ZeroPad(padding=0), shape)


@pytest.mark.parametrize("size", [1, 2, 3, 4, (3, 2)], ids=str)
def test_linear_upsampling(size: Any) -> None:
    """TensorFlow resizes in float32."""
    layer = Upsample(size=size, interpolation="bilinear")
    assert_lowered(layer, (9, 8, 6), tolerance=1e-5)
    if isinstance(size, int):
        assert_lowered(layer, (8, 6), tolerance=1e-5)


def test_linear_upsampling_of_volumes_is_linear_along_each_axis() -> None:
    """Keras has it not: along one axis at a time it is that of sequences."""
    volume = samples(3, 4, 5, 2)
    found = Chain(calls_of(Upsample(size=2, interpolation="bilinear"), (3, 4, 5, 2)))
    along = Upsample(size=2, interpolation="bilinear")
    expected = volume
    for axis in (1, 2, 3):
        lines = np.moveaxis(expected, axis, -2)
        flat = lines.reshape(-1, *lines.shape[-2:])
        resized = by_keras(along, {}, flat).reshape(*lines.shape[:-2], -1, lines.shape[-1])
        expected = np.moveaxis(resized, -2, axis)
    assert_equal(found.by_modules(volume), expected, 1e-6)


@pytest.mark.parametrize("shape", EVERY, ids=str)
def test_arrangement(shape: tuple[int, ...]) -> None:
    elements = TensorShape(shape).elements
    assert_lowered(Flatten(), shape)
    targets = [(-1,), (elements,), (-1, 6), (elements // 6, 6), (-1, 3), (-1, 1, 6), (-1, 2, 3)]
    for target in (*targets, (1, 1, elements), (1, -1, 1, 6), (3, 2, -1)):
        assert_lowered(Reshape(shape=target), shape)
    for groups in (1, 2, 3, 6):
        assert_lowered(ChannelShuffle(groups=groups), shape)
    assert_lowered(ZeroPad(channels=(2, 1)), shape)
    for stretch in (
        {"part": 1, "of": 3},
        {"part": 0, "of": 1},
        {"start": 2},
        {"stop": -1},
        {"start": -3, "stop": 5},
    ):
        assert_lowered(Slice(**stretch), shape)


@pytest.mark.parametrize(
    ("axis", "shape"),
    [
        ("tokens", (8, 6)),
        ("length", (8, 6)),
        ("height", (8, 5, 6)),
        ("width", (5, 8, 6)),
        ("depth", (8, 4, 5, 6)),
        ("height", (4, 8, 5, 6)),
        ("width", (4, 5, 8, 6)),
    ],
)
def test_slices_of_sides(axis: str, shape: tuple[int, ...]) -> None:
    for stretch in ({"part": 1, "of": 4}, {"stop": 1}, {"start": -3, "stop": -1}, {"start": 3}):
        assert_lowered(Slice(axis=axis, **stretch), shape)


@pytest.mark.parametrize(("heads", "bias"), [(1, True), (4, False), (4, True), (16, True)])
def test_attention(heads: int, bias: bool) -> None:
    assert_lowered(Attention(heads=heads, bias=bias), (7, 16))


def test_attention_by_a_root_that_keras_rounds_to_float32() -> None:
    assert_lowered(Attention(heads=2), (7, 6), tolerance=1e-6)


@pytest.mark.parametrize("shape", EVERY, ids=str)
def test_scales_of_layers(shape: tuple[int, ...]) -> None:
    assert_lowered(LayerScale(), shape)


def test_tokens() -> None:
    assert_lowered(ClassToken(), (7, 6))
    assert_lowered(PositionEmbedding(), (7, 6))


@pytest.mark.parametrize("shape", EVERY, ids=str)
@pytest.mark.parametrize("count", [2, 3, 4])
def test_merges(shape: tuple[int, ...], count: int) -> None:
    for layer in (Add(), Multiply(), Average(), Maximum(), Concat()):
        assert_lowered(layer, *[shape] * count)


def test_merges_stretch_sides_and_channels_of_one() -> None:
    for layer in (Add(), Multiply(), Average(), Maximum()):
        assert_lowered(layer, (5, 4, 6), (1, 1, 6))
        assert_lowered(layer, (5, 4, 1), (1, 1, 6), (1, 4, 6))
    assert_lowered(Concat(), (5, 4, 6), (5, 4, 2))


@pytest.mark.parametrize("shape", EVERY, ids=str)
def test_what_is_left_out_at_random_is_there_otherwise(shape: tuple[int, ...]) -> None:
    assert_lowered(Dropout(rate=0.5), shape)
    assert_lowered(DropPath(rate=0.5), shape)
    (single,), (whole,) = calls_of(Dropout(rate=0.5), shape), calls_of(DropPath(rate=0.5), shape)
    assert not single.expression
    assert not whole.expression


@pytest.mark.parametrize(
    "layer",
    [LayerScale(init=0.25), Prelu(), BatchNorm(), LayerNorm(), GroupNorm(groups=2)],
    ids=repr,
)
def test_what_has_known_initial_values_has_those_of_keras(layer: Layer) -> None:
    image = samples(5, 4, 6)
    expected = np.asarray(build(chain((5, 4, 6), layer), seed=0)(image))
    assert_equal(Chain(calls_of(layer, (5, 4, 6))).by_modules(image), expected)


def layer_classes() -> set[type[Layer]]:
    return {verb.layer for verb in (*LAYERS.values(), *MERGES.values())} | {Input}


def test_every_layer_of_the_vocabulary_has_a_row() -> None:
    from archc.targets.torch import lowering

    assert set(lowering._TABLE) == layer_classes()


def test_an_input_has_no_call() -> None:
    assert lower(Input(shape=(5, 6)), (), Context()) == ()


IMAGE = (9, 8, 6)


def in_a_block(layer: Layer, values: dict[str, Any]) -> Layer:
    """The layer with those attributes as parameters of a block, which go by the same names."""
    named = {name: symbol(name, value) for name, value in values.items()}
    return layer.model_copy(update=named)


def assert_general(
    layer: Layer, *values: dict[str, Any], shape: tuple[int, ...] = IMAGE, tolerance: float = CLOSE
) -> None:
    """What is lowered while the parameters have the first values is right for all the others."""
    calls = calls_of(in_a_block(layer, values[0]), shape)
    image = samples(*shape)
    for one in values:
        concrete = layer.model_copy(update=one)
        arrays = random_weights(concrete, shape)
        lowered = Chain(calls, one)
        lowered.load(arrays)
        expected = by_keras(concrete, arrays, image)
        assert_equal(lowered.by_modules(image), expected, tolerance)
        assert_equal(lowered.by_expressions(image), expected, tolerance)


def each(name: str, *values: Any) -> list[dict[str, Any]]:
    return [{name: value} for value in values]


GENERAL: list[tuple[Layer, list[dict[str, Any]]]] = [
    (Conv(filters=4, kernel=3), each("filters", 4, 6)),
    (Conv(filters=4, kernel=3), each("kernel", 3, 1, 5, (3, 1))),
    (Conv(filters=4, kernel=3), each("kernel", (3, 5), 3)),
    (Conv(filters=4, kernel=3, stride=2), each("kernel", 1, 2, 3, (1, 2))),
    (Conv(filters=4, kernel=3), each("stride", 1, 2, 3, (1, 2))),
    (Conv(filters=4, kernel=1), each("stride", (1, 2), 1, 2)),
    (Conv(filters=4, kernel=3), each("dilation", 1, 2, (1, 2))),
    (Conv(filters=4, kernel=3, padding="valid", stride=2), each("kernel", 1, 3, (2, 1))),
    (Conv(filters=4, kernel=3, padding="symmetric"), each("kernel", 3, 1, 5)),
    (Conv(filters=4, kernel=3, padding="symmetric"), each("kernel", (3, 5), 3, (1, 3))),
    (Conv(filters=4, kernel=3, padding="symmetric"), each("dilation", 1, 2, 3)),
    (Conv(filters=4, kernel=1, padding="symmetric"), each("dilation", 1, 2)),
    (Conv(filters=4, kernel=3), each("padding", 1, 0, 2)),
    (Conv(filters=4, kernel=3), each("padding", ((0, 1), (2, 1)), 1, (1, 2))),
    (Conv(filters=4, kernel=3), each("padding", "same", "valid")),
    (Conv(filters=4, kernel=3), each("padding", "symmetric", "same", "valid")),
    (Conv(filters=4, kernel=2), each("padding", "same", "valid")),
    (Conv(filters=4, kernel=1), each("padding", "same", "valid", "symmetric")),
    (
        Conv(filters=4, kernel=3),
        [
            {"kernel": 3, "stride": 1, "padding": "same"},
            {"kernel": (1, 3), "stride": 1, "padding": "same"},
            {"kernel": 3, "stride": 2, "padding": "valid"},
            {"kernel": 5, "stride": 2, "padding": "symmetric"},
            {"kernel": 4, "stride": 3, "padding": "same"},
        ],
    ),
    (Conv(filters=6, kernel=3), each("groups", 1, 2, 3)),
    (Conv(filters=4, kernel=3), each("bias", True, False)),
    (Conv(filters=4, kernel=3), each("bias", False, True)),
    (Conv(filters=4, kernel=3, standardize=True), each("padding", "valid", "same", "symmetric", 1)),
    (Conv(filters=4, kernel=3, stride=2), each("standardize", False, True)),
    (Conv(filters=4, kernel=3, padding=1), each("standardize", True, False)),
    (DepthwiseConv(kernel=3), each("multiplier", 1, 2)),
    (DepthwiseConv(kernel=3), each("kernel", 3, 5)),
    (DepthwiseConv(kernel=3, bias=False), each("stride", 1, 2)),
    (SeparableConv(filters=4, kernel=3), each("multiplier", 1, 2)),
    (SeparableConv(filters=4, kernel=3), each("stride", 1, 2)),
    (SeparableConv(filters=4, kernel=3), each("bias", True, False)),
    *[
        (ConvTranspose(filters=4, kernel=3, padding=padding), values)
        for padding in ("same", "valid", "symmetric", 1)
        for values in (
            each("kernel", 5, 3),
            each("kernel", (3, 5), 3),
            each("stride", 1, 2, (4, 5)),
        )
    ],
    (ConvTranspose(filters=4, kernel=4), each("padding", "same", "valid", 1, (1, 0))),
    (ConvTranspose(filters=4, kernel=4, stride=2), each("padding", 1, 0)),
    (ConvTranspose(filters=4, kernel=4), each("padding", ((0, 1), (2, 1)), 1)),
    (ConvTranspose(filters=4, kernel=1, stride=3), each("filters", 1, 2)),
    (Dense(units=4), each("units", 4, 5)),
    (Dense(units=4), each("bias", False, True)),
    (BatchNorm(), each("epsilon", 1e-3, 0.1)),
    (BatchNorm(), each("scale", True, False)),
    (BatchNorm(scale=False), each("center", False, True)),
    (LayerNorm(), each("epsilon", 1e-3, 0.1)),
    (LayerNorm(), each("center", False, True)),
    (GroupNorm(groups=2), each("groups", 2, 3)),
    (GroupNorm(groups=2), each("scale", False, True)),
    (Rescale(), each("scale", 1.0, 0.5)),
    (Rescale(scale=2), each("offset", 0.0, -0.5, 1)),
    (Normalize(variance=4, mean=0), each("mean", 0.5, 2)),
    (
        Normalize(variance=4, mean=0),
        [
            {"mean": (1, 2, 3, 4, 5, 6), "variance": (1, 4, 16, 1, 4, 16)},
            {"mean": 0.5, "variance": 0.25},
        ],
    ),
    (Activation(kind="relu"), each("kind", *[k for k in PARAMETERLESS if k != "gelu"])),
    (
        Conv(filters=4, kernel=3),
        each("activation", "linear", "elu", *[k for k in PARAMETERLESS if k != "gelu"]),
    ),
    (LeakyRelu(), each("slope", 0.25, 0.5)),
    (Elu(), each("alpha", 1.0, 0.5)),
    *[
        (kind.model_validate(window), values)
        for kind in (MaxPool, AvgPool)
        for window, values in (
            ({}, each("size", 2, 3, (1, 2))),
            ({}, each("size", (3, 2), 3)),
            ({"stride": 1}, each("size", 2, 3, (1, 2))),
            ({"size": 3}, each("stride", 1, 2, (1, 2))),
            ({"padding": "valid"}, each("size", 2, 3, (1, 2))),
            ({"padding": "symmetric", "stride": 2}, each("size", 2, 3)),
            ({"padding": "symmetric", "stride": 2}, each("size", (2, 3), 3)),
            ({"size": 3, "stride": 2}, each("padding", "same", "valid", "symmetric", 1)),
            ({"size": 3, "stride": 2}, each("padding", 1, 0, 2)),
            ({"size": 3, "stride": 2}, each("padding", ((0, 1), (2, 1)), 1, "same")),
            ({"stride": 2, "padding": 1}, each("size", 2, 3)),
            ({"stride": 2, "padding": 0}, each("size", 2, 3)),
            ({"size": 1}, each("padding", "same", "valid", "symmetric")),
        )
    ],
    (GlobalAvgPool(), each("keepdims", False, True)),
    (GlobalMaxPool(), each("keepdims", True, False)),
    (Dropout(rate=0.5), each("rate", 0.5, 0.2)),
    (DropPath(rate=0.5), each("rate", 0.5, 0.2)),
    (ZeroPad(padding=1), each("padding", 1, 0)),
    (ZeroPad(padding=1), each("padding", ((0, 1), 2), 1)),
    (ZeroPad(padding=1), each("channels", (0, 1), (2, 0))),
    (ZeroPad(padding=0), each("channels", (0, 1), (2, 0))),
    (Crop(cropping=1), each("cropping", 1, 0)),
    (Crop(cropping=1), each("cropping", ((0, 1), 2), 1)),
    (Upsample(), each("size", 2, 3, (1, 3))),
    (Upsample(), each("size", (1, 3), 3)),
    (Reshape(shape=(-1,)), each("shape", (-1, 6), (9, 8, 3, 2), (432,))),
    (ChannelShuffle(groups=2), each("groups", 2, 3)),
    (Slice(part=0, of=3), [{"part": 0, "of": 3}, {"part": 1, "of": 2}]),
    (Slice(start=1), [{"start": 1, "stop": 2}, {"start": -3, "stop": -1}]),
    (Slice(axis="width", start=1), each("start", 1, -3)),
    (LayerScale(), each("init", 0.5, 1)),
]


@pytest.mark.parametrize(("layer", "values"), GENERAL, ids=str)
def test_parameters_of_blocks(layer: Layer, values: list[dict[str, Any]]) -> None:
    assert_general(layer, *values)


def test_parameters_of_blocks_of_vectors_and_tokens() -> None:
    assert_general(ChannelShuffle(groups=2), *each("groups", 2, 3), shape=(6,))
    assert_general(LayerNorm(), *each("scale", True, False), shape=(6,))
    assert_general(Attention(heads=1), *each("heads", 1, 4, 16), shape=(7, 16))
    assert_general(Attention(heads=1), *each("bias", False, True), shape=(7, 16))
    assert_general(Conv(filters=4, kernel=3), *each("kernel", 3, 5), shape=(11, 6))


def test_numbers_of_parameters_inside_of_lists() -> None:
    """Each number of a list may be a parameter by itself."""
    kernel, pad = symbol("kernel", 3), symbol("pad", 1)
    values = {"kernel": 5, "pad": 2}
    for layer, concrete in (
        (
            Conv(filters=4, kernel=3).model_copy(update={"kernel": (1, kernel)}),
            Conv(filters=4, kernel=(1, 5)),
        ),
        (
            Conv(filters=4, kernel=3, stride=2).model_copy(update={"padding": ((0, pad), pad)}),
            Conv(filters=4, kernel=3, stride=2, padding=((0, 2), 2)),
        ),
        (
            MaxPool(stride=2, padding="symmetric").model_copy(update={"size": (1, kernel)}),
            MaxPool(stride=2, padding="symmetric", size=(1, 5)),
        ),
        (
            ZeroPad(padding=0).model_copy(
                update={"padding": (pad, (0, pad)), "channels": (pad, 0)}
            ),
            ZeroPad(padding=(2, (0, 2)), channels=(2, 0)),
        ),
        (
            Crop(cropping=0).model_copy(update={"cropping": (pad, (0, pad))}),
            Crop(cropping=(2, (0, 2))),
        ),
        (
            Reshape(shape=(-1,)).model_copy(update={"shape": (-1, pad, 3)}),
            Reshape(shape=(-1, 2, 3)),
        ),
    ):
        arrays = random_weights(concrete, IMAGE)
        lowered = Chain(calls_of(layer, IMAGE), values)
        lowered.load(arrays)
        expected = by_keras(concrete, arrays, samples(*IMAGE))
        assert_equal(lowered.by_modules(samples(*IMAGE)), expected)


CHANNELS = [
    Conv(filters=4, kernel=3),
    DepthwiseConv(kernel=3, multiplier=2),
    SeparableConv(filters=4, kernel=3),
    ConvTranspose(filters=4, kernel=3, stride=2),
    Dense(units=4),
    BatchNorm(),
    BatchNorm(scale=False),
    LayerNorm(),
    GroupNorm(groups=2),
    GroupNorm(groups=2, center=False),
    Normalize(),
    Prelu(),
    LayerScale(),
    ChannelShuffle(groups=3),
    Slice(part=1, of=3),
    Slice(start=-2),
]


@pytest.mark.parametrize(
    ("layer", "sides"),
    [
        (layer, sides)
        for layer in CHANNELS
        for sides in ((9, 8), (11,), ())
        if sides or not hasattr(layer, "kernel")
    ],
    ids=repr,
)
def test_channels_that_a_block_does_not_know(layer: Layer, sides: tuple[int, ...]) -> None:
    calls = lower(layer, (TensorShape((*sides, symbol("channels", 6))),), Context())
    for channels in (6, 12):
        shape = (*sides, channels)
        arrays = random_weights(layer, shape)
        lowered = Chain(calls, {"channels": channels})
        lowered.load(arrays)
        expected = by_keras(layer, arrays, samples(*shape))
        assert_equal(lowered.by_modules(samples(*shape)), expected)


def test_channels_of_tokens_that_a_block_does_not_know() -> None:
    tokens = TensorShape((7, symbol("channels", 16)))
    for layer in (Attention(heads=4), ClassToken(), PositionEmbedding()):
        arrays = random_weights(layer, (7, 64))
        lowered = Chain(lower(layer, (tokens,), Context()), {"channels": 64})
        lowered.load(arrays)
        expected = by_keras(layer, arrays, samples(7, 64))
        assert_equal(lowered.by_modules(samples(7, 64)), expected)


def test_a_reshape_that_keeps_channels_that_a_block_does_not_know() -> None:
    channels = symbol("channels", 6)
    for shape, target in (((9, 8), (-1,)), ((12,), (3, 4)), ((), (1, 1))):
        layer = Reshape(shape=(-1,)).model_copy(update={"shape": (*target, channels)})
        lowered = Chain(
            lower(layer, (TensorShape((*shape, channels)),), Context()), {"channels": 4}
        )
        image = samples(*shape, 4)
        expected = by_keras(Reshape(shape=(*target, 4)), {}, image)
        assert_equal(lowered.by_modules(image), expected)
        assert_equal(lowered.by_expressions(image), expected)


def test_momentum_and_rates_go_where_training_needs_them() -> None:
    values = {"momentum": 0.75, "rate": 0.25}
    layer = in_a_block(BatchNorm(momentum=0.5), {"momentum": 0.5})
    (norm,) = Chain(calls_of(layer, IMAGE), values).modules
    assert norm.momentum == 0.25
    for dropout in (Dropout(rate=0.5), DropPath(rate=0.5)):
        (module,) = Chain(calls_of(in_a_block(dropout, {"rate": 0.5}), IMAGE), values).modules
        ones = torch.ones(4000, 1, 1, 1)
        kept = module.train()(ones)
        assert sorted(kept.unique().tolist()) == pytest.approx([0, 4 / 3])
        assert 0.2 < (kept == 0).double().mean() < 0.3


WRITTEN = [
    (Conv(filters=64, kernel=3), ["nn.Conv2d(6, 64, 3, padding=1)"]),
    (
        Conv(filters=64, kernel=1, stride=2, bias=False),
        ["nn.Conv2d(6, 64, 1, stride=2, bias=False)"],
    ),
    (Conv(filters=64, kernel=3, stride=2), ["Conv2dSame(6, 64, 3, stride=2)"]),
    (Conv(filters=64, kernel=4), ["Conv2dSame(6, 64, 4)"]),
    (Conv(filters=64, kernel=(1, 7)), ["nn.Conv2d(6, 64, (1, 7), padding=(0, 3))"]),
    (
        Conv(filters=64, kernel=7, stride=2, padding=3, bias=False),
        ["nn.Conv2d(6, 64, 7, stride=2, padding=3, bias=False)"],
    ),
    (Conv(filters=64, kernel=3, padding="valid"), ["nn.Conv2d(6, 64, 3)"]),
    (
        Conv(filters=64, kernel=3, dilation=2, groups=2),
        ["nn.Conv2d(6, 64, 3, padding=2, dilation=2, groups=2)"],
    ),
    (
        Conv(filters=8, kernel=3, stride=2, padding=((0, 1), (0, 1))),
        [
            "pad: nn.ZeroPad2d((0, 1, 0, 1)) or F.pad({0}, (0, 1, 0, 1))",
            "nn.Conv2d(6, 8, 3, stride=2)",
        ],
    ),
    (
        Conv(filters=8, kernel=3, activation="relu"),
        ["nn.Conv2d(6, 8, 3, padding=1)", "relu: nn.ReLU() or F.relu({0})"],
    ),
    (
        Conv(filters=8, kernel=3, standardize=True, padding=1),
        ["StandardizedConv2d(6, 8, 3, padding=1)"],
    ),
    (
        DepthwiseConv(kernel=3, stride=2, multiplier=2),
        ["Conv2dSame(6, 12, 3, stride=2, groups=6)"],
    ),
    (
        SeparableConv(filters=8, kernel=3, bias=False),
        [
            "depthwise: nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)",
            "nn.Conv2d(6, 8, 1, bias=False)",
        ],
    ),
    (ConvTranspose(filters=8, kernel=2, stride=2), ["nn.ConvTranspose2d(6, 8, 2, stride=2)"]),
    (
        ConvTranspose(filters=8, kernel=4, stride=2),
        ["nn.ConvTranspose2d(6, 8, 4, stride=2, padding=1)"],
    ),
    (ConvTranspose(filters=8, kernel=3, stride=2), ["PaddedConvTranspose2d(6, 8, 3, stride=2)"]),
    (Dense(units=8), ["Dense(6, 8)"]),
    (BatchNorm(), ["nn.BatchNorm2d(6, eps=0.001, momentum=0.01)"]),
    (BatchNorm(epsilon=1e-5, momentum=0.9), ["nn.BatchNorm2d(6)"]),
    (BatchNorm(epsilon=1e-5, momentum=0.997), ["nn.BatchNorm2d(6, momentum=0.003)"]),
    (
        BatchNorm(scale=False),
        ["BatchNorm(6, eps=0.001, momentum=0.01, scale=False)"],
    ),
    (GroupNorm(groups=2), ["nn.GroupNorm(2, 6)"]),
    (LayerNorm(), ["LayerNorm(6, eps=1e-06)"]),
    (Activation(kind="softmax"), ["nn.Softmax(dim=1) or F.softmax({0}, dim=1)"]),
    (LeakyRelu(), ["nn.LeakyReLU() or F.leaky_relu({0})"]),
    (LeakyRelu(slope=0.2), ["nn.LeakyReLU(0.2) or F.leaky_relu({0}, 0.2)"]),
    (MaxPool(), ["nn.MaxPool2d(2, ceil_mode=True) or F.max_pool2d({0}, 2, ceil_mode=True)"]),
    (MaxPool(padding="valid"), ["nn.MaxPool2d(2) or F.max_pool2d({0}, 2)"]),
    (
        MaxPool(size=3, stride=2, padding=1),
        ["nn.MaxPool2d(3, stride=2, padding=1) or F.max_pool2d({0}, 3, stride=2, padding=1)"],
    ),
    (MaxPool(size=3, stride=2), ["MaxPool2dSame(3, stride=2)"]),
    (
        MaxPool(size=3, stride=2, padding=((0, 1), (0, 1))),
        ["PaddedMaxPool(3, stride=2, padding=((0, 1), (0, 1)))"],
    ),
    (
        AvgPool(size=3, stride=1),
        [
            "nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False) or "
            "F.avg_pool2d({0}, 3, stride=1, padding=1, count_include_pad=False)"
        ],
    ),
    (GlobalAvgPool(), ["GlobalAvgPool() or {0}.mean((2, 3))"]),
    (
        GlobalAvgPool(keepdims=True),
        ["nn.AdaptiveAvgPool2d(1) or {0}.mean((2, 3), keepdim=True)"],
    ),
    (Dropout(rate=0.2), ["nn.Dropout(0.2)"]),
    (ZeroPad(padding=1), ["nn.ZeroPad2d(1) or F.pad({0}, (1, 1, 1, 1))"]),
    (Crop(cropping=((1, 0), (1, 2))), ["Crop(((1, 0), (1, 2))) or {0}[:, :, 1:, 1:-2]"]),
    (Upsample(), ["nn.Upsample(scale_factor=2) or F.interpolate({0}, scale_factor=2)"]),
    (Flatten(), ["Flatten() or {0}.movedim(1, -1).flatten(1)"]),
    (Reshape(shape=(-1, 6)), ["nn.Flatten(2) or {0}.flatten(2)"]),
    (Slice(part=0, of=2), ["Chunk(1, 0, 2) or {0}.chunk(2, dim=1)[0]"]),
    (Slice(axis="height", stop=1), ["Slice(2, 0, 1) or {0}[:, :, :1]"]),
    (Rescale(scale=0.5, offset=-1), ["Rescale(0.5, offset=-1) or {0} * 0.5 - 1"]),
]


@pytest.mark.parametrize(("layer", "expected"), WRITTEN, ids=repr)
def test_calls_as_a_person_would_write_them(layer: Layer, expected: list[str]) -> None:
    assert [written(call) for call in calls_of(layer, IMAGE)] == expected


PARAMETERS = [
    (
        Conv(filters=4, kernel=3),
        {"kernel": 3, "filters": 64},
        ["nn.Conv2d(6, filters, kernel, padding='same')"],
    ),
    (Conv(filters=4, kernel=3), {"stride": 1}, ["Conv2dSame(6, 4, 3, stride=stride)"]),
    (
        Conv(filters=4, kernel=3, padding="symmetric"),
        {"kernel": 3},
        ["nn.Conv2d(6, 4, kernel, padding=kernel // 2)"],
    ),
    (Conv(filters=4, kernel=3), {"padding": "same"}, ["nn.Conv2d(6, 4, 3, padding=padding)"]),
    (
        Conv(filters=4, kernel=3),
        {"padding": "same", "stride": 1},
        ["PaddedConv2d(6, 4, 3, stride=stride, padding=padding)"],
    ),
    (
        Conv(filters=4, kernel=1),
        {"padding": "same", "stride": 1},
        ["nn.Conv2d(6, 4, 1, stride=stride)"],
    ),
    (
        DepthwiseConv(kernel=3),
        {"multiplier": 2},
        ["nn.Conv2d(6, 6 * multiplier, 3, padding=1, groups=6)"],
    ),
    (
        Dense(units=4),
        {"activation": "relu", "bias": True},
        ["Dense(6, 4, bias=bias)", "activation: Activation(activation)"],
    ),
    (BatchNorm(), {"momentum": 0.9}, ["nn.BatchNorm2d(6, eps=0.001, momentum=1 - momentum)"]),
    (MaxPool(), {"size": 2}, ["MaxPool2dSame(size)"]),
    (MaxPool(size=3, padding="symmetric"), {"size": 3}, ["nn.MaxPool2d(size, padding=size // 2)"]),
    (GlobalAvgPool(), {"keepdims": True}, ["GlobalAvgPool(keepdims=keepdims)"]),
    (LeakyRelu(), {"slope": 0.01}, ["nn.LeakyReLU(slope)"]),
]


@pytest.mark.parametrize(("layer", "values", "expected"), PARAMETERS, ids=repr)
def test_calls_with_parameters_of_a_block(
    layer: Layer, values: dict[str, Any], expected: list[str]
) -> None:
    assert [written(call) for call in calls_of(in_a_block(layer, values), IMAGE)] == expected


def test_a_vector_has_modules_of_its_own() -> None:
    assert [written(call) for call in calls_of(Dense(units=10), (6,))] == ["nn.Linear(6, 10)"]
    (norm,) = calls_of(LayerNorm(), (6,))
    assert written(norm) == "nn.LayerNorm(6, eps=1e-06)"
    (norm,) = calls_of(BatchNorm(epsilon=1e-5, momentum=0.9), (6,))
    assert written(norm) == "nn.BatchNorm1d(6)"


def test_merges_are_expressions() -> None:
    def of(layer: Layer, count: int) -> list[str]:
        return [written(call) for call in calls_of(layer, *[IMAGE] * count)]

    assert of(Add(), 3) == ["{0} + {1} + {2}"]
    assert of(Multiply(), 2) == ["{0} * {1}"]
    assert of(Average(), 2) == ["({0} + {1}) / 2"]
    assert of(Maximum(), 3) == ["torch.maximum(torch.maximum({0}, {1}), {2})"]
    assert of(Concat(), 2) == ["torch.cat([{0}, {1}], dim=1)"]


def every_call() -> list[TorchCall]:
    """A call of every constructor in the tables above."""
    calls: dict[str, TorchCall] = {}
    layers = [(layer, IMAGE) for layer, _ in (*WRITTEN, *GENERAL)]
    layers += [(layer, (11, 6)) for layer in CHANNELS] + [(ChannelShuffle(groups=2), (6,))]
    layers += [(in_a_block(layer, values[0]), IMAGE) for layer, values in GENERAL]
    layers += [(layer, (7, 6)) for layer in (Attention(heads=2, bias=False), ClassToken())]
    layers += [(PositionEmbedding(), (7, 6)), (Normalize(), IMAGE), (Elu(alpha=0.5), IMAGE)]
    for layer, shape in layers:
        for call in calls_of(layer, shape):
            calls.setdefault(f"{call.constructor} {[name for name, _ in call.arguments]}", call)
    return [call for call in calls.values() if call.constructor]


@pytest.mark.parametrize("call", every_call(), ids=written)
def test_arguments_are_those_of_the_class_in_its_order(call: TorchCall) -> None:
    signature = inspect.signature(constructor_of(call).__init__)
    order = [name for name in signature.parameters if name != "self"]
    names = [name for name, _ in call.arguments]
    assert names[: call.positional] == order[: call.positional]
    known = [name for name in names if name in order]
    assert "options" in order or known == names
    assert "options" in order or known == sorted(known, key=order.index)


def test_padding_and_epsilon_are_not_those_that_torch_has_by_habit() -> None:
    """What these tests rest on: wrong padding and a wrong epsilon would be seen."""
    image = samples(8, 8, 6)
    layer = Conv(filters=4, kernel=3, stride=2)
    arrays = random_weights(layer, (8, 8, 6))
    expected = by_keras(layer, arrays, image)
    habit = Chain(calls_of(layer.model_copy(update={"padding": "symmetric"}), (8, 8, 6)))
    habit.load(arrays)
    assert not np.allclose(habit.by_modules(image), expected, rtol=1e-3)
    norm = BatchNorm()
    arrays = random_weights(norm, (8, 8, 6))
    habit = Chain(calls_of(norm.model_copy(update={"epsilon": 1e-5}), (8, 8, 6)))
    habit.load(arrays)
    assert not np.allclose(habit.by_modules(image), by_keras(norm, arrays, image), rtol=CLOSE)
