"""`archc diff`: what differs between two networks."""

from __future__ import annotations

from pathlib import Path

import click

from archc.analyses.diff import Difference, diff
from archc.cli.conditions import conditions_options, given_conditions
from archc.cli.diff_report import diff_record, diff_table
from archc.cli.options import load_spec, spec_options
from archc.cli.tables import as_markdown, as_text
from archc.cli.terminal import show
from archc.diagnostics.printable import json_text

_SAME = "no difference"


@click.command("diff", short_help="Tell what differs between two networks.")
@click.argument("before", metavar="SPEC[@VARIANT]")
@click.argument("after", metavar="[SPEC[@VARIANT]]", required=False)
@click.option(
    "--from-set",
    "before_settings",
    metavar="PATH=VALUE",
    multiple=True,
    help="Set a value of the first network alone.",
)
@click.option(
    "--to-set",
    "after_settings",
    metavar="PATH=VALUE",
    multiple=True,
    help="Set a value of the second network alone.",
)
@click.option("--exit-code", is_flag=True, help="End with 1 where there is a difference.")
@conditions_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="What to print.",
)
@spec_options
def command(
    before: str,
    after: str | None,
    before_settings: tuple[str, ...],
    after_settings: tuple[str, ...],
    exit_code: bool,
    batch: int,
    dtype: str,
    optimizer: str,
    form: str,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> int:
    """Tell what differs between two networks, by component and group.

    What changed in layers, shape, parameters, MACs, memory and receptive field, and which weights
    of the first the second could take: those of layers of one name with arrays of one shape.
    Without a second spec the first is compared with itself under --to-set:

        archc diff resnet50 --to-set learner.groups[2].blocks=23

    --set goes to both. Ends with 0 whether there is a difference or not, unless --exit-code is
    given; 2 where a spec is wrong.
    """
    if after is None and not (before_settings or after_settings):
        raise click.UsageError("name a second spec, or change the first: --to-set PATH=VALUE")
    first = load_spec(before, (*settings, *before_settings), search).graph()
    second = load_spec(after or before, (*settings, *after_settings), search).graph()
    difference = diff(first, second, given_conditions(batch, dtype, optimizer))
    names = _titles(before, after, before_settings, after_settings)
    show(_printed(difference, form, *names))
    return int(exit_code and not difference.same)


def _titles(
    before: str,
    after: str | None,
    before_settings: tuple[str, ...],
    after_settings: tuple[str, ...],
) -> tuple[str, str]:
    """How the two networks are told apart: by what the command line says of each."""
    return (
        " ".join([before, *before_settings]),
        " ".join([after or before, *after_settings]),
    )


def _printed(difference: Difference, form: str, before: str, after: str) -> str:
    if form == "json":
        return json_text(diff_record(difference, before, after), indent=2)
    if difference.same:
        return _SAME
    table = diff_table(difference, before, after)
    return as_markdown(table) if form == "markdown" else as_text(table)
