"""What one client has open, and what it is told of it without asking."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from archc import __version__
from archc.language_server.document import Document
from archc.language_server.messages import Messages
from archc.language_server.positions import Positions
from archc.language_server.session import Session

PAUSE = 0.1
"""Seconds without a stroke of a key after which what is open is checked."""

_IDLE = 0.5
"""Seconds without a stroke of a key after which garbage is looked for."""


class SpecServer(LanguageServer):
    """A server with the session of its client."""

    def __init__(self) -> None:
        super().__init__("archc", __version__)
        self.session = Session()
        self._uris: dict[Path, str] = {}
        self._told: dict[str, list[types.Diagnostic]] = {}
        self._waiting: list[asyncio.TimerHandle] = []

    @property
    def encoding(self) -> str:
        """What the client counts columns in."""
        return types.PositionEncodingKind(self.workspace.position_encoding or "utf-16").value

    def start(self, roots: list[str]) -> None:
        """The client tells the folders of its workspace."""
        self.session.close_all()
        self.session = Session(Path(path) for path in map(to_fs_path, roots) if path)

    def put(self, uri: str) -> None:
        """A document was opened or changed."""
        path = path_of(uri)
        self._uris[path] = uri
        self.session.put(path, self.workspace.get_text_document(uri).source)
        self.check_soon()

    def remove(self, uri: str) -> None:
        """A document was closed: nothing is wrong with it any more."""
        self.session.remove(path_of(uri))
        self._publish(uri, [])
        self._told.pop(uri, None)

    def changed_on_disk(self) -> None:
        """Files have changed that what is open may hang on."""
        self.session.forget()
        self.check_soon()

    def check_soon(self) -> None:
        """Check what is open as soon as the typing pauses."""
        for timer in self._waiting:
            timer.cancel()
        loop = asyncio.get_running_loop()
        # Amid an answer, a look for garbage would take longer than all else in it.
        self._waiting = [loop.call_later(PAUSE, self.check), loop.call_later(_IDLE, gc.collect)]

    def check(self) -> None:
        """Tell what is wrong with every open document."""
        for path in self.session.paths:
            document = self.session.document(path)
            messages = self.messages(document)
            problems = document.problems() if document.kind != "other" else ()
            self._publish(self._uris[path], [messages.diagnostic(each) for each in problems])

    def at(self, uri: str, position: types.Position) -> tuple[Document, int]:
        """The document and the offset that a request speaks of."""
        document = self.session.document(path_of(uri))
        positions = Positions(document.text, self.encoding)
        return document, positions.offset(position.line, position.character)

    def messages(self, document: Document) -> Messages:
        """What speaks of a document in the units of the client."""
        return Messages(document, self.encoding)

    def uri_of(self, path: Path) -> str:
        """The address of a file, as the client has it where it is open."""
        return self._uris.get(path) or path.as_uri()

    def _publish(self, uri: str, found: list[types.Diagnostic]) -> None:
        if self._told.get(uri) == found:
            return
        self._told[uri] = found
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))


def path_of(uri: str) -> Path:
    """The file of an address; a document that is in no file stands in the current folder."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else Path.cwd() / uri.rpartition(":")[2].lstrip("/")
