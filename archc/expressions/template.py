"""Text that interpolates expressions: `block$(group.number)$(letter(block.index))`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from archc.expressions.errors import ExpressionError
from archc.expressions.expression import Expression, parse
from archc.expressions.limits import MAX_CHARACTERS, MAX_INTEGER
from archc.expressions.values import Lookup, Value, describe
from archc.source.brackets import closing_bracket

Part: TypeAlias = "str | tuple[Expression, int]"


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A text with expressions in it; each comes with the offset of its own text in `text`."""

    text: str
    parts: tuple[Part, ...] = field(repr=False)
    names: frozenset[str]
    attributes: frozenset[tuple[str, str]] = field(repr=False)

    @property
    def constant(self) -> bool:
        """Whether the text has no expression in it."""
        return all(isinstance(part, str) for part in self.parts)

    def evaluate(self, lookup: Lookup) -> str:
        """The text with the values put in. Raises `ExpressionError`, offsets into `text`."""
        shown = [
            part if isinstance(part, str) else self._shown(*part, lookup) for part in self.parts
        ]
        text = "".join(shown)
        if len(text) > MAX_CHARACTERS and not self.constant:
            message = (
                f"expected a text of at most {MAX_CHARACTERS:,} characters, found {len(text):,}"
            )
            raise ExpressionError(message, 0, len(self.text), code="expression-limit")
        return text

    def _shown(self, expression: Expression, offset: int, lookup: Lookup) -> str:
        try:
            value = expression.evaluate(lookup)
        except ExpressionError as error:
            raise error.shifted(offset) from None
        shown = _text(value)
        if shown is None:
            message = f"expected a number or a text between `$(` and `)`, found {describe(value)}"
            raise ExpressionError(
                message, offset, offset + len(expression.text), code="expression-value"
            )
        return shown


def _text(value: Value) -> str | None:
    """A value as YAML writes it, a whole number without its point; None if it is no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER:
        return str(int(value))
    return str(value) if isinstance(value, int | float | str) else None


@lru_cache(maxsize=4096)
def parse_text(text: str) -> Template:
    """The template of a text. Raises `ExpressionError` with offsets into it."""
    parts: list[Part] = []
    position = 0
    opened = text.find("$(")
    while opened >= 0:
        closing = closing_bracket(text, opened + 1)
        if closing is None:
            raise ExpressionError("expected `)` to close `$(`, found none", opened, opened + 2)
        if opened > position:
            parts.append(text[position:opened])
        parts.append((_embedded(text, opened + 2, closing), opened + 2))
        position = closing + 1
        opened = text.find("$(", position)
    if position < len(text) or not parts:
        parts.append(text[position:])
    expressions = [part[0] for part in parts if not isinstance(part, str)]
    names = frozenset[str]().union(*(expression.names for expression in expressions))
    attributes = frozenset[tuple[str, str]]().union(
        *(expression.attributes for expression in expressions)
    )
    return Template(text, tuple(parts), names, attributes)


def _embedded(text: str, start: int, end: int) -> Expression:
    try:
        return parse(text[start:end])
    except ExpressionError as error:
        raise error.shifted(start) from None
