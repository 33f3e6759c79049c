"""Text of strangers as it may be printed: it can't draw on the terminal, nor make lines of its own.

What is not printable is shown as the escape of a Python literal, in JSON as an escape of JSON.
"""

from __future__ import annotations

_LONGEST_TEXT = 500
"""Characters of a text in one line that are shown."""


def printable(text: str) -> str:
    """The text in one line, cut where it is long, its control characters shown as escapes."""
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}…"
    return escaped(text)


def escaped(text: str) -> str:
    """The whole text in one line, its control characters shown as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def json_text(data: object, indent: int | None = None) -> str:
    """Plain data as JSON that reads well and is safe to print: letters beyond ASCII as they are,
    control characters and those that change the direction of writing as escapes.
    """
    import json

    text = json.dumps(data, ensure_ascii=False, indent=indent)
    if text.replace("\n", " ").isprintable():
        return text
    return "\n".join([_json_escaped(line) for line in text.split("\n")])


def _json_escaped(line: str) -> str:
    import json

    return "".join([c if c.isprintable() else json.dumps(c)[1:-1] for c in line])
