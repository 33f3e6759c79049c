"""The files that a sweep writes: whole or not at all, and never over those of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archc.atomic import CannotWrite, WouldOverwrite, atomic_path, check_writable, write_text_atomic
from archc.cli.sweeping.formats import COSTS, FORMATS, Result
from archc.diagnostics import CompileError, Diagnostic
from archc.explore import MARK

_SUFFIXES = {".csv": "csv", ".json": "json", ".md": "markdown"}

_SIGNS = {
    "csv": ",".join(COSTS),
    "json": '{"points": ',
    "markdown": f"{' | '.join(COSTS[:-1])} |\n",
}
"""What the beginning of a table holds that archc wrote."""

_BEGINNING = 4096


@contextmanager
def told_as_diagnostics() -> Iterator[None]:
    """Within the block, files that can't be written are bad input."""
    try:
        yield
    except (CannotWrite, WouldOverwrite) as problem:
        helps = ("`--force` overwrites it",) if isinstance(problem, WouldOverwrite) else ()
        raise CompileError([Diagnostic("cannot-write", problem.message, helps=helps)]) from None


def check_table(path: Path, *, force: bool) -> None:
    """Raise what `write_table` would, as far as it can be told before. Makes nothing."""
    form = _SUFFIXES.get(path.suffix)
    if form is None:
        message = f"cannot write {path}: the name of a table ends in {', '.join(_SUFFIXES)}"
        raise CannotWrite(message)
    check_writable(path)
    if not force and path.exists() and _SIGNS[form] not in _beginning(path):
        raise WouldOverwrite(path)


def write_table(path: Path, result: Result) -> None:
    """Write all rows, one by one, in the format that the name says. Raises `CannotWrite`."""
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(FORMATS[_SUFFIXES[path.suffix]](result))


def check_spec(path: Path, *, force: bool) -> None:
    """Raise what `write_spec` would, as far as it can be told before. Makes nothing."""
    if path.suffix not in (".yaml", ".yml"):
        raise CannotWrite(f"cannot write {path}: the name of a spec ends in .yaml")
    check_writable(path)
    if not force and path.exists() and not _beginning(path).startswith(MARK):
        raise WouldOverwrite(path)


def write_spec(path: Path, text: str, *, force: bool) -> None:
    """Write a spec. Raises `CannotWrite` and `WouldOverwrite`."""
    check_spec(path, force=force)
    write_text_atomic(path, text)


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_BEGINNING).decode("utf-8", errors="replace")
