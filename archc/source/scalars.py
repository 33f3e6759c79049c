"""What a plain scalar means (YAML 1.2's core schema), and where its characters stand."""

from __future__ import annotations

import re
from math import isinf
from typing import Final

from archc.diagnostics import Span
from archc.source.limits import MAX_DIGITS
from archc.source.nodes import Scalar, ScalarValue

_WORDS: Final[dict[str, ScalarValue]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{
        sign + inf: float(sign + "inf")
        for sign in ("", "+", "-")
        for inf in (".inf", ".Inf", ".INF")
    },
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMBER_START: Final = frozenset("+-.0123456789")
_NUMBER: Final = re.compile(
    r"(?P<decimal>[-+]?[0-9]+)"
    r"|0o(?P<octal>[0-7]+)"
    r"|0x(?P<hexadecimal>[0-9a-fA-F]+)"
    r"|(?P<fraction>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
)


class NumberRangeError(ValueError):
    """A number that is too large to be held; the message says what is expected."""


def resolve(text: str) -> ScalarValue:
    """The value of a plain scalar under YAML 1.2's core schema (YAML 1.2.2, section 10.3.2).

    Raises `NumberRangeError` for a whole number of more than 18 digits and for a decimal
    fraction beyond a double.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    match = _NUMBER.fullmatch(text)
    return text if match is None else _number(match)


def _number(match: re.Match[str]) -> int | float:
    if match["decimal"]:
        return _whole(match["decimal"], 10)
    if match["octal"]:
        return _whole(match["octal"], 8)
    if match["hexadecimal"]:
        return _whole(match["hexadecimal"], 16)
    number = float(match["fraction"])
    if isinf(number):
        raise NumberRangeError("expected a number below 1.8e308, found a larger one")
    return number


def _whole(digits: str, base: int) -> int:
    # Counted before the conversion, which is quadratic in the number of digits.
    significant = len(digits.lstrip("+-0"))
    if significant <= MAX_DIGITS:
        number = int(digits, base)
        if abs(number) < 10**MAX_DIGITS:
            return number
    raise NumberRangeError(
        f"expected a whole number of at most {MAX_DIGITS} digits, found a larger one"
    )


def span_inside(scalar: Scalar, start: int, end: int) -> Span:
    """The place of `scalar.text[start:end]` in the source text.

    Where escapes keep text and source apart it is the place of the whole scalar.
    """
    raw = scalar.span.text
    offsets = _raw_offsets(raw, _content_start(raw) if scalar.quoted else 0, scalar.text)
    if offsets is None:
        return scalar.span
    begin = scalar.span.start
    last = offsets[end - 1] + 1 if end > start else offsets[start]
    return Span(scalar.span.source, begin + offsets[start], begin + last)


def _content_start(raw: str) -> int:
    """Where the content of a quoted or block scalar starts: after the quote or the header line."""
    return raw.find("\n") + 1 if raw[:1] in ("|", ">") else 1


def _raw_offsets(raw: str, position: int, text: str) -> list[int] | None:
    """For each offset of `text`, its end included, the offset in `raw`; white space may differ."""
    offsets = []
    for character in text:
        blank = character.isspace()
        while not blank and position < len(raw) and raw[position].isspace():
            position += 1
        offsets.append(min(position, max(len(raw) - 1, 0)))
        if position < len(raw) and (
            raw[position] == character or (blank and raw[position].isspace())
        ):
            position += 1
        elif not blank:
            return None
    offsets.append(position)
    return offsets
