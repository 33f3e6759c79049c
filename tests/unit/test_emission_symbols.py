"""Symbols against Python's own trees: what is alike, what is a literal, what they compute."""

from __future__ import annotations

import ast
import operator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archc.emission.symbols import (
    Symbolic,
    code_of,
    is_literal,
    same_code,
    spelled,
    symbolic,
)

NAMES = {"filters": 12, "stride": 2, "ratio": 7}

LEAVES = st.one_of(
    st.sampled_from(list(NAMES)),
    st.integers(-3, 9).map(repr),
    st.sampled_from(["True", "0.0", "-0.0", "1.0", "'same'", "x.shape[-1]", "None"]),
)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, st.sampled_from(["+", "*", "//", "-"]), inner)
    return st.one_of(
        pairs.map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]}, {parts[1]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} == 1 else {p[2]})"),
        inner.map(lambda part: f"max({part}, 1)"),
        inner.map(lambda part: f"f'{{{part}}}_bn'" if "'" not in part else part),
    )


SOURCES = st.recursive(LEAVES, _combined, max_leaves=6)


def tree(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


@given(SOURCES, SOURCES)
def test_symbols_are_equal_as_their_trees_are(left: str, right: str) -> None:
    # A call around them makes symbols of literals too.
    one, other = (symbolic(1, ast.Call(tree(code), [], [])) for code in (left, right))
    assert (one == other) == (ast.dump(tree(left)) == ast.dump(tree(right)))
    assert (one != other) != (one == other)
    assert one != other or hash(one) == hash(other)


@given(SOURCES)
def test_a_value_is_a_symbol_where_its_tree_has_names(source: str) -> None:
    named = {ast.Name, ast.Attribute, ast.Call, ast.FormattedValue}
    has_names = any(type(node) in named for node in ast.walk(tree(source)))
    assert is_literal(tree(source)) == (not has_names)
    assert isinstance(symbolic(5, tree(source)), Symbolic) == has_names


def test_zeros_of_two_signs_and_truths_are_no_numbers_alike() -> None:
    assert not same_code(0.0, -0.0)
    assert not same_code(1, 1.0)
    assert not same_code(1, True)
    assert same_code((1, "a"), (1, "a"))
    assert not same_code((1, 2), (1, 2, 3))


@given(st.data())
def test_arithmetic_gives_the_value_of_its_code(data: Any) -> None:
    total: Any = symbolic(NAMES["filters"], tree("filters"))
    for _ in range(data.draw(st.integers(1, 5))):
        name = data.draw(st.sampled_from(list(NAMES)))
        other = data.draw(st.sampled_from([symbolic(NAMES[name], tree(name)), 0, 1, 3]))
        operate = data.draw(st.sampled_from([operator.add, operator.sub, operator.mul]))
        operands = data.draw(st.permutations([total, other]))
        total = operate(*operands)
    assert eval(spelled(total), {}, dict(NAMES)) == int(total)
    assert ast.dump(code_of(total)) == ast.dump(tree(spelled(total)))
