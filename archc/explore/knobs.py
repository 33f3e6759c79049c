"""What a sweep varies: paths into a spec, and the values that each takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from archc.diagnostics import CompileError, Diagnostic, SourceText, Span
from archc.elaborate.values import Constant, Opaque, compile_value
from archc.source import Sequence, compose
from archc.spec import SpecDocument

_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*(?::\s*({_NUMBER}))?\s*")

SPEC_KEYS = frozenset(SpecDocument.model_fields) - {"origin"}
"""The keys of a spec, which go before its args in a path."""

MAX_VALUES = 1_000_000
"""Values of one knob."""


@dataclass(frozen=True, slots=True)
class Knob:
    """A path such as `learner.groups[2].blocks`, and the values that it takes, in order."""

    path: str
    values: tuple[object, ...]


def parse_knob(text: str) -> Knob:
    """`learner.groups[2].blocks=2..36`, `width=0.5,0.75,1.0` or `filters=64..256:32`.

    A range has both its ends; its step follows a colon, and is 1 without. Raises `CompileError`
    (`vary`).
    """
    path, equals, given = text.partition("=")
    if not equals or not path.strip():
        raise _bad(text, 0, "expected a path and its values, such as `width=0.5,1.0`")
    match = _RANGE.fullmatch(given)
    if match is not None:
        return Knob(path.strip(), _range(text, len(path) + 1, *match.groups()))
    if ".." in given and not set(given) & set("\"'["):
        message = "expected a range with both its ends, such as `2..36` or `0.5..2:0.25`"
        raise _bad(text, len(path) + 1, message)
    values = _list(text, len(path) + 1)
    # 1, 1.0 and `true` are equal to Python and not to a spec.
    distinct = {(type(value), value): value for value in values}
    return Knob(path.strip(), tuple(distinct.values()))


def arg_name(path: str, args: Iterable[str]) -> str | None:
    """The arg of the spec that a path names as a whole; None where it leads elsewhere."""
    name = path.removeprefix("args.")
    return name if name in args and (name != path or name not in SPEC_KEYS) else None


def _range(text: str, offset: int, first: str, last: str, step: str | None) -> tuple[object, ...]:
    """The numbers of a range; in decimals, so that 0.1 ten times is 1.0."""
    low, high, by = Decimal(first), Decimal(last), Decimal(step or 1)
    if high < low:
        raise _bad(text, offset, f"the range runs backwards: write `{last}..{first}`")
    if by <= 0:
        raise _bad(text, offset, f"expected a step above 0, found {by}")
    count = int((high - low) / by) + 1
    if count > MAX_VALUES:
        raise _bad(
            text, offset, f"the range has {count:,} values, and a knob at most {MAX_VALUES:,}"
        )
    whole = all("." not in part for part in (first, step or "1"))
    numbers = (low + by * place for place in range(count))
    return tuple(int(number) if whole else float(number) for number in numbers)


def _list(text: str, offset: int) -> list[object]:
    """Values with commas between them, each as YAML reads it."""
    given = text[offset:]
    if not given.strip():
        raise _bad(text, offset, "expected at least one value, found none")
    node = compose(SourceText(f"--vary {text[: offset - 1]}", f"[{given}]"))
    assert isinstance(node, Sequence)
    values = []
    for item in node.items:
        value = compile_value(item, "")
        if not isinstance(value, Constant) or isinstance(value.value, Opaque):
            raise _bad(text, offset, "expected plain values: numbers, texts or lists of them")
        values.append(value.value)
    return values


def _bad(text: str, start: int, message: str) -> CompileError:
    span = Span(SourceText(f"--vary {text}", text), start, max(start + 1, len(text)))
    return CompileError([Diagnostic("vary", message, span)])
