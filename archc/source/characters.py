"""Characters that YAML does not allow in a text at all."""

from __future__ import annotations

import re

BYTE_ORDER_MARK = "\ufeff"

# Those that are allowed are many more, which takes ten times as long to compile.
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)


def forbidden_character(text: str) -> int | None:
    """The offset of the first control character, surrogate or inner byte order mark, if any.

    A byte order mark at the very start is allowed. Source: YAML 1.2.2, section 5.1.
    """
    found = _FORBIDDEN.search(text, 1 if text.startswith(BYTE_ORDER_MARK) else 0)
    return found.start() if found else None


def visible(text: str) -> str:
    """The text with a replacement for each forbidden character: same length, safe to show."""
    return _FORBIDDEN.sub("\ufffd", text)


def character_name(character: str) -> str:
    return f"U+{ord(character):04X}"
