"""The shape that each line gives, to stand behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archc.language_server.places import shapes
from archc.language_server.session import Session
from archc.language_server.versions import carried
from archc.source import Mapping, Node, Sequence


@dataclass(frozen=True, slots=True)
class Hint:
    """A text to show at an offset."""

    offset: int
    text: str


def hints(session: Session, path: Path) -> list[Hint]:
    """The hints of an open document: for each line the shape of the first step that starts in it.

    Where the text is wrong at the moment, those of the lines that did not change.
    """
    places = session.places(path)
    good, now = session.last_good(path), session.document(path).text
    if places is None or good.tree is None:
        return []
    position = good.tree.span.source.position
    first: dict[int, int] = {}
    for start in sorted(places.all_in(path)):
        first.setdefault(position(start)[0], start)
    ends = dict(sorted((position(end)[0], end) for end in _ends(good.tree)))
    found = []
    for line, start in first.items():
        offset = carried(ends[line], good.text, now) if line in ends else None
        if offset is not None:
            found.append(Hint(offset, shapes(places.all_in(path)[start])))
    return found


def _ends(node: Node) -> Iterator[int]:
    """Where keys, scalars and flow collections end."""
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            yield entry.key_span.end + 1
            yield from _ends(entry.value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _ends(item)
    if not isinstance(node, Mapping | Sequence) or node.flow:
        yield node.span.end
