"""Merges against Keras's own."""

from __future__ import annotations

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.layers import Add, Average, Concat, Layer, Maximum, Multiply, ShapeError, TensorShape

ELEMENTWISE = [
    (Add(), keras.layers.Add()),
    (Multiply(), keras.layers.Multiply()),
    (Average(), keras.layers.Average()),
    (Maximum(), keras.layers.Maximum()),
]


@st.composite
def broadcastable(draw: st.DrawFn) -> list[tuple[int, ...]]:
    full = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    path = st.tuples(*[st.sampled_from([size, size, 1]) for size in full])
    return draw(st.lists(path, min_size=2, max_size=4))


@given(broadcastable())
@settings(deadline=None)
def test_paths_that_broadcast_have_the_shape_of_keras(shapes: list[tuple[int, ...]]) -> None:
    for layer, twin in ELEMENTWISE:
        expected = twin.compute_output_shape([(None, *shape) for shape in shapes])[1:]
        assert layer.output_shape(*map(TensorShape, shapes)) == expected


@given(st.lists(st.integers(1, 9), max_size=3), st.lists(st.integers(1, 9), min_size=2, max_size=5))
@settings(deadline=None)
def test_concat_has_the_shape_of_keras(sides: list[int], channels: list[int]) -> None:
    shapes = [(*sides, count) for count in channels]
    twin = keras.layers.Concatenate()
    expected = twin.compute_output_shape([(None, *shape) for shape in shapes])[1:]
    assert Concat().output_shape(*map(TensorShape, shapes)) == expected


@pytest.mark.parametrize(
    ("layer", "shapes", "code", "message"),
    [
        (
            Add(),
            [(56, 56, 64), (56, 56, 256)],
            "shape-mismatch",
            "`add` needs paths of one shape, found 56×56×64 and 56×56×256",
        ),
        (
            Multiply(),
            [(56, 56, 64), (64,)],
            "shape-mismatch",
            "`multiply` needs paths of one shape, found 56×56×64 and 64",
        ),
        (
            Average(),
            [(8, 4), (8, 4), (1, 4), (9, 4)],
            "shape-mismatch",
            "`average` needs paths of one shape, found 8×4, 8×4, 1×4 and 9×4",
        ),
        (
            Concat(),
            [(35, 35, 64), (17, 17, 64), (35, 35, 96)],
            "shape-mismatch",
            "`concat` needs paths of the same sides, found 35×35×64, 17×17×64 and 35×35×96",
        ),
        (Maximum(), [(8, 4)], "path-count", "`maximum` needs at least two paths, found 1"),
        (Concat(), [], "path-count", "`concat` needs at least two paths, found 0"),
    ],
    ids=str,
)
def test_errors(layer: Layer, shapes: list[tuple[int, ...]], code: str, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.output_shape(*map(TensorShape, shapes))
    assert (caught.value.code, caught.value.message) == (code, message)
