"""An id renamed wherever it is meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from archc.diagnostics import Edit, Span
from archc.elaborate.ids import id_problem
from archc.language_server.bodies import Occurrence
from archc.language_server.cursor import Cursor, cursor_at
from archc.language_server.definition import occurrence_at, whole_body
from archc.language_server.document import Document
from archc.resources import specs_folder
from archc.spec import RESERVED, identifier_problem


class CannotRename(Exception):
    """The message says why."""


def renamed_at(document: Document, offset: int) -> Span | None:
    """The place of the id at an offset; None where none is that can be renamed."""
    found = _id_at(document, offset)
    return found[1].span if found is not None else None


def rename(document: Document, offset: int, name: str) -> dict[Path, list[Edit]]:
    """The edits that give the id at an offset another name, file by file.

    Raises `CannotRename` where there is no id, or where the new one won't do.
    """
    found = _id_at(document, offset)
    if found is None:
        raise CannotRename("there is no id here")
    cursor, old = found
    body = whole_body(document, cursor)
    assert body is not None
    blocks = document.inputs_of_blocks
    places = body.of_id(old.name, blocks)
    computed = any(place.kind == "computed" for place in places)
    taken = {each.name for each in body.occurrences(blocks) if each.kind == "declared"}
    _check(name, taken - {old.name} | body.inputs.keys(), computed, body.args)
    edits: dict[Path, list[Edit]] = defaultdict(list)
    for place in places:
        edits[document.real(place.span.source)].append(_edit(place, name))
    if any(path.is_relative_to(specs_folder()) for path in edits.keys() - {document.path}):
        raise CannotRename(f"`{old.name}` is an id of a spec that ships with archc")
    return dict(edits)


def _id_at(document: Document, offset: int) -> tuple[Cursor, Occurrence] | None:
    cursor = cursor_at(document.tree, offset) if document.tree is not None else None
    if cursor is None or document.mapping is None:
        return None
    body = whole_body(document, cursor)
    found = occurrence_at(document, cursor, offset)
    # Whether `group` is the id or the place in the groups depends on where it stands.
    if body is None or found is None or found.name in RESERVED:
        return None
    meant = body.of_id(found.name, document.inputs_of_blocks)
    is_id = any(each.kind == "declared" for each in meant)
    return (
        (cursor, found) if is_id and any(e.span.start == found.span.start for e in meant) else None
    )


def _check(name: str, taken: Iterable[str], computed: bool, args: Iterable[str]) -> None:
    problem = id_problem(name) or (identifier_problem(name) if computed else "")
    if not name or problem:
        raise CannotRename(problem or "expected an id, found nothing")
    if name in taken:
        raise CannotRename(f"`{name}` is another id already")
    if computed and name in args:
        raise CannotRename(f"an arg is called `{name}`, which would hide the id in expressions")


def _edit(place: Occurrence, name: str) -> Edit:
    quotes = place.span.text[:1] if place.span.text[:1] in ("'", '"') else ""
    if place.lone:
        return Edit(place.span, f"={name}")
    return Edit(place.span, f"{quotes}{name}{quotes}" if place.kind != "computed" else name)
