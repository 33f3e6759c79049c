"""Slices: which stretch of which axis, against numpy's own slicing and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.layers import ShapeError, Slice, TensorShape


@pytest.mark.parametrize(
    ("layer", "shape", "bounds", "expected"),
    [
        (Slice(stop=3), (7, 7, 8), (2, 0, 3), (7, 7, 3)),
        (Slice(start=3), (7, 7, 8), (2, 3, 8), (7, 7, 5)),
        (Slice(start=-2), (8,), (0, 6, 8), (2,)),
        (Slice(axis="tokens", stop=1), (197, 768), (0, 0, 1), (1, 768)),
        (Slice(axis="length", start=1, stop=-1), (100, 4), (0, 1, 99), (98, 4)),
        (Slice(axis="height", start=1), (7, 9, 8), (0, 1, 7), (6, 9, 8)),
        (Slice(axis="width", start=1), (7, 9, 8), (1, 1, 9), (7, 8, 8)),
        (Slice(axis="depth", stop=2), (5, 7, 9, 8), (0, 0, 2), (2, 7, 9, 8)),
        (Slice(axis="height", stop=2), (5, 7, 9, 8), (1, 0, 2), (5, 2, 9, 8)),
        (Slice(axis="width", stop=2), (5, 7, 9, 8), (2, 0, 2), (5, 7, 2, 8)),
        (Slice(part=0, of=2), (7, 7, 8), (2, 0, 4), (7, 7, 4)),
        (Slice(part=2, of=4), (7, 7, 8), (2, 4, 6), (7, 7, 2)),
        (Slice(axis="height", part=1, of=3), (9, 7, 8), (0, 3, 6), (3, 7, 8)),
    ],
    ids=str,
)
def test_bounds_and_shape(
    layer: Slice, shape: tuple[int, ...], bounds: object, expected: object
) -> None:
    assert layer.bounds(TensorShape(shape)) == bounds
    assert layer.output_shape(TensorShape(shape)) == expected


@given(st.integers(-9, 9), st.none() | st.integers(-9, 9))
def test_start_and_stop_are_those_of_numpy(start: int, stop: int | None) -> None:
    layer = Slice(axis="tokens", start=start) if stop is None else Slice(start=start, stop=stop)
    layer = layer.model_copy(update={"axis": "tokens"})
    expected = np.zeros((9, 4))[start:stop].shape
    if expected[0] == 0:
        with pytest.raises(ShapeError, match="leaves nothing of 9×4"):
            layer.output_shape(TensorShape((9, 4)))
    else:
        assert layer.output_shape(TensorShape((9, 4))) == expected


@pytest.mark.parametrize(
    ("layer", "shape", "code", "message"),
    [
        (Slice(stop=10), (7, 8), "slice-range", "`stop` 10 lies beyond the 8 channels"),
        (Slice(start=-9), (7, 8), "slice-range", "`start` -9 lies beyond the 8 channels"),
        (
            Slice(part=0, of=3),
            (7, 8),
            "slice-range",
            "`slice` cannot make 3 equal parts of 8 channels",
        ),
        (
            Slice(start=4, stop=2),
            (7, 8),
            "size-zero",
            "`slice` from 4 to 2 leaves nothing of 7×8",
        ),
        (Slice(axis="height", stop=1), (7, 8), "input-rank", "7×8 has no height to slice"),
        (Slice(axis="tokens", stop=1), (7, 7, 8), "input-rank", "7×7×8 has no tokens to slice"),
    ],
    ids=str,
)
def test_errors(layer: Slice, shape: tuple[int, ...], code: str, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.output_shape(TensorShape(shape))
    assert (caught.value.code, caught.value.message) == (code, message)


def test_an_axis_that_is_not_there_is_told_those_that_are() -> None:
    with pytest.raises(ShapeError) as caught:
        Slice(axis="depth", stop=1).output_shape(TensorShape((7, 7, 8)))
    assert caught.value.helps == ("its axes are `height`, `width`, `channels`",)
