"""Texts that interpolate expressions."""

from __future__ import annotations

import pytest

from archc.expressions import Expression, ExpressionError, parse_text


class Group:
    attribute_names = ("number", "index")

    def attribute(self, name: str) -> object:
        return {"number": 3, "index": 2}[name]


NAMES: dict[str, object] = {
    "group": Group(),
    "n": 4,
    "half": 0.5,
    "whole": 2.0,
    "kind": "relu",
    "flag": True,
    "widths": (1, 2),
    "text": "x" * 600,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv", "conv"),
        ("", ""),
        ("block$(group.number)$(letter(group.index))", "block3c"),
        ("conv$(group.number + 1)_block$(n)", "conv4_block4"),
        ("$(n)", "4"),
        ("$( n )", "4"),
        ("a$(whole)b$(half)", "a2b0.5"),
        ("$(1e300)", "1e+300"),
        ("$(kind)_$(flag)", "relu_true"),
        ("$(max([n, (1 + 2)]))", "4"),
        ("$(')' + \"(\" + 'a')", ")(a"),
        ("$$(n)$", "$4$"),
        ("$5 (n) $ (n)", "$5 (n) $ (n)"),
        ("é$(n)😀", "é4😀"),
        ("it's $(n)", "it's 4"),
    ],
)
def test_text(text: str, expected: str) -> None:
    assert parse_text(text).evaluate(NAMES.__getitem__) == expected


def test_parts() -> None:
    template = parse_text("block$(group.number)_$(n)$(n)")
    shown = [part if isinstance(part, str) else (part[0].text, part[1]) for part in template.parts]
    assert shown == ["block", ("group.number", 7), "_", ("n", 23), ("n", 27)]
    assert isinstance(template.parts[1][0], Expression)
    assert template.names == {"group", "n"}
    assert template.attributes == {("group", "number")}
    assert not template.constant


def test_a_text_without_expressions_is_constant() -> None:
    template = parse_text("conv1")
    assert template.constant
    assert template.parts == ("conv1",)
    assert template.names == frozenset()


def test_a_constant_text_may_be_long() -> None:
    assert parse_text("x" * 5000).evaluate(NAMES.__getitem__) == "x" * 5000


@pytest.mark.parametrize(
    ("text", "blamed", "code"),
    [
        ("a$(n", "$(", "bad-expression"),
        ("a$(n]", "$(", "bad-expression"),
        ("a$(n))$(", "$(", "bad-expression"),
        ("a$('n)", "$(", "bad-expression"),
        ("é$()", "", "bad-expression"),
        ("é$(n +)", "+", "bad-expression"),
        ("é$(n)$(m + 1)", "m", "unknown-name"),
        ("é$(n)$(n / 0)", "n / 0", "expression-value"),
        ("é$(widths)", "widths", "expression-value"),
        ("é$(None)", "None", "expression-value"),
        ("é$(group)", "group", "expression-value"),
        ("é$(text)$(text)", "é$(text)$(text)", "expression-limit"),
    ],
)
def test_error(text: str, blamed: str, code: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_text(text).evaluate(NAMES.__getitem__)
    error = caught.value
    assert error.code == code
    assert text[error.start : error.end] == blamed


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_text("a$(missing)").evaluate(NAMES.__getitem__)
    assert caught.value.unknown_name == "missing"
