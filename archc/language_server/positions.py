"""Offsets in a text ↔ the lines and columns of the protocol, which counts in units of its own."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from archc.diagnostics import Span

_UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
"""Each encoding that a client may count in, and the bytes of one of its units."""

Position = tuple[int, int]
"""A line and a column, both from 0; the column in units of the encoding."""


@dataclass(frozen=True)
class Positions:
    """The places of one text. Offsets count characters."""

    text: str
    encoding: str = "utf-16"

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(offset + 1 for offset, c in enumerate(self.text) if c == "\n")]

    def position(self, offset: int) -> Position:
        """The place of an offset."""
        line = bisect_right(self._starts, offset) - 1
        return line, self._units(self.text[self._starts[line] : offset])

    def range(self, span: Span) -> tuple[Position, Position]:
        """Where a span of this text starts and ends."""
        return self.position(span.start), self.position(span.end)

    def offset(self, line: int, column: int) -> int:
        """The offset of a place; beyond the end of a line it is that end, as the protocol says."""
        if line >= len(self._starts):
            return len(self.text)
        start, end = self._starts[line], self.line_end(line)
        if self.text.isascii():
            return min(start + column, end)
        units = 0
        for offset in range(start, end):
            if units >= column:
                return offset
            units += self._units(self.text[offset])
        return end

    def line_end(self, line: int) -> int:
        """The offset behind the last character of a line."""
        last = line + 1 >= len(self._starts)
        end = len(self.text) if last else self._starts[line + 1] - 1
        return end - 1 if self.text[end - 1 : end] == "\r" and end > self._starts[line] else end

    def _units(self, text: str) -> int:
        codec, width = _UNITS[self.encoding]
        return len(text) if text.isascii() else len(text.encode(codec)) // width
