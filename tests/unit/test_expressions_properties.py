"""Whatever the text and the values: Python's own result, or an `ExpressionError`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.expressions import (
    FUNCTION_NAMES,
    Expression,
    ExpressionError,
    Template,
    Value,
    parse,
    parse_text,
)

NAMES = {"a": 3, "b": -7, "c": 12, "d": 0}


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sign = st.sampled_from(
        ["+", "-", "*", "//", "%", "/", "<", "<=", "==", "!=", ">", ">=", "and", "or"]
    )
    return st.one_of(
        st.builds("({} {} {})".format, inner, sign, inner),
        st.builds("{} {} {}".format, inner, sign, inner),
        st.builds("(-{})".format, inner),
        st.builds("(not {})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("abs({})".format, inner),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("sum([{} for a in range(3)])".format, inner),
        st.builds("[{}, {}][{}]".format, inner, inner, st.sampled_from(["0", "-1"])),
    )


leaves = st.one_of(
    st.integers(0, 20).map(str),
    st.sampled_from(sorted(NAMES)),
    st.builds("{} ** {}".format, st.integers(0, 9), st.integers(0, 3)),
)
arithmetic = st.recursive(leaves, _grown, max_leaves=8)


@given(arithmetic)
@settings(max_examples=400, deadline=None)
def test_arithmetic_is_pythons(text: str) -> None:
    try:
        expected = eval(text, dict(NAMES))
    except (ZeroDivisionError, TypeError):
        with pytest.raises(ExpressionError):
            parse(text).evaluate(NAMES.__getitem__)
        return
    value = parse(text).evaluate(NAMES.__getitem__)
    assert value == expected
    assert type(value) is type(expected)


PIECES = [
    "a", "b", "t", "o", "s", "missing", "1", "0", "2.5", "1e308", "99999999999", "'x'", '"y"',
    "True",
    "None", "(", ")", "[", "]", "{", "}", ",", ":", ".", "+", "-", "*", "/", "//", "%", "**", "<",
    "==",
    "!=", ">=", "=", ":=", "in", "not", "and", "or", "is", "if", "else", "for", "for i in", "i",
    "lambda",
    "await", "yield", "async", "d=", "f'{a}'", "b''", "\\", "#", "$", "?", "!", "@", "~", "|", "é",
    "ﬁ",
    "\n", "\t", "\x0c", "\x00", "\u2028", "\ud800", "1j", "...", "'''", ".channels", ".__class__",
    *(f"{name}(" for name in FUNCTION_NAMES),
]  # fmt: skip
python_like = st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join) | st.lists(
    st.sampled_from(PIECES), max_size=20
).map("".join)


class Tensor:
    attribute_names = ("channels",)

    def attribute(self, name: str) -> object:
        return {"channels": 64}[name]


plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(Tensor()),
    st.sampled_from([2**63, -(2**63), 10**400, 2**63 - 1, 1e308, -0.0, 5e-324]),
    st.sampled_from(["x" * 999, "x" * 2000]),
)  # fmt: skip
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=6)
lookups = st.fixed_dictionaries(dict.fromkeys("abots", values))


@given(python_like | st.text(max_size=40), lookups)
@settings(max_examples=400, deadline=None)
def test_any_text(text: str, names: dict[str, object]) -> None:
    for parsed in (parse, parse_text):
        value, error = _evaluated(parsed, text, names)
        _check_bounded(value)
        assert error is None or 0 <= error.start <= error.end <= len(text)


operation = st.sampled_from([
    "a + b", "a - b", "a * b", "a / b", "a // b", "a % b", "a ** b", "a == b", "a < b", "a >= b",
    "a in b",
    "a not in b", "a and b", "not a", "-a", "+a", "a[b]", "a[b:]", "a[::b]", "a[b:o]", "[a, b]",
    "a if b else o",
    "[i for i in a]", "[i for i in a if i]", "[x + y for x, y in a]", "a.channels", "a < b < o",
    "a == b == o",
    "min(a, b)", "max(a)", "abs(a)", "sum(a)", "len(a)", "round(a)", "round(a, b)", "int(a)",
    "floor(a)",
    "ceil(a)", "sqrt(a)", "log(a)", "log(a, b)", "range(a)", "range(a, b)", "range(a, b, o)",
    "unique(a)",
    "count(a, b)", "letter(a)", "round_to(a)", "round_to(a, b)", "divisible(a)",
    "divisible(a, d=b)",
])  # fmt: skip


@given(operation, lookups)
@settings(max_examples=400, deadline=None)
def test_any_value(text: str, names: dict[str, object]) -> None:
    with contextlib.suppress(ExpressionError):
        _check_bounded(parse(text).evaluate(names.__getitem__))
    with contextlib.suppress(ExpressionError):
        assert isinstance(parse_text(f"x$({text})").evaluate(names.__getitem__), str)


def _evaluated(
    parsed: Callable[[str], Expression | Template], text: str, names: dict[str, object]
) -> tuple[Value, ExpressionError | None]:
    try:
        return parsed(text).evaluate(names.__getitem__), None
    except ExpressionError as error:
        return None, error


def _check_bounded(value: Value) -> None:
    if isinstance(value, tuple):
        for item in value:
            _check_bounded(item)
    elif isinstance(value, float):
        assert abs(value) <= 1.8e308
    elif isinstance(value, int):
        assert abs(value) < 2**63
    elif isinstance(value, str):
        assert len(value) <= 1000
    else:
        assert value is None or isinstance(value, Tensor)
