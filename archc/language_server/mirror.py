"""Open documents as files of a private folder: the compiler reads what the editor shows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from archc.diagnostics import SourceText


class Mirror:
    """A copy of the open documents below each folder that a spec was asked for in.

    A spec is read from the copy, with its own folder as a search path: what is not open is found
    where it is, and nothing is ever written there.
    """

    def __init__(self) -> None:
        self._home = TemporaryDirectory(prefix="archc-")
        self._folders: dict[Path, Path] = {}
        self._written: dict[Path, str] = {}
        self._versions = count(1)

    def close(self) -> None:
        """Take the copies away."""
        self._home.cleanup()

    def copy(self, path: Path, texts: Mapping[Path, str]) -> Path:
        """Where the document at `path` is copied to, with all that is open in and below its folder.

        `texts` are all open documents.
        """
        folder = path.parent
        copies = self._folders.setdefault(folder, Path(self._home.name, str(len(self._folders))))
        wanted = {
            copies / open_path.relative_to(folder): text
            for open_path, text in texts.items()
            if open_path.is_relative_to(folder)
        }
        for stale in [p for p in self._written if p.is_relative_to(copies) and p not in wanted]:
            self._written.pop(stale)
            stale.unlink()
        for copied, text in wanted.items():
            if self._written.get(copied) != text:
                self.write(copied, text)
        return copies / path.name

    def write(self, copied: Path, text: str) -> None:
        """Write a file of the copy."""
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(text.encode("utf-8", errors="replace"))
        # Files are told apart by their time, which may stand still between two strokes of a key.
        version = next(self._versions)
        os.utime(copied, ns=(version, version))
        self._written[copied] = text

    def real(self, source: SourceText) -> Path:
        """The file that a text was read from, or of which it is a copy."""
        path = Path(os.path.normpath(Path.cwd() / source.path))
        for folder, copies in self._folders.items():
            if path.is_relative_to(copies):
                return folder / path.relative_to(copies)
        return path
