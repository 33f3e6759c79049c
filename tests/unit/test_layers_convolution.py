"""Convolutions against Keras's own, and against PyTorch's documented formula."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archc.layers import (
    Conv,
    ConvTranspose,
    DepthwiseConv,
    Layer,
    SeparableConv,
    ShapeError,
    TensorShape,
    pads,
)

CONV = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}
DEPTHWISE = {1: keras.layers.DepthwiseConv1D, 2: keras.layers.DepthwiseConv2D}
SEPARABLE = {1: keras.layers.SeparableConv1D, 2: keras.layers.SeparableConv2D}
TRANSPOSED = {
    1: keras.layers.Conv1DTranspose,
    2: keras.layers.Conv2DTranspose,
    3: keras.layers.Conv3DTranspose,
}


def keras_layer(layer: Layer, rank: int) -> keras.layers.Layer:
    """The Keras layer of the same meaning; `padding` is `same` or `valid`."""
    options = {
        "kernel_size": layer.kernel,
        "strides": layer.stride,
        "padding": layer.padding,
        "dilation_rate": layer.dilation,
        "use_bias": layer.bias,
    }
    match layer:
        case Conv():
            return CONV[rank](layer.filters, groups=layer.groups, **options)
        case DepthwiseConv():
            return DEPTHWISE[rank](depth_multiplier=layer.multiplier, **options)
        case SeparableConv():
            return SEPARABLE[rank](layer.filters, depth_multiplier=layer.multiplier, **options)
        case ConvTranspose():
            return TRANSPOSED[rank](layer.filters, **options)
        case _:
            raise AssertionError(layer)


def shape_of(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape that the layer gives, or None where nothing is left."""
    try:
        return tuple(layer.output_shape(TensorShape(shape)))
    except ShapeError as error:
        if error.code != "size-zero":
            raise
        return None


def keras_shape_of(layer: keras.layers.Layer, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        out = tuple(layer.compute_output_shape((None, *shape)))[1:]
    except ValueError:
        return None
    return out if min(out) > 0 else None


def keras_weights(layer: keras.layers.Layer, shape: tuple[int, ...]) -> list[object]:
    layer.build((None, *shape))
    return [(v.path.split("/", 1)[1], tuple(v.shape), v.trainable) for v in layer.weights]


SHAPES = {1: (11, 6), 2: (11, 8, 6), 3: (5, 7, 6, 6)}

LAYERS = [
    Conv(filters=4, kernel=3),
    Conv(filters=4, kernel=3, stride=2, padding="valid", bias=False),
    Conv(filters=9, kernel=2, stride=3, groups=3),
    Conv(filters=6, kernel=3, groups=6, dilation=2),
    DepthwiseConv(kernel=3),
    DepthwiseConv(kernel=5, stride=2, multiplier=3, bias=False),
    DepthwiseConv(kernel=2, padding="valid", dilation=2),
    SeparableConv(filters=5, kernel=3),
    SeparableConv(filters=5, kernel=3, stride=2, multiplier=2, bias=False),
    ConvTranspose(filters=5, kernel=3, stride=2),
    ConvTranspose(filters=5, kernel=3, stride=2, padding="valid", bias=False),
    ConvTranspose(filters=5, kernel=2, stride=3, padding="valid"),
    ConvTranspose(filters=5, kernel=3, dilation=2, padding="valid"),
]


# Keras has depthwise and separable convolutions in 1-D and 2-D alone.
CASES = [
    (layer, rank)
    for layer in LAYERS
    for rank in (1, 2, 3)
    if rank < 3 or not isinstance(layer, DepthwiseConv | SeparableConv)
]


@pytest.mark.parametrize(("layer", "rank"), CASES, ids=str)
def test_shapes_and_weights_are_those_of_keras(layer: Layer, rank: int) -> None:
    shape = SHAPES[rank]
    twin = keras_layer(layer, rank)
    assert shape_of(layer, shape) == keras_shape_of(twin, shape)
    weights = layer.weights(TensorShape(shape))
    assert [(w.name, w.shape, w.trainable) for w in weights] == keras_weights(twin, shape)
    assert sum(weight.size for weight in weights) == twin.count_params()


def test_depthwise_in_3d_is_keras_convolution_in_as_many_groups_as_channels() -> None:
    layer = DepthwiseConv(kernel=(3, 2, 1), stride=(2, 1, 1), multiplier=2)
    twin = keras.layers.Conv3D(12, (3, 2, 1), (2, 1, 1), padding="same", groups=6)
    shape = SHAPES[3]
    twin.build((None, *shape))
    assert shape_of(layer, shape) == keras_shape_of(twin, shape)
    weights = layer.weights(TensorShape(shape))
    assert [(w.name, w.shape) for w in weights] == [
        ("kernel", (3, 2, 1, 6, 2)),
        ("bias", (12,)),
    ]
    assert sum(weight.size for weight in weights) == twin.count_params()


def test_separable_in_3d() -> None:
    weights = SeparableConv(filters=5, kernel=3, multiplier=2).weights(TensorShape((4, 4, 4, 6)))
    assert [(w.name, w.shape) for w in weights] == [
        ("depthwise_kernel", (3, 3, 3, 6, 2)),
        ("pointwise_kernel", (1, 1, 1, 12, 5)),
        ("bias", (5,)),
    ]


@st.composite
def windows(draw: st.DrawFn) -> tuple[dict[str, object], tuple[int, ...]]:
    """Attributes of a window and the sides that it slides over.

    Keras takes no stride together with a dilation, and TensorFlow only equal strides.
    """
    rank = draw(st.integers(1, 3))
    small = st.integers(1, 7)
    kernel = draw(small | st.tuples(*[small] * rank))
    stride, dilation = draw(st.tuples(small, st.just(1)) | st.tuples(st.just(1), st.integers(1, 4)))
    padding = draw(st.sampled_from(["same", "valid"]))
    in_sides = draw(st.tuples(*[st.integers(1, 40)] * rank))
    return {
        "kernel": kernel,
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
    }, in_sides


@given(windows())
@settings(max_examples=200, deadline=None)
def test_any_convolution_has_the_shape_of_keras(
    case: tuple[dict[str, object], tuple[int, ...]],
) -> None:
    options, in_sides = case
    layer = Conv(filters=4, **options)
    shape = (*in_sides, 3)
    assert shape_of(layer, shape) == keras_shape_of(keras_layer(layer, len(in_sides)), shape)


@given(windows())
@settings(max_examples=100, deadline=None)
def test_any_depthwise_and_separable_convolution_has_the_shape_of_keras(
    case: tuple[dict[str, object], tuple[int, ...]],
) -> None:
    options, in_sides = case
    assume(len(in_sides) < 3)
    shape = (*in_sides, 3)
    for layer in (
        DepthwiseConv(multiplier=2, **options),
        SeparableConv(filters=5, **options),
    ):
        assert shape_of(layer, shape) == keras_shape_of(keras_layer(layer, len(in_sides)), shape)


@given(windows())
@settings(max_examples=100, deadline=None)
def test_any_transposed_convolution_has_the_shape_of_keras(
    case: tuple[dict[str, object], tuple[int, ...]],
) -> None:
    options, in_sides = case
    layer = ConvTranspose(filters=4, **options)
    shape = (*in_sides, 3)
    assert shape_of(layer, shape) == keras_shape_of(keras_layer(layer, len(in_sides)), shape)


def random(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("side", [7, 8, 9, 10])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(3, 2, 1), (4, 2, 1), (5, 3, 1), (2, 3, 1), (3, 1, 2)]
)
def test_same_is_valid_after_the_padding_that_pads_gives(
    side: int, kernel: int, stride: int, dilation: int
) -> None:
    layer = Conv(filters=2, kernel=kernel, stride=stride, dilation=dilation)
    image, weights = random((1, side, side + 3, 3)), random((kernel, kernel, 3, 2))
    around = ((0, 0), *pads(layer, (side, side + 3)), (0, 0))
    same, valid = (
        keras.ops.conv(x, weights, stride, padding, dilation_rate=dilation)
        for x, padding in ((image, "same"), (np.pad(image, around), "valid"))
    )
    np.testing.assert_allclose(same, valid, atol=1e-5)
    assert layer.output_shape(TensorShape(image.shape[1:])) == same.shape[1:]


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (2, 2), (5, 2), (2, 3), (3, 1)])
def test_transposed_same_is_valid_after_the_cut_that_pads_gives(kernel: int, stride: int) -> None:
    layer = ConvTranspose(filters=2, kernel=kernel, stride=stride)
    image, weights = random((1, 5, 6, 3)), random((kernel, kernel, 2, 3))
    same, valid = (
        np.asarray(keras.ops.conv_transpose(image, weights, stride, padding))
        for padding in ("same", "valid")
    )
    (top, bottom), (left, right) = pads(layer, (5, 6))
    height, width = valid.shape[1:3]
    np.testing.assert_allclose(
        same, valid[:, top : height - bottom, left : width - right], atol=1e-5
    )
    assert layer.output_shape(TensorShape(image.shape[1:])) == same.shape[1:]


# PyTorch's documented formula, floor((side + 2p - d(k - 1) - 1) / s) + 1, worked by hand.
PYTORCH = [
    (Conv(filters=64, kernel=7, stride=2, padding=3), (224, 224, 3), (112, 112, 64)),
    (Conv(filters=64, kernel=7, stride=2, padding="symmetric"), (224, 224, 3), (112, 112, 64)),
    (Conv(filters=8, kernel=3, stride=2, padding="symmetric"), (57, 56, 8), (29, 28, 8)),
    (Conv(filters=8, kernel=3, dilation=2, padding="symmetric"), (14, 14, 8), (14, 14, 8)),
    (Conv(filters=8, kernel=3, stride=2, dilation=2, padding="symmetric"), (57, 8), (29, 8)),
    (Conv(filters=8, kernel=(1, 7), padding="symmetric"), (17, 17, 8), (17, 17, 8)),
    (Conv(filters=8, kernel=2, dilation=2, padding="symmetric"), (10, 8), (10, 8)),
    # the example of torch.nn.Conv2d's page
    (
        Conv(filters=33, kernel=(3, 5), stride=(2, 1), padding=(4, 2), dilation=(3, 1)),
        (50, 100, 16),
        (26, 100, 33),
    ),
    # the example of torch.nn.Conv3d's page
    (
        Conv(filters=33, kernel=(3, 5, 2), stride=(2, 1, 1), padding=(4, 2, 0)),
        (10, 50, 100, 16),
        (8, 50, 99, 33),
    ),
    (DepthwiseConv(kernel=3, stride=2, padding=((0, 1), (0, 1))), (112, 112, 6), (56, 56, 6)),
    (SeparableConv(filters=9, kernel=5, padding=((4, 0),)), (10, 6), (10, 9)),
    # the example of torch.nn.ConvTranspose2d's page: 12 came down to 6, and comes up to 11
    (ConvTranspose(filters=16, kernel=3, stride=2, padding=1), (6, 6, 16), (11, 11, 16)),
    (ConvTranspose(filters=16, kernel=3, stride=2, padding="symmetric"), (6, 6, 16), (11, 11, 16)),
    (ConvTranspose(filters=1, kernel=4, stride=2, padding=((1, 1), (1, 0))), (4, 4, 8), (8, 9, 1)),
]


@pytest.mark.parametrize(("layer", "shape", "expected"), PYTORCH, ids=str)
def test_explicit_and_symmetric_padding(
    layer: Layer, shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert layer.output_shape(TensorShape(shape)) == expected


@pytest.mark.parametrize(
    ("padding", "side", "expected"),
    [
        # 3×3 with stride 2: an even side is padded at its end alone, an odd one on both sides
        ("same", 224, ((0, 1),)),
        ("same", 225, ((1, 1),)),
        ("valid", 224, ((0, 0),)),
        ("symmetric", 224, ((1, 1),)),
        (2, 224, ((2, 2),)),
        ((3,), 224, ((3, 3),)),
        (((1, 0),), 224, ((1, 0),)),
    ],
)
def test_pads(padding: object, side: int, expected: object) -> None:
    assert pads(Conv(filters=1, kernel=3, stride=2, padding=padding), (side,)) == expected


ERRORS = [
    (
        Conv(filters=4, kernel=3, stride=2, padding="valid"),
        (2, 9, 8),
        "size-zero",
        "`conv` with a window of 3 and stride 2 leaves nothing of 2×9×8",
        None,
    ),
    (
        DepthwiseConv(kernel=(3, 1), dilation=2, padding=1),
        (2, 9, 8),
        "size-zero",
        "`depthwise_conv` with a window of 5×1 leaves nothing of 2×9×8",
        None,
    ),
    (
        ConvTranspose(filters=4, kernel=2, stride=2, padding=2),
        (2, 2, 8),
        "size-zero",
        "`conv_transpose` with a window of 2 and stride 2 leaves nothing of 2×2×8 once its "
        "padding is cut off",
        None,
    ),
    (
        Conv(filters=64, kernel=3, stride=2, groups=3),
        (8, 8, 48),
        "groups-divide",
        "`conv` with groups 3 needs channels and filters that 3 divides, found 48 channels and "
        "64 filters",
        (4, 4, 64),
    ),
    (
        Conv(filters=4, kernel=3),
        (1000,),
        "input-rank",
        "`conv` needs spatial axes, found a vector of 1000",
        None,
    ),
    (
        SeparableConv(filters=4, kernel=3),
        (2, 3, 4, 5, 6),
        "input-rank",
        "`separable_conv` works on 1 to 3 spatial axes, found 2×3×4×5×6",
        None,
    ),
    (
        Conv(filters=4, kernel=(3, 3, 3)),
        (8, 8, 4),
        "attribute-rank",
        "`kernel`: expected 2 numbers, one for each spatial axis, found 3",
        None,
    ),
    (
        Conv(filters=4, kernel=3, padding=((1, 0), (1, 0))),
        (8, 4),
        "attribute-rank",
        "`padding`: expected 1 number, for the one spatial axis, found 2",
        None,
    ),
    (
        Conv(filters=4, kernel=(3, 2), padding="symmetric"),
        (8, 8, 4),
        "symmetric-padding",
        "symmetric padding needs an odd kernel, found 3×2",
        None,
    ),
]


@pytest.mark.parametrize(("layer", "shape", "code", "message", "all_the_same"), ERRORS)
def test_errors(
    layer: Layer, shape: tuple[int, ...], code: str, message: str, all_the_same: object
) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.output_shape(TensorShape(shape))
    assert (caught.value.code, caught.value.message) == (code, message)
    assert caught.value.shape == all_the_same
