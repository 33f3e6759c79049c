"""`archc check-emitted`: whether an emitted file is still what its spec gives."""

from __future__ import annotations

from pathlib import Path

import click

from archc.cli.terminal import show_line
from archc.diagnostics.printable import printable
from archc.emitted import Standing, check, shell_line


@click.command("check-emitted", short_help="Check a file that `archc emit` wrote.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("reference", metavar="[SPEC[@VARIANT]]", default="")
def command(file: Path, reference: str) -> int:
    """Tell whether an emitted file was edited by hand, and whether its spec has changed since.

    The file says which spec it was emitted from, with which variant and settings; a path is
    followed from here, then from the file's folder. SPEC says where the spec is now; a variant of
    it is compared with the file's. No source is run, and no framework loaded.

    Ends with 0 where the file is as emitted, 1 where it was edited, its spec has changed or it is
    of another variant, 2 where archc did not emit it.
    """
    standing = check(file, reference)
    for line in _lines(standing):
        show_line(f"{file}: {line}")
    if not (standing.stale or standing.edited or standing.asked):
        return 0
    show_line(f"emit it again: {printable(_again(standing, file))}")
    return 1


def _lines(standing: Standing) -> list[str]:
    command = standing.stamp.command
    spec = f"`{printable(command.reference)}`"
    found = []
    if standing.asked:
        found.append(f"of another variant: emitted from {spec}, not `{printable(standing.asked)}`")
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


def _again(standing: Standing, file: Path) -> str:
    """The command line that writes the file anew; an edited one is not overwritten without."""
    force = ("--force",) if standing.edited else ()
    return shell_line((*standing.again.arguments, "-o", file.as_posix(), *force))
