"""Text of strangers in Markdown: it shows as it is, without HTML, links and images."""

from __future__ import annotations

import re

from archc.diagnostics.printable import escaped

_MARKUP = "\\|<>*_`[]~&$#!"


def literal(text: str) -> str:
    """The text in one line, as it is."""
    text = escaped(text)
    for letter in _MARKUP:
        text = text.replace(letter, f"\\{letter}")
    return text


def prose(text: str) -> str:
    """The text in one line, as it is but for code in backticks, which stays code."""
    parts = re.split(r"(?<!`)`([^`]+)`(?!`)", " ".join(text.split()))
    line = "".join(code(part) if place % 2 else literal(part) for place, part in enumerate(parts))
    # At the start of a line they would make a list, or a heading of the line above.
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", line)


def code(text: str) -> str:
    """The text in one line, as code."""
    return f"`{escaped(text).replace('`', chr(39))}`"
