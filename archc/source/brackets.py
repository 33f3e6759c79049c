"""Brackets and quotes of an expression, read without parsing it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_ENDS: Final = frozenset(_CLOSING.values())
_EXPRESSION_END: Final = re.compile(r"[,\]}\r\n]|:\s| #|\Z")


class Unbalanced(NamedTuple):
    """A bracket or quote without its partner: where it stands, and the partner if it opens."""

    offset: int
    character: str
    partner: str | None


def unbalanced(text: str) -> Unbalanced | None:
    """The first bracket or quote of an expression that lacks its partner, if any."""
    opened: list[Unbalanced] = []
    offset = 0
    while offset < len(text):
        character = text[offset]
        if character in "'\"":
            end = quote_end(text, offset)
            if end is None:
                return Unbalanced(offset, character, character)
            offset = end
            continue
        if character in _CLOSING:
            opened.append(Unbalanced(offset, character, _CLOSING[character]))
        elif character in _ENDS and (not opened or opened.pop().partner != character):
            return Unbalanced(offset, character, None)
        offset += 1
    return opened[-1] if opened else None


def closing_bracket(text: str, start: int) -> int | None:
    """The offset of the bracket that closes the one at `start`, quotes respected."""
    partners: list[str] = []
    offset = start
    while offset < len(text):
        character = text[offset]
        if character in "'\"":
            end = quote_end(text, offset)
            if end is None:
                return None
            offset = end
            continue
        if character in _CLOSING:
            partners.append(_CLOSING[character])
        elif character in _ENDS:
            if partners.pop() != character:
                return None
            if not partners:
                return offset
        offset += 1
    return None


def expression_end(text: str, start: int) -> int | None:
    """Where the expression or text at `start` of a flow collection was meant to end.

    That is the first comma, bracket, colon, comment or line end outside all of its own brackets and
    quotes; None where they are not balanced up to the end of the line.
    """
    # Outside its `$(…)` a text may hold an apostrophe.
    quotes = "'\"" if text[start] == "=" else ""
    offset = start
    while not _EXPRESSION_END.match(text, offset):
        character = text[offset]
        if character in _CLOSING:
            closing = closing_bracket(text, offset)
            end = None if closing is None else closing + 1
        else:
            end = quote_end(text, offset) if character in quotes else offset + 1
        if end is None or "\n" in text[offset:end]:
            return None
        offset = end
    return start + len(text[start:offset].rstrip())


def quote_end(text: str, start: int) -> int | None:
    """The offset after the quote that closes the one at `start`; a backslash escapes."""
    offset = start + 1
    while offset < len(text):
        if text[offset] == text[start]:
            return offset + 1
        offset += 2 if text[offset] == "\\" else 1
    return None
