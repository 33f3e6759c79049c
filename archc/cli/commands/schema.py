"""`archc schema`: the language as JSON Schema, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from archc.cli.options import load_spec, spec_options
from archc.schema import schema_of_spec, schema_of_the_language
from archc.schema.file import as_text


@click.command("schema", short_help="Print a JSON Schema of specs.")
@click.argument("reference", metavar="[SPEC[@VARIANT]]", default="")
@spec_options
def command(reference: str, settings: tuple[str, ...], search: tuple[Path, ...]) -> None:
    """Print a JSON Schema of specs, with which an editor completes, explains and marks.

    With SPEC, the schema of this spec: its own blocks with their args and those of its libraries
    are in it, and no other word is a verb.
    """
    if reference:
        schema = schema_of_spec(load_spec(reference, settings, search).assembled)
    else:
        schema = schema_of_the_language()
    click.echo(as_text(schema), nl=False)
