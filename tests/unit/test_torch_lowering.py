"""The table that lowers each layer to PyTorch: what it says, and that it computes what Keras does."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn

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
from archc.targets.torch import modules
from archc.targets.torch.lowering import Context, TorchCall, lower
from tests.keras_graphs import GraphMaker, chain
from tests.torch_graphs import Chain, symbol

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
    dict(kernel=2, dilation=3),
    *combined(kernel=[1, 3, 5], stride=[1, 2], padding=["symmetric", 1, 2, 3]),
    dict(kernel=2, dilation=2, padding="symmetric"),
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("shape", SPATIAL, ids=str)
def test_windows_of_convolutions(window: dict[str, Any], shape: tuple[int, ...]) -> None:
    assert_lowered(Conv(filters=4, **window), shape)


UNEVEN = {
    1: [dict(kernel=3, padding=((1, 0),)), dict(kernel=3, padding=((2, 1),), stride=2)],
    2: [
        dict(kernel=(1, 4), stride=(1, 2)),
        dict(kernel=(3, 1), stride=(2, 1)),
        dict(kernel=(3, 2)),
        dict(kernel=(5, 3), dilation=(1, 2)),
        dict(kernel=(3, 5), padding="symmetric", stride=(1, 2)),
        dict(kernel=3, padding=((0, 1), (2, 1)), stride=2),
        dict(kernel=3, padding=(2, (1, 1)), stride=2),
        dict(kernel=3, padding=(0, (1, 0))),
    ],
    3: [
        dict(kernel=(1, 2, 3), stride=(2, 1, 1)),
        dict(kernel=3, padding=((0, 1), (1, 0), (1, 1)), stride=2),
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
        dict(kernel=3, dilation=2),
        dict(kernel=5, padding="symmetric", stride=2),
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
        dict(kernel=1, stride=3, padding=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", SPATIAL, ids=str)
def test_transposed_convolutions(window: dict[str, Any], shape: tuple[int, ...]) -> None:
    assert_lowered(ConvTranspose(filters=4, activation="silu", **window), shape)


def test_transposed_convolutions_that_differ_by_axis() -> None:
    for window in (
        dict(kernel=(2, 3), stride=(1, 2)),
        dict(kernel=(4, 2), stride=(2, 2)),
        dict(kernel=4, stride=2, padding=((0, 1), (2, 1))),
        dict(kernel=4, stride=2, padding=(1, 2)),
        dict(kernel=(1, 4), stride=2, padding="valid"),
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
    if padding == "symmetric" and kernel == 2 and dilation % 2:
        pytest.skip("nothing is in the middle")
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
    dict(size=1, stride=2),
    dict(size=2),
    dict(size=3, padding=0),
]
UNEVEN_POOLS = {
    1: [dict(size=3, stride=2, padding=((0, 1),))],
    2: [
        dict(size=(2, 3)),
        dict(size=(2, 3), stride=(2, 1)),
        dict(size=(3, 2), stride=1),
        dict(size=(3, 2), stride=2, padding="symmetric"),
        dict(size=3, stride=2, padding=((0, 1), (1, 2))),
        dict(size=(3, 5), padding=(1, 2)),
    ],
    3: [dict(size=(1, 2, 3), padding="symmetric"), dict(size=2, padding=((0, 1), 1, (1, 0)))],
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
        dict(part=1, of=3),
        dict(part=0, of=1),
        dict(start=2),
        dict(stop=-1),
        dict(start=-3, stop=5),
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
    for stretch in (dict(part=1, of=4), dict(stop=1), dict(start=-3, stop=-1), dict(start=3)):
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
