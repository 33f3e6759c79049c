"""Where a name under the cursor is defined: a block, an arg, an id, an input, a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archc.diagnostics import CompileError, SourceText, Span
from archc.language_server.bodies import Body, Occurrence, body_of
from archc.language_server.cursor import Cursor, cursor_at
from archc.language_server.document import Document
from archc.source import Mapping, Scalar, read_source
from archc.source.locate import Place, locate_reference
from archc.spec import Assembled, Library


@dataclass(frozen=True, slots=True)
class Target:
    """A place in a file."""

    path: Path
    span: Span


def definition(document: Document, offset: int) -> Target | None:
    """Where the name at an offset is defined; None where it is none, or nothing defines it."""
    cursor = cursor_at(document.tree, offset) if document.tree is not None else None
    if cursor is None or document.mapping is None:
        return None
    found = _file(document, cursor) or _arg(document, cursor) or _block(document, cursor)
    return found or _name(document, cursor, offset)


def _file(document: Document, cursor: Cursor) -> Target | None:
    """The file that `use` or `extends` names."""
    node = cursor.node
    if cursor.path[:1] not in (("use",), ("extends",)) or not isinstance(node, Scalar):
        return None
    place = Place(document.path, document.path.parent)
    try:
        reference = node.text.partition("@")[0]
        found = locate_reference(reference, node.span, place, document.search, "library-unknown")
        source = read_source(found.path)
    except CompileError:
        return None
    return Target(found.path, Span(source, 0, 0))


def _block(document: Document, cursor: Cursor) -> Target | None:
    """The block that a verb, a bare word or `block:` names."""
    node, last = cursor.node, cursor.path[-1] if cursor.path else ""
    name = str(last) if cursor.is_key else ""
    if isinstance(node, Scalar) and not cursor.is_key and last not in ("id", "from"):
        name = node.text
    return _target(document, block_span(document, name)) if name in document.blocks else None


def block_span(document: Document, name: str) -> Span | None:
    """Where a block that the document knows is named."""
    return _defined(_files(document), name)


def _files(document: Document) -> list[Mapping]:
    """The documents whose blocks this one knows, the strongest first."""
    top: Assembled | Library | None = document.library or document.assembled
    if top is None:
        return []
    libraries = top.uses if isinstance(top, Library) else top.libraries
    return [top.document.origin, *(tree for each in reversed(libraries) for tree in _trees(each))]


def _trees(library: Library) -> list[Mapping]:
    inner = [tree for each in reversed(library.uses) for tree in _trees(each)]
    return [library.document.origin, *inner]


def _defined(trees: list[Mapping], name: str) -> Span | None:
    for tree in trees:
        blocks = tree.get("define")
        if isinstance(blocks, Mapping) and name in blocks.entries:
            return blocks.entries[name].key_span
    return None


def _arg(document: Document, cursor: Cursor) -> Target | None:
    """The arg of a block that a key of its call names."""
    if not cursor.is_key or len(cursor.path) < 2:
        return None
    block, arg = document.blocks.get(str(cursor.path[-2])), str(cursor.path[-1])
    args = block.origin.get("args") if block is not None else None
    if not isinstance(args, Mapping) or arg not in args.entries:
        return None
    return _target(document, args.entries[arg].key_span)


def _name(document: Document, cursor: Cursor, offset: int) -> Target | None:
    """The id, the arg or the input that a text or an expression names."""
    found = occurrence_at(document, cursor, offset)
    body = whole_body(document, cursor)
    if found is None or body is None:
        return None
    given = body.inputs | body.args
    if found.kind == "computed" and found.name in given:
        return _target(document, given[found.name])
    declared = [
        each.span
        for each in body.of_id(found.name, document.inputs_of_blocks)
        if each.kind == "declared"
    ]
    before = [span for span in declared if document.real(span.source) != document.path]
    before += [span for span in declared if span not in before and span.start <= offset]
    places = before or declared
    return _target(document, places[-1] if places else body.inputs.get(found.name))


def whole_body(document: Document, cursor: Cursor) -> Body | None:
    """The body under the cursor, with the steps that come from a spec that this one extends."""
    return None if document.whole is None else body_of(cursor.path, document.whole)


def occurrence_at(document: Document, cursor: Cursor, offset: int) -> Occurrence | None:
    """The name at an offset."""
    assert document.mapping is not None
    body = body_of(cursor.path, document.mapping)
    for found in body.occurrences(document.inputs_of_blocks):
        if found.span.start <= offset <= found.span.end:
            return found
    return None


def _target(document: Document, span: Span | None) -> Target | None:
    if span is None:
        return None
    if span.source.path == str(document.path):
        span = Span(SourceText(span.source.path, document.text), span.start, span.end)
    return Target(document.real(span.source), span)
