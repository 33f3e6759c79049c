"""`archc explain`: what an error means, with an example that is wrong and one that is right."""

from __future__ import annotations

import re
from textwrap import indent

import click

from archc.cli.terminal import table
from archc.diagnostics import one_of
from archc.diagnostics.codes import CODES
from archc.resources import errors_folder

_FENCE = re.compile(r"^```.*\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")


@click.command("explain", short_help="Explain an error.")
@click.argument("code", required=False, shell_complete=lambda *given: _completed(given[-1]))
def command(code: str | None) -> None:
    """Tell what an error means, with an example that is wrong and one that is right.

    CODE is what stands in the brackets: `shape-mismatch` of `error[shape-mismatch]`. Without one,
    all are listed.
    """
    if code is None:
        click.echo(table([("code", "meaning"), *CODES.items()]))
        return
    # Who copies from the terminal copies `error[shape-mismatch]`.
    name = re.sub(r"^\w+\[(.*)\]$", r"\1", code.strip()).lower()
    if name not in CODES:
        raise click.UsageError(f"no error `{code}`: {_help(name)}")
    click.echo(_as_text((errors_folder() / f"{name}.md").read_text(encoding="utf-8")), nl=False)


def _completed(beginning: str) -> list[str]:
    return [code for code in CODES if code.startswith(beginning)]


def _help(name: str) -> str:
    help_line = one_of(name, CODES)
    return help_line if help_line.startswith("did") else "`archc explain` lists them all"


def _as_text(page: str) -> str:
    """The page for a terminal: examples are indented, and links are their texts."""
    plain = _LINK.sub(r"\1", page)
    return _FENCE.sub(lambda match: indent(match["text"], "    ").rstrip("\n"), plain)
