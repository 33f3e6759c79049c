"""`--where`: a condition on the rows of a sweep, in the language of a spec's expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from archc.analyses.quantity import parse_quantity
from archc.diagnostics import CompileError, Diagnostic, SourceText, Span, one_of
from archc.explore.columns import Getter
from archc.explore.walk import Point
from archc.expressions import ExpressionError, parse
from archc.layers import spelled

_TEXT = r"'[^']*'|\"[^\"]*\""
_QUANTITY = r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?:[kKMGT]|[KMGT]i)B?(?!\w)"

_FIRST_LETTER = 0x4E00
"""Letters from here on stand for what the language of expressions has no word for."""

_MOST_LETTERS = 0x5000


class Condition:
    """`macs < 4G and params < 30M`: what a row must hold to be kept.

    `getters` are the names that it may use; a path such as `groups[2].blocks` is one too.
    Raises `CompileError` (`where`) for a text that is no condition on them.
    """

    def __init__(self, text: str, getters: Mapping[str, Getter]) -> None:
        self._source = SourceText("--where", text)
        self._getters = dict(getters)
        self._written: dict[str, str] = {}
        self._quantities: dict[str, object] = {}
        rewritten = self._rewritten(text, [name for name in getters if not name.isidentifier()])
        try:
            self._expression = parse(rewritten)
        except ExpressionError as error:
            raise self._wrong(error) from None
        self._refuse_unknown()

    def holds(self, point: Point) -> bool:
        """Whether the row is kept. Raises `CompileError` where it can't be told."""

        def lookup(name: str) -> object:
            known = self._quantities.get(name)
            return self._getters[name](point) if known is None else known

        try:
            result = self._expression.evaluate(lookup)
        except ExpressionError as error:
            raise self._wrong(error) from None
        if result is True or result is False:
            return result
        message = f"expected a condition such as `macs < 4G`, found {spelled(result)}"
        raise CompileError([Diagnostic("where", message, self._span(0, len(self._source.text)))])

    def _rewritten(self, text: str, paths: list[str]) -> str:
        """The text with a name, of the same length, for each quantity and path."""
        names = "|".join(rf"(?<![\w.\]]){re.escape(p)}(?![\w.\[])" for p in _longest_first(paths))
        pattern = re.compile(f"({_TEXT})|({_QUANTITY})" + (f"|({names})" if names else ""))
        return pattern.sub(self._name, text)

    def _name(self, match: re.Match[str]) -> str:
        word = match[0]
        if match[1]:
            return word
        letter = chr(_FIRST_LETTER + len(self._written) % _MOST_LETTERS)
        name = letter * len(word)
        self._written[name] = word
        if match[2]:
            self._quantities[name] = _quantity(word)
        else:
            self._getters[name] = self._getters[word]
        return name

    def _refuse_unknown(self) -> None:
        known = self._getters.keys() | self._quantities.keys()
        for name in sorted(self._expression.names - known):
            start, end = self._expression.name_positions[name][0]
            names = [each for each in self._getters if each not in self._written]
            meant = [f"`{each}`" for each in names if each.endswith(f".{name}")]
            help_line = one_of(name, names, "names of a row")
            helps = (f"say which one: {', '.join(meant)}" if meant else help_line,)
            message = f"unknown name `{name}`"
            raise CompileError([Diagnostic("where", message, self._span(start, end), helps=helps)])

    def _wrong(self, error: ExpressionError) -> CompileError:
        message = error.message
        for name, word in self._written.items():
            message = message.replace(name, word)
        span = self._span(error.start, error.end)
        return CompileError([Diagnostic("where", message, span, helps=error.helps)])

    def _span(self, start: int, end: int) -> Span:
        return Span(self._source, start, end)


def _quantity(word: str) -> int | float:
    """`3.86G` as a number, whole where it is one."""
    number = word.rstrip("kKMGTiB")
    unit = parse_quantity(f"1{word[len(number) :]}")
    assert unit is not None
    value = Decimal(number.replace("_", "")) * unit.value
    return int(value) if value == int(value) else float(value)


def _longest_first(paths: list[str]) -> list[str]:
    return sorted(paths, key=len, reverse=True)
