"""Which shipped library has a block: for who forgot to use it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from archc.diagnostics import CompileError, Edit, Fix, SourceText, Span
from archc.resources import specs_folder
from archc.source import Mapping, Node, Scalar, Sequence, compose
from archc.source.locate import Place, is_there
from archc.spec.trees import read_tree

_HEAD = ("name", "about", "extends")
"""Keys of a spec that `use` stands behind."""


def library_of(block: str) -> str | None:
    """The library, as `use:` names it, that defines a block of this name, if one does."""
    return next(iter(_libraries_of(block)), None)


def using_library(block: str, span: Span) -> Fix | None:
    """The fix that adds the shipped library of a block to `use:` of the file that `span` is in.

    The library comes before those that are there, so that no block of theirs changes its meaning.
    None where several libraries have such a block, and where a file of one's own may be meant.
    """
    libraries = _libraries_of(block)
    tree = _tree(span.source)
    if len(libraries) != 1 or tree is None or not tree.entries:
        return None
    (library,) = libraries
    if _is_own(library, span.source) or library in _texts(tree.get("use")):
        return None
    edit = _added(library, tree)
    return None if edit is None else Fix(f"`use: [{library}]`", (edit,))


def _libraries_of(block: str) -> list[str]:
    folder = specs_folder()
    found = []
    for path in sorted((folder / "blocks").glob("*.yaml")):
        blocks = read_tree(Place(path, folder)).get("define")
        if isinstance(blocks, Mapping) and block in blocks.entries:
            found.append(path.relative_to(folder).as_posix())
    return found


@lru_cache(maxsize=4)
def _tree(source: SourceText) -> Mapping | None:
    """The tree of the file that an error stands in; none of a setting's value."""
    try:
        tree = compose(source)
    except CompileError:
        return None
    return tree if isinstance(tree, Mapping) else None


def _is_own(library: str, source: SourceText) -> bool:
    """Whether a file that does not ship would be found under that name."""
    shipped = (specs_folder() / library).resolve()
    places = [folder / library for folder in Path(source.path).absolute().parents]
    return any(is_there(place) and place.resolve() != shipped for place in places)


def _texts(node: Node | None) -> list[str]:
    items = node.items if isinstance(node, Sequence) else ()
    return [item.text for item in items if isinstance(item, Scalar)]


def _added(library: str, tree: Mapping) -> Edit | None:
    """The edit that makes a library the first that a file uses."""
    entry = tree.entries.get("use")
    if entry is None:
        return _new_key(f"use: [{library}]", tree)
    uses = entry.value
    # An alias stands for a list that is written before, for something else.
    if not isinstance(uses, Sequence) or uses.span.start < entry.key_span.end:
        return None
    if not uses.items:
        return Edit(uses.span, f"[{library}]")
    first = uses.items[0].span
    if uses.flow:
        opens = re.fullmatch(r"\[\s*", first.source.text[uses.span.start : first.start])
        return Edit(first, f"{library}, {first.text}") if opens else None
    before = _before(first)
    if not re.fullmatch(r" *- +", before):
        return None
    return Edit(first, f"{library}{_line_end(first.source)}{before}{first.text}")


def _new_key(text: str, tree: Mapping) -> Edit | None:
    """The edit that adds a key behind the spec's name and what is said of it."""
    entries = list(tree.entries.values())
    head = list(takewhile(lambda entry: entry.key in _HEAD, entries))
    key = entries[0].key_span
    before = _before(key)
    if tree.flow:
        return Edit(key, f"{text}, {key.text}")
    if before.strip():
        return None
    line_end = _line_end(key.source)
    if not head or len(head) == len(entries):
        return Edit(key, f"{text}{line_end}{before}{key.text}")
    written = key.source.text[: head[-1].value.span.end].rstrip()
    at = key.source.text.index("\n", len(written))
    return Edit(Span(key.source, at, at + 1), f"\n{before}{text}{line_end}")


def _before(span: Span) -> str:
    """What stands before a place in its line."""
    return span.source.line(span.line)[: span.column - 1]


def _line_end(source: SourceText) -> str:
    return "\r\n" if "\r\n" in source.text else "\n"
