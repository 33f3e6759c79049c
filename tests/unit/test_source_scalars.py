"""Plain scalars mean what YAML 1.2's core schema says, and know where their characters stand."""

from __future__ import annotations

import math

import pytest

from archc.diagnostics import CompileError, SourceText
from archc.source import Mapping, NumberRangeError, Scalar, compose, resolve, span_inside

CORE_SCHEMA = {
    # Example 10.9 and section 10.3.2 of YAML 1.2.2, and the traps of YAML 1.1.
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "nULL": "nULL",
    "true": True, "True": True, "TRUE": True, "tRUE": "tRUE",
    "false": False, "False": False, "FALSE": False,
    "yes": "yes", "no": "no", "on": "on", "off": "off", "y": "y", "n": "n", "No": "No",
    "0": 0, "7": 7, "-19": -19, "+12": 12, "012": 12, "-0": 0, "00": 0, "089": 89,
    "0o7": 7, "0o14": 12, "0o8": "0o8", "0x3A": 58, "0xff": 255, "0xg": "0xg", "-0x1": "-0x1",
    "0b1": "0b1", "1_000": "1_000", "1:30": "1:30", "190:20:30": "190:20:30",
    "0.": 0.0, "-0.0": -0.0, ".5": 0.5, "+.5": 0.5, "12e03": 12000.0, "-2E+05": -200000.0,
    "1e-5": 1e-5, "1e5": 1e5, "1.001e-5": 1.001e-5, "1.5": 1.5, "1e": "1e", "e5": "e5",
    ".": ".", "-": "-", "+": "+", "-.": "-.", "1.2.3": "1.2.3", "1 2": "1 2", "--1": "--1",
    ".inf": math.inf, "-.inf": -math.inf, "+.INF": math.inf, ".Inf": math.inf, "inf": "inf",
    "nan": "nan", "2001-12-14": "2001-12-14", "=": "=", "<<": "<<", "relu": "relu",
    "999999999999999999": 999999999999999999, "000000000000000000000000001": 1,
    "٣": "٣", "1\n": "1\n",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CORE_SCHEMA.items())
def test_core_schema(text: str, expected: object) -> None:
    value = resolve(text)
    assert value == expected
    assert type(value) is type(expected)


def test_the_words_for_no_number() -> None:
    assert all(math.isnan(float(str(resolve(text)))) for text in (".nan", ".NaN", ".NAN"))


@pytest.mark.parametrize(
    "text",
    ["1000000000000000000", "-1000000000000000000", "0xfffffffffffffffff", "9" * 5000, "1e999"],
)
def test_numbers_that_are_too_large(text: str) -> None:
    with pytest.raises(NumberRangeError):
        resolve(text)
    with pytest.raises(CompileError) as caught:
        compose(SourceText("a.yaml", f"a: {text}"))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "number-range"
    assert diagnostic.span is not None
    assert diagnostic.span.text == text


@pytest.mark.parametrize("text", ["'12'", '"12"', "|-\n  12", ">-\n  12"])
def test_quotes_make_a_text(text: str) -> None:
    scalar = _value(f"a: {text}")
    assert (scalar.value, scalar.text, scalar.quoted) == ("12", "12", True)


@pytest.mark.parametrize(
    ("yaml", "word", "line", "column"),
    [
        ("a: =4 * filters", "filters", 1, 9),
        ("a: '=4 * filters'", "filters", 1, 10),
        ('a: "=4 * filters"', "filters", 1, 10),
        ("😀: =4 * filters", "filters", 1, 9),
        ("\ufeffa: =4 * filters", "filters", 1, 10),
        ("a: =4\n  * filters", "filters", 2, 5),
        ("a: >-\n  =4\n  * filters", "filters", 3, 5),
        ("a: |\n  =4 *\n    filters\n", "filters", 3, 5),
        ('a: "=4\n\n  * filters"', "filters", 3, 5),
        ("a:\r\n  =4\r\n  * filters", "filters", 3, 5),
    ],
)
def test_a_part_of_a_scalar_has_a_place(yaml: str, word: str, line: int, column: int) -> None:
    scalar = _value(yaml)
    start = scalar.text.index(word)
    span = span_inside(scalar, start, start + len(word))
    assert (span.text, span.line, span.column) == (word, line, column)


def test_a_part_behind_an_escape_has_the_place_of_the_scalar() -> None:
    scalar = _value(r'a: "=4\x20* filters"')
    assert span_inside(scalar, 5, 12) == scalar.span


def test_an_empty_part_has_a_place() -> None:
    scalar = _value("a: '=4'")
    span = span_inside(scalar, 2, 2)
    assert (span.start, span.end) == (6, 6)


def _value(yaml: str) -> Scalar:
    tree = compose(SourceText("a.yaml", yaml))
    assert isinstance(tree, Mapping)
    (entry,) = tree.entries.values()
    assert isinstance(entry.value, Scalar)
    return entry.value
