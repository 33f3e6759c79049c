"""Evaluation is total and bounded: what asks for too much is refused, and quickly."""

from __future__ import annotations

import time

import pytest

from archc.expressions import ExpressionError, parse
from archc.expressions.limits import MAX_NESTING, MAX_TEXT

NAMES: dict[str, object] = {
    "n": 100_000,
    "big": 2**63 - 1,
    "large": 1e308,
    "text": "x" * 1000,
    "flat": tuple(range(100_000)),
    "table": tuple(tuple(range(100)) for _ in range(990)),
}


def _doubled(levels: int) -> tuple[object, ...]:
    value: tuple[object, ...] = (0,)
    for _ in range(levels):
        value = (value, value)
    return value


NAMES["doubled"] = _doubled(40)
NAMES["other"] = _doubled(40)

TOO_MUCH = [
    "big + 1", "-big - 1", "big * big", "2 ** 63", "2 ** 1000000000", "10 ** big", "big ** big",
    "(-big) ** big", "9 ** 9 ** 9 ** 9", "9223372036854775808", "1e999", "0xffffffffffffffffff",
    "large * 10", "large + large", "-large - large", "large ** 2", "10.0 ** 1000", "large / 1e-10",
    "2.0 ** big", "int(large)", "round(large)", "ceil(large)", "floor(large)",
    "sum([big, big])", "round(1.7e308, -308)", "round(1, big)", "round(big, -big)",
    "divisible(big)", "round_to(large)",
    "range(100001)", "range(big)", "range(-big, big)", "range(0, big, 2)", "[0] * 100001",
    "[0] * big", "n * [0, 0]", "[0] * n + [0]", "flat + [0]", "[flat, flat]", "[[0] * 50000] * 3",
    "[flat[1:]] + [flat]", "[[0] * n for i in range(2)]", "doubled", "doubled == other",
    "[doubled]",
    "text + 'x'", "'x' * 1001", "'x' * big", "text * 2", "'ab' * n", "flat + flat",
    "[i for i in flat for j in flat]", "[i for i in flat for j in flat if False]",
    "[0 for i in range(1000) for j in range(1000) for k in range(1000) if k < 0]",
    "[sum(flat) for i in flat]", "[i in flat for i in flat]", "[flat[1:] for i in flat]",
    "[count(flat, i) for i in flat]", "[flat == flat for i in flat]",
    "[len(flat + []) for i in flat]",
    "[max(flat) for i in flat]", "[unique(flat) for i in flat]", "[len(range(n)) for i in flat]",
    "[len(text + '') for i in flat]", "[table == table for i in flat]",
    "[len(flat[:]) for i in flat]",
    "[flat < flat for i in flat]", "[table in table for i in flat]",
    "sum([1 for i in flat for j in flat])",
    "sum([" + " + ".join(["i"] * 50) + " for i in range(50000)])",
    "-" * 500 + "1", "not " * 400 + "1", "(" * 90 + "1" + ")" * 90 + " + 1" * 100,
    "[" * 80 + "]" * 80, " + ".join(["1"] * 400), "1" + "[0]" * 300, "a" + ".b" * 300,
    "[" * 300 + "]" * 300, "(" * 1000, "-" * 1999 + "1", "1" + " " * MAX_TEXT,
    "'" + "x" * 1001 + "'", "1 if 1 else " * 160 + "1", "9" * 1999,
]  # fmt: skip


@pytest.mark.parametrize("text", TOO_MUCH, ids=range(len(TOO_MUCH)))
def test_too_much(text: str) -> None:
    start = time.process_time()
    with pytest.raises(ExpressionError) as caught:
        parse(text).evaluate(NAMES.__getitem__)
    # A million steps take well under a second; an unbounded one would not end.
    assert time.process_time() - start < 5
    assert 0 <= caught.value.start < caught.value.end <= len(text)
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("big", 9223372036854775807),
        ("big - 1 + 1", 9223372036854775807),
        ("len(range(n))", 100_000),
        ("len([0] * n)", 100_000),
        ("len([i for i in flat])", 100_000),
        ("len(text)", 1000),
        ("len('x' * 1000)", 1000),
        ("sum(flat)", 4_999_950_000),
        ("len([j for row in table for j in row if j < 1])", 990),
        (" + ".join(["1"] * MAX_NESTING), MAX_NESTING),
        ("1" + " " * (MAX_TEXT - 1), 1),
        ("(" * 90 + "1" + ")" * 90, 1),
    ],
)
def test_enough(text: str, expected: object) -> None:
    assert parse(text).evaluate(NAMES.__getitem__) == expected


def test_each_evaluation_has_its_own_steps() -> None:
    expression = parse("sum([i for i in flat])")
    for _ in range(6):
        assert expression.evaluate(NAMES.__getitem__) == 4_999_950_000
