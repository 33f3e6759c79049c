"""The state of files on disk, told without failing whatever that state is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISDIR
from typing import TypeAlias

from archc.diagnostics import CompileError
from archc.source import read_source

Stamps: TypeAlias = dict[Path, tuple[int, ...] | None]
"""What differs between two states of a file that was written in between; None: not there."""

Folders: TypeAlias = dict[Path, tuple[int, int]]
"""Folders with their identity, which a folder that is made again under its old name has not."""


def stamps(files: Iterable[Path]) -> Stamps:
    return {path: _stamp(path) for path in files}


def _stamp(path: Path) -> tuple[int, ...] | None:
    status = _status(path)
    if status is None:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def texts(files: Iterable[Path]) -> dict[Path, str]:
    """The text of each file, or why it has none."""
    return {path: _text(path) for path in files}


def _text(path: Path) -> str:
    try:
        return read_source(path).text
    except CompileError as error:
        return f"{error.diagnostics[0].code}: {error.diagnostics[0].message}"


def folders_of(files: Iterable[Path]) -> Folders:
    """The folders where a change of the files shows: theirs, those that symbolic links lead to,
    and for a folder that is not there the nearest one above it that is.
    """
    ends = {Path(os.path.realpath(path)) for path in files}
    return dict(_nearest_folder(path) for path in sorted({*files, *ends}))


def _nearest_folder(path: Path) -> tuple[Path, tuple[int, int]]:
    for folder in path.parents:
        status = _status(folder)
        if status is not None and S_ISDIR(status.st_mode):
            return folder, (status.st_dev, status.st_ino)
    return Path(path.anchor), (0, 0)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None
