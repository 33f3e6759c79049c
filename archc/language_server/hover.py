"""What is told of the place under the cursor: what it means, and what the step comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archc.diagnostics import Span
from archc.language_server.cursor import Cursor, cursor_at
from archc.language_server.document import Document
from archc.language_server.places import Part, Places, shapes
from archc.language_server.session import Session
from archc.language_server.versions import carried
from archc.source import Mapping, Scalar


@dataclass(frozen=True, slots=True)
class Told:
    """A text in Markdown, and the place that it speaks of."""

    text: str
    span: Span


def hover(session: Session, path: Path, offset: int) -> Told | None:
    """What to tell of an offset of an open document; None where there is nothing to tell."""
    document = session.document(path)
    cursor = cursor_at(document.tree, offset) if document.tree is not None else None
    if cursor is None:
        return None
    parts = [_meaning(session.last_good(path), cursor), _step(session, path, document, cursor)]
    text = "\n\n".join(part for part in parts if part)
    return Told(text, cursor.span) if text else None


def _meaning(document: Document, cursor: Cursor) -> str:
    if cursor.is_key:
        return document.guide.text(cursor.path)
    node = cursor.node
    words = document.guide.words(cursor.path) if isinstance(node, Scalar) else {}
    return words.get(node.text, "") if isinstance(node, Scalar) else ""


def _step(session: Session, path: Path, document: Document, cursor: Cursor) -> str:
    """The shapes and costs of the innermost step around the cursor."""
    places = session.places(path)
    if places is None:
        return ""
    parts_here = places.all_in(path)
    good = session.last_good(path).text
    for name, start in _steps_around(cursor):
        offset = carried(start, document.text, good)
        parts = parts_here.get(offset) if offset is not None else None
        if parts:
            return _told(name, parts, places)
    return ""


def _steps_around(cursor: Cursor) -> Iterator[tuple[str, int]]:
    """The words and the starts of what may be steps, from the cursor outwards."""
    yield _word(cursor.span), cursor.span.start
    for node in reversed(cursor.nodes):
        if isinstance(node, Mapping):
            yield "group", node.span.start
            for key, entry in node.entries.items():
                if key in cursor.path or len(node.entries) < 6:
                    yield key, entry.key_span.start
        else:
            yield _word(node.span), node.span.start


def _word(span: Span) -> str:
    return span.text.strip("\"'")


def _told(name: str, parts: list[Part], places: Places) -> str:
    costs = places.costs(parts)
    often = f", {len(parts)} times" if len(parts) > 1 else ""
    lines = [f"`{name}` → **{shapes(parts)}**{often}"]
    if costs is not None:
        together = "together " if len(parts) > 1 else ""
        lines.append(f"{together}{costs[0]:,} parameters, {costs[1]:,} MACs")
    return "  \n".join(lines)
