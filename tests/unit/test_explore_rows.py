"""Rows on disk: their order, their front, and memory that stays."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.explore import Knob, Point, Rows, getters, parse_order

KNOBS = (Knob("width", (0.5, 1.0)), Knob("act", ("relu", "silu")))
NAMES = getters(KNOBS)
FRONT = (parse_order("macs", NAMES, "--front"), parse_order("-params", NAMES, "--front"))


def point(params: int, macs: int, width: float = 1.0, act: str = "relu") -> Point:
    return Point((width, act), (params, params - 1, macs), (), (), True)


def beats(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one has no more macs and no fewer parameters than the other, and is not the same."""
    return one != other and one[1] <= other[1] and one[0] >= other[0]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_the_front_is_what_nothing_beats(costs: list[tuple[int, int]]) -> None:
    with Rows(None, FRONT) as rows:
        rows.fill(enumerate(point(*cost) for cost in costs))
        found = {row.number for row in rows if row.front}
        assert rows.front_size == len(found)
    expected = {
        number
        for number, cost in enumerate(costs)
        if not any(beats(other, cost) for other in costs)
    }
    assert found == expected


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        (None, [0, 1, 2, 3]),
        ("macs", [2, 0, 3, 1]),
        ("-macs", [1, 0, 3, 2]),
        ("width", [1, 0, 2, 3]),
        ("-act", [3, 0, 1, 2]),
    ],
)
def test_orders(order: str | None, numbers: list[int]) -> None:
    given_order = parse_order(order, NAMES, "--sort") if order else None
    points = [point(5, 5), point(9, 9, 0.5), point(1, 1), point(5, 5, 1.0, "silu")]
    with Rows(given_order, FRONT) as rows:
        rows.fill(enumerate(points))
        assert [row.number for row in rows] == numbers
        assert [row.number for row in rows.first(2)] == numbers[:2]


def many(count: int) -> Iterator[tuple[int, Point]]:
    draw = random.Random(0)
    for number in range(count):
        yield number, point(draw.randrange(10**9), draw.randrange(10**12))


def test_memory_does_not_grow_with_the_rows() -> None:
    peaks = []
    for count in (5_000, 50_000):
        tracemalloc.start()
        with Rows(parse_order("-macs", NAMES, "--sort"), FRONT) as rows:
            rows.fill(many(count))
            assert sum(1 for _ in rows) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 300_000
