"""`archc fmt`: specs and libraries in the canonical layout."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from archc.atomic import CannotWrite, write_text_atomic
from archc.cli.terminal import show_diagnostics, show_line
from archc.diagnostics import CompileError, Diagnostic, SourceText
from archc.source import read_source
from archc.source.limits import MAX_BYTES

STDIN = "-"


@click.command("fmt", short_help="Write specs in the canonical layout.")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; end with 1 where a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(paths: tuple[str, ...], check: bool, diff: bool) -> int:
    """Write specs and libraries in the canonical layout; `-` is stdin, laid out on stdout.

    Keys come in one order, mappings and lists stand on a line where they fit and on several where
    not. Comments stay, and what a spec means does too. A file that is no YAML is left as it is;
    the others are written all the same.

    Ends with 0, with 1 where --check finds a file that would change, with 2 where one is wrong.
    """
    changed, code = False, 0
    for path in paths:
        try:
            changed |= _format(path, check=check, diff=diff)
        except CompileError as error:
            show_diagnostics(error.diagnostics)
            code = error.exit_code
    return code or int(check and changed)


def _format(path: str, *, check: bool, diff: bool) -> bool:
    """Lay out a file, or tell what that would change; whether it changes. Raises `CompileError`."""
    from archc.format import formatted

    source = _stdin() if path == STDIN else read_source(Path(path))
    text = formatted(source)
    changed = text != source.text
    if diff and changed:
        _show_difference(source, text)
    if check and changed:
        show_line(f"would change {source.path}")
    if check or diff:
        return changed
    if path == STDIN:
        click.echo(text, nl=False)
    elif changed:
        _write(Path(path), text)
        show_line(f"formatted {path}")
    return changed


def _stdin() -> SourceText:
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        if len(data) <= MAX_BYTES:
            return SourceText("<stdin>", data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CompileError(
            [Diagnostic("file-encoding", "expected UTF-8, found other bytes in `<stdin>`")]
        ) from None
    message = f"expected at most {MAX_BYTES:,} bytes, found more in `<stdin>`"
    raise CompileError([Diagnostic("file-size", message)])


def _write(path: Path, text: str) -> None:
    try:
        write_text_atomic(path, text)
    except CannotWrite as error:
        raise CompileError([Diagnostic("cannot-write", error.message)]) from None


def _show_difference(source: SourceText, text: str) -> None:
    lines = difflib.unified_diff(
        source.text.splitlines(keepends=True),
        text.splitlines(keepends=True),
        source.path,
        source.path,
    )
    for line in lines:
        end = "" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        click.echo(line + end, nl=False)
