"""What goes to the terminal: diagnostics, aligned tables, stages of long work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from archc.diagnostics import Diagnostic
from archc.diagnostics.render import render_all


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """All diagnostics on stderr; where that is a terminal in colour, and with where to read on."""
    click.echo(render_all(diagnostics, colour=colours(sys.stderr)), err=True, nl=False)
    errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    if errors > 1:
        click.echo(f"\n{errors} errors", err=True)
    if sys.stderr.isatty() and diagnostics:
        click.echo(f"\n`archc explain {diagnostics[0].code}` tells more", err=True)


def table(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Rows as aligned columns, the first row the head; columns in `right` align right."""
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
    if not sys.stderr.isatty():
        click.echo(f"{message} …", err=True)
        yield
        return
    from rich.console import Console

    with Console(stderr=True, no_color=not colours(sys.stderr)).status(f"{message} …"):
        yield


def colours(stream: object) -> bool:
    """Whether a stream is a terminal that shows colours and can be cleared."""
    terminal = getattr(stream, "isatty", lambda: False)()
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
