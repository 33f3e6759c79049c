"""How a scalar is written where it now stands; it keeps its quotes, or their absence."""

from __future__ import annotations

import json
import re
from typing import Final

from archc.format.nodes import Leaf

_FLOW_SIGNS: Final = re.compile(r"[,\[\]{}?]")
_ODD: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_ODD_BREAK: Final = re.compile(r"[\x85\u2028\u2029]")
_HEADER: Final = re.compile(r"[|>](?P<signs>[-+0-9]*)")


def on_a_line(leaf: Leaf, *, flow: bool) -> str | None:
    """The scalar on one line, in a flow collection or outside; None where it needs several."""
    text = leaf.raw
    if leaf.style in ("|", ">"):
        return None
    if "\n" in text or _ODD_BREAK.search(text):
        return None if not _ODD_BREAK.search(text) else _anchored(leaf, spelled(leaf.value))
    if not leaf.style and (text in ("-", "?", ":") or (flow and _FLOW_SIGNS.search(text))):
        text = spelled(text)
    return _anchored(leaf, text)


def as_key(leaf: Leaf, *, flow: bool) -> str:
    """The scalar as a key, without the colon."""
    if leaf.style == "*":
        return f"{leaf.raw} "
    if not leaf.raw:
        return _anchored(leaf, '""')
    line = on_a_line(leaf, flow=flow)
    return _anchored(leaf, spelled(leaf.value)) if line is None else line


def on_lines(leaf: Leaf, indent: int) -> list[str]:
    """The scalar on several lines, below a collection at `indent`; the first without indent."""
    first, *rest = leaf.raw.split("\n")
    if leaf.style not in ("|", ">"):
        margin = " " * (indent + 2)
        lines = [_without_end_blanks(first)]
        for line in rest:
            content = _without_end_blanks(line.lstrip(" \t"))
            lines.append(margin + content if content else "")
        return [_anchored(leaf, lines[0]), *lines[1:]]
    return [_anchored(leaf, first.rstrip(" \t")), *_moved(leaf, first, rest, indent)]


def spelled(text: str) -> str:
    """A text in quotes: double ones, unless it holds what they would escape."""
    plain = text.isprintable()
    if plain and ('"' in text or "\\" in text):
        return "'" + text.replace("'", "''") + "'"
    escaped = json.dumps(text, ensure_ascii=False)
    return _ODD.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)


def _moved(leaf: Leaf, header: str, lines: list[str], indent: int) -> list[str]:
    """The lines of a block scalar, as far to the right of `indent` as they were of the old."""
    match = _HEADER.match(header)
    signs = match["signs"] if match else ""
    if "+" in signs and lines and not lines[-1]:
        lines = lines[:-1]
    if any(sign.isdigit() for sign in signs):
        old, new = leaf.column, indent
    else:
        old, new = _indent_of(lines), indent + 2
    return [_shifted(line, new - old) for line in lines]


def _indent_of(lines: list[str]) -> int:
    return next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), 0)


def _shifted(line: str, by: int) -> str:
    if by >= 0:
        return " " * by + line if line else line
    return line[min(-by, len(line) - len(line.lstrip(" "))) :]


def _without_end_blanks(line: str) -> str:
    bare = line.rstrip(" \t")
    # A backslash keeps the blank behind it.
    return line if bare.endswith("\\") else bare


def _anchored(leaf: Leaf, text: str) -> str:
    return f"&{leaf.anchor} {text}".rstrip(" ") if leaf.anchor else text
