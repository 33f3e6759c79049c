"""Reads a source file: only a regular file of sane size and plain UTF-8 text, and never blocks."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import NoReturn

from archc.diagnostics import CompileError, Diagnostic, SourceText, Span, close_matches
from archc.source.characters import BYTE_ORDER_MARK, character_name, forbidden_character, visible
from archc.source.limits import MAX_BYTES

# Without O_NONBLOCK the opening of a pipe waits for its writer.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


def read_source(path: Path, display: str | None = None) -> SourceText:
    """The text of a file, shown as `display` (its path if None). Line ends are kept as they are.

    A byte order mark at the start is left out. Raises `CompileError` with one of the codes
    `file-missing`, `file-directory`, `file-permission`, `file-kind`, `file-size`,
    `file-encoding`; the message names the file.
    """
    name = str(path) if display is None else display
    try:
        data = _read(path, name)
    except (OSError, ValueError) as error:
        _fail_to_open(path, name, error)
    return SourceText(name, _decoded(data, name))


def _read(path: Path, name: str) -> bytes:
    descriptor = os.open(path, _FLAGS)
    try:
        _check_kind(os.fstat(descriptor).st_mode, name)
        # The size that a file tells may be wrong: those of /proc say 0.
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        _fail("file-size", f"expected at most {MAX_BYTES:,} bytes, found more in `{name}`")
    return data


def _check_kind(mode: int, name: str) -> None:
    if stat.S_ISDIR(mode):
        _fail("file-directory", f"expected a file, found the directory `{name}`")
    if not stat.S_ISREG(mode):
        kind = "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "a special file"
        found = "a pipe" if stat.S_ISFIFO(mode) else kind
        _fail("file-kind", f"expected a regular file, found `{name}`, {found}")


def _fail_to_open(path: Path, name: str, error: OSError | ValueError) -> NoReturn:
    number = error.errno if isinstance(error, OSError) else errno.ENOENT
    if number == errno.EISDIR or (number == errno.EACCES and path.is_dir()):
        _fail("file-directory", f"expected a file, found the directory `{name}`")
    if number in (errno.EACCES, errno.EPERM):
        _fail("file-permission", f"expected a readable file, found `{name}`, which may not be read")
    if number in _MISSING:
        _fail("file-missing", f"expected a file, found nothing at `{name}`", _neighbours(path))
    reason = (error.strerror or "") if isinstance(error, OSError) else ""
    _fail(
        "file-kind",
        f"expected a regular file, found `{name}`, which cannot be read: {reason.lower()}",
    )


def _neighbours(path: Path) -> tuple[str, ...]:
    """A help that names the files of the same folder with much the same name."""
    try:
        files = [file for file in path.parent.iterdir() if file.suffix in (".yaml", ".yml")]
    except (OSError, ValueError):
        return ()
    names = {file.stem: file.name for file in files}
    matches = [f"`{names[match]}`" for match in close_matches(path.stem, names)]
    return (f"did you mean {' or '.join(matches)}?",) if matches else ()


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _fail(
            "file-encoding",
            f"expected UTF-8, found UTF-16 in `{name}`",
            ("save the file as UTF-8",),
        )
    if b"\0" in data:
        _fail("file-encoding", f"expected text, found binary data in `{name}`")
    try:
        text = data.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        offset = len(data[: error.start].decode("utf-8"))
        found = f"the byte 0x{data[error.start]:02x} at offset {error.start:,}"
        _fail_at(
            name, data.decode("utf-8", errors="replace"), offset, f"expected UTF-8, found {found}"
        )
    offset_found = forbidden_character(text)
    if offset_found is not None:
        found = f"the character {character_name(text[offset_found])}"
        _fail_at(name, text, offset_found, f"expected printable text, found {found}")
    return text


def _fail_at(name: str, text: str, offset: int, message: str) -> NoReturn:
    span = Span(SourceText(name, visible(text)), offset, offset + 1)
    message = f"{message} in line {span.line} of `{name}`"
    raise CompileError([Diagnostic("file-encoding", message, span)])


def _fail(code: str, message: str, helps: tuple[str, ...] = ()) -> NoReturn:
    raise CompileError([Diagnostic(code, message, helps=helps)])
