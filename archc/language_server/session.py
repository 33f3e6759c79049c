"""The open documents, each worked out once a version."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archc.language_server.document import Document, kind_of
from archc.language_server.mirror import Mirror
from archc.language_server.places import Places

_STAND_IN = ".archc-library.yaml"
"""A spec that uses a library and does nothing: so what is wrong with the library is told."""


class Session:
    """What is open in an editor. `roots` are the folders of its workspace."""

    def __init__(self, roots: Iterable[Path] = ()) -> None:
        self.roots = tuple(roots)
        self._mirror = Mirror()
        self._texts: dict[Path, str] = {}
        self._documents: dict[Path, Document] = {}
        self._last_good: dict[Path, Document] = {}

    def close_all(self) -> None:
        """Forget everything."""
        self._mirror.close()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The open documents."""
        return tuple(self._texts)

    def put(self, path: Path, text: str) -> None:
        """A document was opened or changed."""
        if self._texts.get(path) != text:
            self._texts[path] = text
            self.forget()

    def remove(self, path: Path) -> None:
        """A document was closed."""
        self._texts.pop(path, None)
        self._last_good.pop(path, None)
        self.forget()

    def forget(self) -> None:
        """A file has changed, which any document may hang on."""
        self._documents.clear()

    def document(self, path: Path) -> Document:
        """The document as it is now. Raises `KeyError` where it is not open."""
        if path not in self._documents:
            self._documents[path] = self._read(path, self._texts[path])
        found = self._documents[path]
        if found.kind != "other" and found.assembled is not None:
            self._last_good[path] = found
        return found

    def last_good(self, path: Path, offset: int | None = None) -> Document:
        """The last version whose files could all be read; the one of now if there was none.

        With `offset`, where there was none, it is the one of now less the line that is written.
        """
        found = self.document(path)
        good = self._last_good.get(path, found)
        if good.assembled is None and offset is not None:
            good = self._read(path, _without_line(found.text, offset))
            # The copy on the disk is that of this version only for now.
            if good.assembled is not None:
                self._last_good[path] = good
        return good

    def places(self, path: Path) -> Places | None:
        """Where the steps of an open document became parts of a network: its own, else that of
        an open spec which uses it.
        """
        for each in (path, *(other for other in self._texts if other != path)):
            places = self.last_good(each).places
            if places is not None and places.all_in(path):
                return places
        return None

    def _read(self, path: Path, text: str) -> Document:
        kind = kind_of(text)
        copy = self._mirror.copy(path, self._texts | {path: text})
        search: tuple[Path, ...] = (path.parent,)
        if kind == "library":
            stand_in = copy.with_name(_STAND_IN)
            self._mirror.write(stand_in, f"input: [1]\nuse: ['{_quoted(path.name)}']\n")
            copy, search = stand_in, self._above(path)
        return Document(path, text, kind, copy, search, self._mirror.real)

    def _above(self, path: Path) -> tuple[Path, ...]:
        """The folder of a library, and those above it: a spec there may use it."""
        roots = [root for root in self.roots if path.is_relative_to(root)]
        above = [folder for folder in path.parents if any(map(folder.is_relative_to, roots))]
        return tuple(above) or (path.parent,)


def _without_line(text: str, offset: int) -> str:
    """The text with one line blank: offsets stay what they were."""
    start = text.rfind("\n", 0, offset) + 1
    end = (text + "\n").index("\n", offset)
    return f"{text[:start]}{' ' * (end - start)}{text[end:]}"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
