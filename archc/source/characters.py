"""Characters that YAML does not allow in a text at all."""

from __future__ import annotations

import re

BYTE_ORDER_MARK = "\ufeff"

_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
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
