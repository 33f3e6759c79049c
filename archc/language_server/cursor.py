"""What stands under the cursor: the way to a node, also in a text that is unfinished."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TypeAlias

from archc.diagnostics import CompileError, SourceText, Span
from archc.source import Mapping, Node, Scalar, Sequence, compose

Path: TypeAlias = tuple[str | int, ...]
"""Keys and positions from the root of a tree to a node."""

MARK = "archc_cursor"
_CLOSING = {"[": "]", "{": "}"}
_IN_BLOCK, _IN_FLOW = "\n:-?", "\n[{,:"
"""What a value can stand behind, blanks left out: elsewhere a bracket is a part of a text."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The innermost key or node at an offset.

    `path` leads to it; `nodes` are those on the way, the root first; `is_key` says that a key is
    meant, the last of the path, and not its value; `span` is its place.
    """

    path: Path
    nodes: tuple[Node, ...]
    is_key: bool
    span: Span

    @property
    def node(self) -> Node:
        return self.nodes[-1]


def cursor_at(root: Node, offset: int) -> Cursor | None:
    """What stands at an offset; None between nodes, and in comments."""
    return _find(root, offset, (), ())


def _find(node: Node, offset: int, path: Path, above: tuple[Node, ...]) -> Cursor | None:
    nodes = (*above, node)
    if isinstance(node, Mapping):
        for key, entry in node.entries.items():
            if _holds(entry.key_span, offset):
                return Cursor((*path, key), (*nodes, entry.value), True, entry.key_span)
            if _holds(entry.value.span, offset):
                return _find(entry.value, offset, (*path, key), nodes)
        return None
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            if _holds(item.span, offset):
                return _find(item, offset, (*path, index), nodes)
        return None
    return Cursor(path, nodes, False, node.span)


def _holds(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end


@dataclass(frozen=True, slots=True)
class Gap:
    """Where something may be written: the way there, and whether it would be a key.

    `siblings` are the keys that the mapping has already, `own` the ids of the steps around.
    """

    path: Path
    is_key: bool
    siblings: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()


def gaps(head: str) -> list[Gap]:
    """What a word at the end of `head`, the text before the cursor, could become: nothing else of
    the text matters. Empty where the text before is broken.
    """
    closing = _open_brackets(head)
    found = []
    for ending in (MARK, f"{MARK}:"):
        try:
            root = compose(SourceText("", f"{head}{ending}{closing}"))
        except CompileError:
            continue
        gap = _find_mark(root, ())
        if gap is not None and gap not in found:
            found.append(gap)
    return found


def _find_mark(node: Node, path: Path) -> Gap | None:
    if isinstance(node, Scalar):
        return Gap(path, is_key=False) if MARK in node.text else None
    if isinstance(node, Sequence):
        items = (_find_mark(item, (*path, index)) for index, item in enumerate(node.items))
        return next((gap for gap in items if gap is not None), None)
    identifier = node.get("id")
    own = frozenset({identifier.text} if isinstance(identifier, Scalar) else ())
    if MARK in node.entries:
        return Gap(path, True, frozenset(node.entries) - {MARK}, own)
    inner = (_find_mark(entry.value, (*path, key)) for key, entry in node.entries.items())
    found = next((gap for gap in inner if gap is not None), None)
    return None if found is None else replace(found, own=found.own | own)


def _open_brackets(text: str) -> str:
    """What closes the flow collections that are open at the end of a text."""
    closing: list[str] = []
    offset, before, last = 0, "\n", "\n"
    while offset < len(text):
        character = text[offset]
        starts = last in (_IN_FLOW if closing else _IN_BLOCK)
        if character == "#" and before.isspace():
            offset = (text + "\n").index("\n", offset)
        elif character in "'\"" and starts:
            offset = _quote_end(text, offset)
        elif character in _CLOSING and starts:
            closing.append(_CLOSING[character])
        elif closing and character == closing[-1]:
            closing.pop()
        before = text[offset : offset + 1]
        last = last if before in " \t" else before
        offset += 1
    return "".join(reversed(closing))


def _quote_end(text: str, start: int) -> int:
    """The offset of the quote that closes the one at `start`, or of the text's end."""
    pattern = r'"(?:[^"\\]|\\.)*' if text[start] == '"' else r"'(?:[^']|'')*"
    match = re.compile(pattern, re.S).match(text, start)
    return match.end() if match else len(text)
