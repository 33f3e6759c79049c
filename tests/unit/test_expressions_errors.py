"""What an expression cannot be or do is one error, with the place to blame and what helps."""

from __future__ import annotations

import pytest

from archc.expressions import ExpressionError, parse


class Tensor:
    attribute_names = ("channels", "height")

    def attribute(self, name: str) -> object:
        return {"channels": 64, "height": 56}[name]


NAMES: dict[str, object] = {
    "filters": 64,
    "kind": "relu",
    "nothing": None,
    "widths": (64, 128),
    "here": Tensor(),
    "huge": 2**63,
    "infinite": float("inf"),
    "odd": float("nan"),
    "long": "x" * 1001,
    "deep": ((((1, 2**70),),),),
}

SYNTAX = [
    ("", "", "nothing"),
    ("  ", "  ", "nothing"),
    ("filters +", "+", "the end of the expression"),
    ("filters + ", "+", "the end of the expression"),
    ("a b", "b", "`b`"),
    ("* 2", "*", "`*`"),
    ("(1", "(", "`)` to close `(`"),
    ("f([1)", ")", "an opening bracket before `)`"),
    ("1)", ")", "an opening bracket before `)`"),
    ("'a", "'", "`'` to close `'`"),
    ("1 # note", "# note", "a comment"),
    ("lambda: 1", "lambda: 1", "a function of its own"),
    ("{1: 2}", "{1: 2}", "a mapping"),
    ("{1}", "{1}", "a set"),
    ("{i for i in [1]}", "{i for i in [1]}", "a set"),
    ("{i: i for i in [1]}", "{i: i for i in [1]}", "a mapping"),
    ("(i for i in [1])", "(i for i in [1])", "a generator"),
    ("f'{filters}'", "f'{filters}'", "a formatted text"),
    ("(a := 1)", "a := 1", "an assignment"),
    ("[*widths]", "*widths", "a `*`"),
    ("max(*widths)", "*widths", "a `*`"),
    ("1j", "1j", "neither a number nor a text"),
    ("b'a'", "b'a'", "neither a number nor a text"),
    ("...", "...", "neither a number nor a text"),
    ("1 is 1", "1 is 1", "`is`"),
    ("1 is not 1", "1 is not 1", "`is not`"),
    ("1 & 2", "1 & 2", "`&`"),
    ("1 | 2", "1 | 2", "`|`"),
    ("1 ^ 2", "1 ^ 2", "`^`"),
    ("1 << 2", "1 << 2", "`<<`"),
    ("1 >> 2", "1 >> 2", "`>>`"),
    ("1 @ 2", "1 @ 2", "`@`"),
    ("~1", "~1", "`~`"),
    ("await_()(1)", "await_()", "the name of a function before `(`"),
    ("here.index(1)", "here.index", "the name of a function before `(`"),
    ("'{}'.format(1)", "'{}'.format", "the name of a function before `(`"),
    ("[i for here.x in [1]]", "here.x", "a name after `for`"),
    ("[i for (a, (b, c)) in [1]]", "(b, c)", "a name after `for`"),
    ("[i async for i in widths]", "widths", "a part of Python"),
    ("abs()", "abs()", "found 0 arguments"),
    ("abs(1, 2)", "abs(1, 2)", "found 2 arguments"),
    ("count([1])", "count([1])", "`count(list, x)`, found 1"),
    ("range(1, 2, 3, 4)", "range(1, 2, 3, 4)", "found 4 arguments"),
    ("min()", "min()", "found 0 arguments"),
    ("round_to(8, 8, 8)", "round_to(8, 8, 8)", "found 3 arguments"),
    ("round_to(8, e=8)", "e=8", "`e`"),
    ("round_to(8, 8, d=8)", "d=8", "`d`"),
    ("round_to(d=8)", "d=8", "`d`"),
    ("round(1, d=8)", "d=8", "`d`"),
    ("round_to(8, **widths)", "**widths", "`**`"),
]


@pytest.mark.parametrize(("text", "blamed", "said"), SYNTAX)
def test_no_expression_of_the_language(text: str, blamed: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    error = caught.value
    assert error.code == "bad-expression"
    assert text[error.start : error.end] == blamed
    assert said in error.message


VALUE = "expression-value"
LIMIT = "expression-limit"
EVALUATION = [
    ("1 + kind", "1 + kind", VALUE, "a number for `+`, found the text `relu`"),
    ("kind - 1", "kind - 1", VALUE, "a number for `-`"),
    ("2 * (nothing + 1)", "nothing + 1", VALUE, "a number for `+`, found `None`"),
    ("widths + 1", "widths + 1", VALUE, "a number for `+`, found a list of 2"),
    ("widths * 1.5", "widths * 1.5", VALUE, "a whole number to repeat with, found the number 1.5"),
    ("kind * widths", "kind * widths", VALUE, "a whole number to repeat with"),
    ("kind % 2", "kind % 2", VALUE, "a number for `%`"),
    ("'%s' % 2", "'%s' % 2", VALUE, "a number for `%`"),
    ("kind / 2", "kind / 2", VALUE, "a number for `/`"),
    ("kind // 2", "kind // 2", VALUE, "a number for `//`"),
    ("kind ** 2", "kind ** 2", VALUE, "a number for `**`"),
    ("2 ** kind", "2 ** kind", VALUE, "a number for `**`"),
    ("-kind", "-kind", VALUE, "a number for `-`"),
    ("+widths", "+widths", VALUE, "a number for `+`"),
    ("filters + here", "filters + here", VALUE, "found a value that has `.channels`, `.height`"),
    ("1 / 0", "1 / 0", VALUE, "a divisor other than 0"),
    ("1 // 0", "1 // 0", VALUE, "a divisor other than 0"),
    ("1 % 0.0", "1 % 0.0", VALUE, "a divisor other than 0"),
    ("0 ** -1", "0 ** -1", VALUE, "a base other than 0"),
    ("(-8) ** 0.5", "(-8) ** 0.5", VALUE, "a whole power of a negative number"),
    ("1 < kind", "1 < kind", VALUE, "found the number 1 and the text `relu`"),
    ("1 < 2 < kind", "1 < 2 < kind", VALUE, "two numbers to compare"),
    ("here < here", "here < here", VALUE, "two numbers to compare"),
    ("[1] < ['a']", "[1] < ['a']", VALUE, "lists whose elements have an order"),
    ("1 in 2", "1 in 2", VALUE, "a list after `in`, found the number 2"),
    ("1 in kind", "1 in kind", VALUE, "a text in a text, found the number 1"),
    ("widths[2]", "widths[2]", VALUE, "an index below 2, found 2"),
    ("widths['a']", "widths['a']", VALUE, "a whole number as index"),
    ("widths[0, 1]", "widths[0, 1]", VALUE, "a whole number as index"),
    ("filters[0]", "filters[0]", VALUE, "a list before `[`, found the number 64"),
    ("here[0]", "here[0]", VALUE, "a list before `[`"),
    ("filters[1:]", "filters[1:]", VALUE, "a list before `[`"),
    ("widths[::0]", "widths[::0]", VALUE, "a step other than 0"),
    ("widths['a':]", "widths['a':]", VALUE, "whole numbers in a slice"),
    ("[i for i in filters]", "filters", VALUE, "a list after `in`, found the number 64"),
    ("[i for i in kind]", "kind", VALUE, "a list after `in`"),
    ("[a for a, b in widths]", "widths", VALUE, "lists of 2 after `in`"),
    ("[a for a, b in [[1, 2, 3]]]", "[[1, 2, 3]]", VALUE, "lists of 2 after `in`"),
    ("min([])", "min([])", VALUE, "at least one value for `min`"),
    ("max(1)", "max(1)", VALUE, "a list for `max`, found the number 1"),
    ("max(1, kind)", "max(1, kind)", VALUE, "two numbers to compare"),
    ("sum(kind)", "sum(kind)", VALUE, "a list for `sum`"),
    ("sum(['a'])", "sum(['a'])", VALUE, "a number for `sum`"),
    ("len(1)", "len(1)", VALUE, "a list for `len`"),
    ("abs(kind)", "abs(kind)", VALUE, "a number for `abs`"),
    ("int('3')", "int('3')", VALUE, "a number for `int`"),
    ("round('3')", "round('3')", VALUE, "a number for `round`"),
    ("round(1.5, 0.5)", "round(1.5, 0.5)", VALUE, "a whole number for `round`"),
    ("floor(nothing)", "floor(nothing)", VALUE, "a number for `floor`"),
    ("ceil(nothing)", "ceil(nothing)", VALUE, "a number for `ceil`"),
    ("sqrt(-1)", "sqrt(-1)", VALUE, "a number of at least 0"),
    ("log(0)", "log(0)", VALUE, "numbers above 0"),
    ("log(8, -2)", "log(8, -2)", VALUE, "numbers above 0"),
    ("log(8, 1)", "log(8, 1)", VALUE, "a base other than 1"),
    ("range(1.5)", "range(1.5)", VALUE, "a whole number for `range`"),
    ("range(0, 1, 0)", "range(0, 1, 0)", VALUE, "a step other than 0"),
    ("unique(1)", "unique(1)", VALUE, "a list for `unique`"),
    ("count(1, 1)", "count(1, 1)", VALUE, "a list for `count`"),
    ("letter(-1)", "letter(-1)", VALUE, "a number of at least 0"),
    ("letter(1.0)", "letter(1.0)", VALUE, "a whole number for `letter`"),
    ("round_to(8, d=0)", "round_to(8, d=0)", VALUE, "a divisor of at least 1"),
    ("divisible(8, 2.5)", "divisible(8, 2.5)", VALUE, "a whole number for `divisible`"),
    ("divisible(kind)", "divisible(kind)", VALUE, "a number for `divisible`"),
    ("huge", "huge", LIMIT, "below 2**63"),
    ("infinite", "infinite", LIMIT, "a finite number"),
    ("1 + odd", "odd", LIMIT, "a finite number"),
    ("len(long)", "long", LIMIT, "1,000 characters, found 1,001"),
    ("len(deep)", "deep", LIMIT, "below 2**63"),
    ("filters.channels", "filters.channels", "unknown-attribute", "found the number 64"),
    ("here.channels.x", "here.channels.x", "unknown-attribute", "found the number 64"),
    ("here.__class__", "here.__class__", "unknown-attribute", "found `.__class__`"),
    ("().__class__", "().__class__", "unknown-attribute", "found a list of 0"),
]


@pytest.mark.parametrize(("text", "blamed", "code", "said"), EVALUATION)
def test_no_value(text: str, blamed: str, code: str, said: str) -> None:
    error = _error(text)
    assert error.code == code
    assert text[error.start : error.end] == blamed
    assert said in error.message


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        ("a && b", "use `and`"),
        ("a || b", "use `or`"),
        ("!a", "use `not`"),
        ("a ? b : c", "write a choice as `a if condition else b`"),
        ("a = b", "use `==` to compare"),
        ("$(a)", "leave out `$( )`: an expression needs none"),
        ("filters is None", "use `==`"),
        ("true", "write `True`"),
        ("null", "write `None`"),
        ("here.chanels", "did you mean `channels`?"),
        ("rond(1)", "did you mean `round`?"),
        ("filters + here", "use one of its attributes: `.channels`, `.height`"),
    ],
)
def test_help(text: str, help_text: str) -> None:
    assert _error(text).helps == (help_text,)


def test_an_unknown_name() -> None:
    error = _error("2 * (fliters + 1)")
    assert (error.unknown_name, error.start, error.end) == ("fliters", 5, 12)
    assert error.code == "unknown-name"


@pytest.mark.parametrize("name", ["print", "eval", "__import__", "open", "getattr", "sorted"])
def test_an_unknown_function(name: str) -> None:
    error = _error(f"1 + {name}(filters)")
    assert error.code == "unknown-function"
    assert (error.start, error.end) == (4, 4 + len(name))
    assert len(error.helps) == 1


def test_the_place_counts_characters() -> None:
    text = "  ('é😀', 1 /\n 0)"
    error = _error(text)
    assert text[error.start : error.end] == "1 /\n 0"


@pytest.mark.parametrize("raised", [ValueError("x"), LookupError("x"), RuntimeError("x")])
@pytest.mark.parametrize("text", ["a", "a + 1", "a.b", "max(a, 1)", "[i for i in a]", "[a][0]"])
def test_other_exceptions_of_the_lookup_go_through(text: str, raised: Exception) -> None:
    def lookup(_: str) -> object:
        raise raised

    with pytest.raises(type(raised)) as caught:
        parse(text).evaluate(lookup)
    assert caught.value is raised


def _error(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(text).evaluate(NAMES.__getitem__)
    return caught.value
