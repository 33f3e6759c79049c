"""What is told of the place under the cursor: what it means, and what the step comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archc.diagnostics.markdown import code
from archc.language_server.cursor import Cursor, cursor_at
from archc.language_server.document import Document
from archc.language_server.places import Part, Places, shapes
from archc.language_server.session import Session
from archc.language_server.versions import carried
from archc.source import Mapping, Scalar


@dataclass(frozen=True, slots=True)
class Told:
    """A text in Markdown, and the stretch `[start, end)` of the document that it speaks of."""

    text: str
    start: int
    end: int


def hover(session: Session, path: Path, offset: int) -> Told | None:
    """What to tell of an offset of an open document; None where there is nothing to tell."""
    now, good = session.document(path), session.last_good(path)
    # Where the text is no YAML at the moment, what did not change still means what it meant.
    read = now if now.tree is not None else good
    at = carried(offset, now.text, read.text)
    if at is None or read.tree is None:
        return None
    cursor = cursor_at(read.tree, at)
    if cursor is None:
        return None
    parts = [_meaning(good, cursor), _step(session, read, cursor)]
    start = carried(cursor.span.start, read.text, now.text)
    text = "\n\n".join(part for part in parts if part)
    if not text or start is None:
        return None
    return Told(text, start, start + cursor.span.end - cursor.span.start)


def _meaning(document: Document, cursor: Cursor) -> str:
    if cursor.is_key:
        return document.guide.text(cursor.path)
    node = cursor.node
    return document.guide.words(cursor.path).get(node.text, "") if isinstance(node, Scalar) else ""


def _step(session: Session, read: Document, cursor: Cursor) -> str:
    """The shapes and costs of the innermost step around the cursor."""
    places = session.places(read.path)
    if places is None:
        return ""
    known, good = places.all_in(read.path), session.last_good(read.path).text
    for name, start in _steps_around(cursor):
        offset = carried(start, read.text, good)
        parts = known.get(offset) if offset is not None else None
        if parts:
            return _told(name, parts, places)
    return ""


def _steps_around(cursor: Cursor) -> Iterator[tuple[str, int]]:
    """The words and the starts of what may be steps, from the cursor outwards."""
    for level in reversed(range(len(cursor.nodes))):
        node = cursor.nodes[level]
        if isinstance(node, Mapping):
            in_list = level > 0 and isinstance(cursor.path[level - 1], int)
            # A step is a mapping in a list: whichever of its keys is meant, its verb is the step.
            keys = tuple(node.entries) if in_list else cursor.path[level : level + 1]
            yield "group", node.span.start
            yield from ((str(key), node.entries[str(key)].key_span.start) for key in keys)
        elif isinstance(node, Scalar):
            yield node.text, node.span.start


def _told(name: str, parts: list[Part], places: Places) -> str:
    costs = places.costs(parts)
    often = f", {len(parts)} times" if len(parts) > 1 else ""
    lines = [f"{code(name)} → **{shapes(parts)}**{often}"]
    if costs is not None:
        together = "together " if len(parts) > 1 else ""
        lines.append(f"{together}{costs[0]:,} parameters, {costs[1]:,} MACs")
    return "  \n".join(lines)
