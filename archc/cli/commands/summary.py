"""`archc summary`: what a network is made of."""

from __future__ import annotations

from pathlib import Path

import click

from archc.cli.options import format_option, load_spec, spec_options
from archc.cli.report import layers_text, parts_text, record


@click.command("summary", short_help="Tell what a network is made of.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.option("--layers", is_flag=True, help="A line for each layer.")
@format_option
@spec_options
def command(
    reference: str, layers: bool, form: str, settings: tuple[str, ...], search: tuple[Path, ...]
) -> None:
    """Tell what a network is made of, without loading a framework.

    A line for each component and group: its blocks, the number of layers, the shape it gives
    (channels last, without the batch), all parameters (batch-norm statistics included, as Keras
    counts) and the trainable ones.
    """
    graph = load_spec(reference, settings, search).graph()
    if form == "json":
        import json

        click.echo(json.dumps(record(graph, layers=layers), indent=2, ensure_ascii=False))
    else:
        click.echo(layers_text(graph) if layers else parts_text(graph))
