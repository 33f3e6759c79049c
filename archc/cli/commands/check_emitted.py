"""`archc check-emitted`: whether an emitted file is still what its spec gives."""

from __future__ import annotations

from pathlib import Path

import click

from archc.diagnostics.render import printable
from archc.emitted import EmitCommand, Standing, check, shell_line


@click.command("check-emitted", short_help="Check a file that `archc emit` wrote.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("reference", metavar="[SPEC[@VARIANT]]", default="")
def command(file: Path, reference: str) -> int:
    """Tell whether an emitted file was edited by hand, and whether its spec has changed since.

    The file says which spec it was emitted from, with which variant and settings; a path is
    followed from here, then from the file's folder. SPEC says where the spec is now. No source is
    run, and no framework loaded.

    Ends with 0 where the file is as emitted, 1 where it was edited or its spec has changed, 2 where
    archc did not emit it.
    """
    standing = check(file, reference)
    for line in _lines(standing):
        click.echo(f"{file}: {line}")
    if standing.stale or standing.edited:
        click.echo(f"emit it again: {printable(_again(standing.stamp.command, file))}")
    return int(bool(standing.stale or standing.edited))


def _lines(standing: Standing) -> list[str]:
    command = standing.stamp.command
    spec = f"`{printable(command.reference)}`"
    found = []
    if standing.stale:
        wrong = f", and {spec} is wrong now" if standing.broken else ""
        found.append(f"stale: the spec has changed since{wrong}")
    if standing.edited:
        found.append("edited by hand")
    if standing.stale is None:
        own = "" if standing.edited else "as emitted; "
        found.append(
            f"{own}no spec {spec} here or beside the file, so only the file itself was checked"
        )
    return found or ["as emitted"]


def _again(command: EmitCommand, file: Path) -> str:
    """The command line that the file came from, with the file."""
    return shell_line((*command.arguments, "-o", file.as_posix()))
