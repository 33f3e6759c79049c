"""The libraries that a spec uses, and those that they use, each read once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from archc.diagnostics import CompileError, Diagnostic, Findings, SourceText
from archc.source import Mapping, Node, Scalar, Sequence
from archc.source.locate import Place, locate_reference
from archc.spec.documents import LibraryDocument
from archc.spec.fields import describe
from archc.spec.limits import MAX_CHAIN, MAX_KEPT, MAX_LIBRARIES
from archc.spec.trees import placed, read_tree
from archc.spec.validate import validate


class Library(NamedTuple):
    """A file of blocks and, in order, the libraries that it uses."""

    place: Place
    document: LibraryDocument
    uses: tuple[Library, ...]


class LibraryLoader:
    """Reads libraries, each file once however many use it."""

    def __init__(
        self, places: dict[SourceText, Place], search: tuple[Path, ...], findings: Findings
    ) -> None:
        self._places = places
        self._search = search
        self._findings = findings
        self._loaded: dict[Path, Library | None] = {}
        self._entries = 0

    def load(self, uses: Node | None, user: Place, path: tuple[Path, ...]) -> tuple[Library, ...]:
        if not isinstance(uses, Sequence):
            return ()
        found = [self._one(item, user, path) for item in uses.items if self._may_look_at(item)]
        return tuple(library for library in found if library is not None)

    def _may_look_at(self, item: Node) -> bool:
        """Whether there were not too many entries yet; the first of those that are is reported."""
        self._entries += 1
        if self._entries == MAX_LIBRARIES + 1:
            message = f"the spec and its libraries have more than {MAX_LIBRARIES} entries of `use`"
            self._findings.add(Diagnostic("too-large", message, item.span))
        return self._entries <= MAX_LIBRARIES

    def _one(self, item: Node, user: Place, path: tuple[Path, ...]) -> Library | None:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            message = f"expected the file of a library, found {describe(item)}"
            self._findings.add(Diagnostic("wrong-type", message, item.span))
            return None
        # What a base spec uses is found from the base spec's folder, not from its extender's.
        user = self._places.get(item.span.source, user)
        try:
            place = locate_reference(item.text, item.span, user, self._search, "library-unknown")
            if place.path in path:
                message = f"a library can't use itself: `{item.text}`"
                raise CompileError([Diagnostic("use-cycle", message, item.span)])
            if len(path) >= MAX_CHAIN:
                message = f"libraries use one another more than {MAX_CHAIN} deep"
                raise CompileError([Diagnostic("too-large", message, item.span)])
            if place.path not in self._loaded:
                self._loaded[place.path] = None
                self._loaded[place.path] = self._read(place, path)
        except CompileError as error:
            self._findings.extend(placed(error, item.span).diagnostics)
            return None
        return self._loaded[place.path]

    def _read(self, place: Place, path: tuple[Path, ...]) -> Library:
        tree = read_tree(place)
        keeps = len(tree.span.source.text) <= MAX_KEPT
        document = _document(tree) if keeps else _document.__wrapped__(tree)
        uses = self.load(document.origin.get("use"), place, (*path, place.path))
        return Library(place, document, uses)


@lru_cache(maxsize=64)
def _document(tree: Mapping) -> LibraryDocument:
    """The tree as a document; trees are told apart by identity, which a changed file changes."""
    return validate(LibraryDocument, tree)
