"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

_NUMBERS = count()


class CannotWrite(Exception):
    """A file can't be written where it should be; `message` says which and why."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class WouldOverwrite(Exception):
    """A file stands in the way that archc did not write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.message = f"{path} exists, and archc did not write it"
        super().__init__(self.message)


@contextmanager
def told(target: Path) -> Iterator[None]:
    """Within the block, an error of the file system is raised as `CannotWrite` of `target`."""
    if "\0" in str(target):
        raise CannotWrite(f"cannot write {str(target)!r}: its name holds a NUL character")
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise CannotWrite(f"cannot write {target}: {reason[:1].lower()}{reason[1:]}") from error


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """A path for a file that takes the place of `target` when the block ends without an error.

    It has the name of `target`, in a folder of its own beside it. Folders that are missing are
    made. If the block fails or is interrupted, what it wrote is removed and `target` is as it
    was; what a process left that was killed is removed by the next that writes the same target.

    Raises `CannotWrite` where the file system refuses, in the block or around it.
    """
    target = Path(target)
    with told(target):
        place = _place(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(place)
        folder = place.with_name(f".{place.name}.archc-{os.getpid()}-{next(_NUMBERS)}.tmp")
        folder.mkdir()
    try:
        with told(target):
            temporary = folder / place.name
            yield temporary
            _flush(temporary)
            if place.exists():
                shutil.copymode(place, temporary)
            temporary.replace(place)
            _flush_folder(place.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_writable(target: Path) -> None:
    """Raise `CannotWrite` where it is plain that no file can be written. Makes nothing."""
    with told(target):
        _place(target)


def write_text_atomic(target: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all. Raises `CannotWrite`."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _place(target: Path) -> Path:
    """Where the file itself is to be: behind links, below a folder that can be written to."""
    place = Path(os.path.realpath(target))
    if place.is_dir():
        raise CannotWrite(f"cannot write {target}: it is a directory")
    if place.exists() and not place.is_file():
        raise CannotWrite(f"cannot write {target}: it is not a regular file")
    standing = next(folder for folder in place.parents if folder.exists())
    if not standing.is_dir():
        raise CannotWrite(f"cannot write {target}: {standing} is not a directory")
    for existing in (standing, place) if place.exists() else (standing,):
        if not os.access(existing, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return place


def _remove_leftovers(place: Path) -> None:
    pattern = re.compile(rf"\.{re.escape(place.name)}\.archc-(\d+)-\d+\.tmp")
    for entry in place.parent.iterdir():
        match = pattern.fullmatch(entry.name)
        if match and not _runs(int(match[1])):
            shutil.rmtree(entry, ignore_errors=True)


def _runs(process: int) -> bool:
    """Whether a process runs. Where asking could end it (Windows) it is taken to run."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _flush(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def _flush_folder(folder: Path) -> None:
    """Let the new name survive a power cut, where the system can do that for folders."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
