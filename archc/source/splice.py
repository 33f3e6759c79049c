"""A text with some of its values replaced: comments and layout stay as they are."""

from __future__ import annotations

from archc.diagnostics import Span
from archc.source.nodes import Mapping


class Splices:
    """Changes of one text, collected in any order and made all at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._changes: list[tuple[int, int, str]] = []

    def replace(self, span: Span, text: str) -> None:
        """Put a text in the place of another."""
        start = span.start
        # A value that is not written, as in `relu:`, stands right behind the colon.
        lacks_blank = span.start == span.end and self._text[start - 1 : start] not in ("", " ")
        self._changes.append((start, span.end, f" {text}" if lacks_blank else text))

    def put(self, mapping: Mapping, key: str, text: str) -> None:
        """Set a key of a mapping: its value where it has one, else behind its last entry."""
        entry = mapping.entries.get(key)
        if entry is not None:
            self.replace(entry.value.span, text)
        elif mapping.flow:
            comma = ", " if mapping.entries else ""
            at = _end(mapping) if mapping.entries else mapping.span.end - 1
            self._changes.append((at, at, f"{comma}{key}: {text}"))
        else:
            at = self._line_end(_end(mapping))
            first = next(iter(mapping.entries.values()))
            indent = " " * (first.key_span.column - 1)
            self._changes.append((at, at, f"\n{indent}{key}: {text}"))

    def result(self) -> str:
        """The text with all changes made."""
        parts, position = [], 0
        for start, end, text in sorted(self._changes, key=lambda change: change[:2]):
            parts += [self._text[position:start], text]
            position = end
        return "".join([*parts, self._text[position:]])

    def _line_end(self, offset: int) -> int:
        found = self._text.find("\n", offset)
        return len(self._text) if found < 0 else found


def _end(mapping: Mapping) -> int:
    """Where the last entry of a mapping ends, as it is written."""
    entries = mapping.entries.values()
    return max(max(entry.key_span.end, entry.value.span.end) for entry in entries)
