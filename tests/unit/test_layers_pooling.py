"""Pooling against Keras's own, and against PyTorch's documented formula."""

from __future__ import annotations

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.layers import (
    AvgPool,
    GlobalAvgPool,
    GlobalMaxPool,
    Layer,
    MaxPool,
    ShapeError,
    TensorShape,
    pads,
)

MAX = {
    1: keras.layers.MaxPooling1D,
    2: keras.layers.MaxPooling2D,
    3: keras.layers.MaxPooling3D,
}
AVERAGE = {
    1: keras.layers.AveragePooling1D,
    2: keras.layers.AveragePooling2D,
    3: keras.layers.AveragePooling3D,
}
GLOBAL_MAX = {
    1: keras.layers.GlobalMaxPooling1D,
    2: keras.layers.GlobalMaxPooling2D,
    3: keras.layers.GlobalMaxPooling3D,
}
GLOBAL_AVERAGE = {
    1: keras.layers.GlobalAveragePooling1D,
    2: keras.layers.GlobalAveragePooling2D,
    3: keras.layers.GlobalAveragePooling3D,
}


@st.composite
def pools(draw: st.DrawFn) -> tuple[dict[str, object], tuple[int, ...]]:
    rank = draw(st.integers(1, 3))
    small = st.integers(1, 6)
    sizes = small | st.tuples(*[small] * rank)
    options = {"size": draw(sizes), "padding": draw(st.sampled_from(["same", "valid"]))}
    if draw(st.booleans()):
        options["stride"] = draw(sizes)
    return options, draw(st.tuples(*[st.integers(1, 30)] * rank))


@given(pools())
@settings(max_examples=200, deadline=None)
def test_any_pool_has_the_shape_of_keras(
    case: tuple[dict[str, object], tuple[int, ...]],
) -> None:
    options, in_sides = case
    shape = (*in_sides, 3)
    for make, twins in ((MaxPool, MAX), (AvgPool, AVERAGE)):
        twin = twins[len(in_sides)](options["size"], options.get("stride"), options["padding"])
        try:
            expected = twin.compute_output_shape((None, *shape))[1:]
        except ValueError:
            with pytest.raises(ShapeError, match="leaves nothing of"):
                make(**options).output_shape(TensorShape(shape))
        else:
            assert make(**options).output_shape(TensorShape(shape)) == expected


@pytest.mark.parametrize("shape", [(9, 3), (9, 8, 3), (4, 5, 6, 3)], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    ("make", "twins"), [(GlobalAvgPool, GLOBAL_AVERAGE), (GlobalMaxPool, GLOBAL_MAX)]
)
def test_global_pools_have_the_shape_of_keras(
    make: type[Layer], twins: dict[int, type], keepdims: bool, shape: tuple[int, ...]
) -> None:
    twin = twins[len(shape) - 1](keepdims=keepdims)
    expected = twin.compute_output_shape((None, *shape))[1:]
    assert make(keepdims=keepdims).output_shape(TensorShape(shape)) == expected


# PyTorch's documented formula, floor((side + 2p - k) / s) + 1, worked by hand.
@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (MaxPool(size=3, stride=2, padding=1), (112, 112, 64), (56, 56, 64)),
        (MaxPool(size=3, stride=2, padding="symmetric"), (112, 113, 64), (56, 57, 64)),
        # as torch pools with size 2 and padding 1
        (MaxPool(size=2, padding="symmetric"), (4, 5, 1), (3, 3, 1)),
        # the example of torch.nn.MaxPool2d's page
        (MaxPool(size=(3, 2), stride=(2, 1), padding="valid"), (50, 32, 16), (24, 31, 16)),
        (AvgPool(size=3, stride=1, padding=((0, 2),)), (10, 4), (10, 4)),
        (AvgPool(size=2, padding=0), (7, 7, 7, 4), (3, 3, 3, 4)),
    ],
    ids=str,
)
def test_explicit_and_symmetric_padding(
    layer: Layer, shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert layer.output_shape(TensorShape(shape)) == expected


def test_the_stride_is_the_size_unless_it_is_given() -> None:
    assert MaxPool(size=(3, 2)).strides == (3, 2)
    assert AvgPool(size=3, stride=2).strides == 2


def test_pads_of_a_pool() -> None:
    assert pads(MaxPool(size=3, stride=2), (112, 113)) == ((0, 1), (1, 1))
    assert pads(MaxPool(size=3, stride=2, padding="symmetric"), (112,)) == ((1, 1),)
    assert pads(AvgPool(size=2, padding="symmetric"), (4,)) == ((1, 1),)


@pytest.mark.parametrize(
    ("layer", "shape", "code", "message", "all_the_same"),
    [
        (
            MaxPool(size=3, stride=2, padding="valid"),
            (1, 1, 64),
            "size-zero",
            "`max_pool` with a window of 3 and stride 2 leaves nothing of 1×1×64",
            None,
        ),
        (
            AvgPool(size=2, padding=2),
            (8, 8, 4),
            "window-padding",
            "`avg_pool` with a window of 2 and this padding has windows of nothing but padding "
            "on 8×8×4",
            (6, 6, 4),
        ),
        (
            MaxPool(size=3, stride=1, padding=((0, 0), (0, 3))),
            (8, 8, 4),
            "window-padding",
            "`max_pool` with a window of 3 and this padding has windows of nothing but padding "
            "on 8×8×4",
            (6, 9, 4),
        ),
        (
            MaxPool(),
            (10,),
            "input-rank",
            "`max_pool` needs spatial axes, found a vector of 10",
            None,
        ),
        (
            GlobalAvgPool(),
            (10,),
            "input-rank",
            "`global_avg_pool` needs spatial axes, found a vector of 10",
            None,
        ),
        (
            GlobalMaxPool(keepdims=True),
            (10,),
            "input-rank",
            "`global_max_pool` needs spatial axes, found a vector of 10",
            None,
        ),
        (
            AvgPool(size=(2, 2)),
            (8, 4),
            "attribute-rank",
            "`size`: expected 1 number, for the one spatial axis, found 2",
            None,
        ),
    ],
    ids=str,
)
def test_errors(
    layer: Layer, shape: tuple[int, ...], code: str, message: str, all_the_same: object
) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.output_shape(TensorShape(shape))
    assert (caught.value.code, caught.value.message) == (code, message)
    assert caught.value.shape == all_the_same


def test_a_window_that_reaches_the_tensor_by_one_value_is_fine() -> None:
    # three wide, two of padding on either side of eight: the first and last see one value each
    assert MaxPool(size=3, stride=1, padding=2).output_shape(TensorShape((8, 4))) == (10, 4)
