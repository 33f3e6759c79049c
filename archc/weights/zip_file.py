"""Zip archives from strangers: what they say of their sizes is checked before anything is read."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archc.weights.file_limits import MAX_ARRAYS, MAX_TEXT
from archc.weights.weight_file import refuse_file

_FAULTS = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class ZipMembers:
    """The members of an archive whose sizes are no surprise."""

    path: Path
    names: frozenset[str]
    plain: bool
    """Whether no member is compressed, as PyTorch writes them."""

    def text(self, name: str) -> bytes:
        """A member's bytes. Raises `CompileError` where they are too many or damaged."""
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(name) as member:
                found = member.read(MAX_TEXT + 1)
        except _FAULTS as error:
            refuse_file(f"expected a whole file, found `{self.path}`, which is damaged", error)
        if len(found) > MAX_TEXT:
            refuse_file(
                f"expected a short `{name}` in `{self.path}`, found more than {MAX_TEXT:,} bytes"
            )
        return found

    @contextmanager
    def extracted(self, name: str) -> Iterator[Path]:
        """A member as a file of its own, while the block runs."""
        with tempfile.TemporaryDirectory(prefix="archc-") as folder:
            place = Path(folder) / "member"
            try:
                with (
                    zipfile.ZipFile(self.path) as archive,
                    archive.open(name) as member,
                    place.open("wb") as written,
                ):
                    shutil.copyfileobj(member, written, 2**20)
            except _FAULTS as error:
                refuse_file(f"expected a whole file, found `{self.path}`, which is damaged", error)
            yield place


def zip_members(path: Path, most: int) -> ZipMembers:
    """The members of an archive.

    Raises `CompileError` (`weights-file`) where it is damaged, or would become larger than both
    the file itself and `most` bytes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (*_FAULTS, ValueError) as error:
        refuse_file(f"expected a whole zip archive, found `{path}`, which is damaged", error)
    if len(members) > MAX_ARRAYS:
        refuse_file(f"expected at most {MAX_ARRAYS:,} members in `{path}`, found {len(members):,}")
    total = sum(member.file_size for member in members)
    most = max(path.stat().st_size, most)
    if total > most:
        refuse_file(
            f"expected at most {most:,} bytes in the archive `{path}`, found {total:,}",
            "no weights of this network are as large",
        )
    names = frozenset(member.filename for member in members)
    plain = all(member.compress_type == zipfile.ZIP_STORED for member in members)
    return ZipMembers(path, names, plain)
