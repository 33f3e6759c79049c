"""What goes to the terminal: diagnostics, aligned tables, stages of long work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from archc.cli.telling import telling
from archc.diagnostics import Diagnostic
from archc.diagnostics.printable import escaped
from archc.diagnostics.render import render_all


def show(text: str, *, err: bool = False) -> None:
    """Print a text of lines, with the control characters in them as escapes."""
    click.echo("\n".join([_harmless(line) for line in text.split("\n")]), err=err)


def show_line(line: str, *, err: bool = False) -> None:
    """Print one line, whatever the names of files in it are: line ends in it are escapes too."""
    click.echo(_harmless(line), err=err)


def _harmless(line: str) -> str:
    # To the runner of a workflow on GitHub a line that begins like this is a command.
    if line.lstrip().startswith("::"):
        line = line.replace(":", r"\x3a", 1)
    return escaped(line)


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """All diagnostics on stderr, in the form that `--errors` says.

    On a terminal the text is in colour, and tells where to read on.
    """
    if telling().form != "text":
        telling().tell(diagnostics)
        return
    click.echo(render_all(diagnostics, colour=colours(sys.stderr)), err=True, nl=False)
    errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    if errors > 1:
        click.echo(f"\n{errors} errors", err=True)
    if sys.stderr.isatty() and diagnostics:
        click.echo(f"\n`archc explain {diagnostics[0].code}` tells more", err=True)


def remark(line: str) -> None:
    """A line on stderr beside what a command gives; none where a program reads stderr."""
    if telling().form != "json":
        show_line(line, err=True)


def table(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Rows as aligned columns, the first row the head; columns in `right` align right.

    A cell is one line, whatever is in it.
    """
    rows = [[escaped(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "─" * max(len(line) for line in lines))
    return "\n".join(lines)


@contextmanager
def stage(message: str) -> Iterator[None]:
    """Tells on stderr what takes a while: a spinner on a terminal, a line elsewhere."""
    if not sys.stderr.isatty() or telling().form == "json":
        remark(f"{message} …")
        yield
        return
    from rich.console import Console
    from rich.text import Text

    # A bare text would be read as markup, and `[/x]` in the name of a file is wrong markup.
    said = Text(escaped(f"{message} …"))
    with Console(stderr=True, no_color=not colours(sys.stderr)).status(said):
        yield


def colours(stream: object) -> bool:
    """Whether a stream is a terminal that shows colours and can be cleared."""
    terminal = getattr(stream, "isatty", lambda: False)()
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
