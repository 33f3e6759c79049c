"""`archc summary`: what a network is made of, and what it costs."""

from __future__ import annotations

from pathlib import Path

import click

from archc.analyses import Conditions
from archc.cli.conditions import conditions_options, given_conditions
from archc.cli.cost_report import cost_table
from archc.cli.options import load_spec, spec_options
from archc.cli.report import layers_table, parts_table, record, records
from archc.cli.tables import as_csv, as_markdown, as_text
from archc.cli.terminal import show
from archc.diagnostics.printable import json_text
from archc.graph import Graph


@click.command("summary", short_help="Tell what a network is made of.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.option("--layers", is_flag=True, help="A line for each layer.")
@click.option("--cost", is_flag=True, help="MACs, memory, receptive field and more.")
@conditions_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "markdown"]),
    default="text",
    show_default=True,
    help="What to print.",
)
@spec_options
def command(
    reference: str,
    layers: bool,
    cost: bool,
    batch: int,
    dtype: str,
    optimizer: str,
    form: str,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> None:
    """Tell what a network is made of, without loading a framework.

    A line for each component and group: its blocks, the number of layers, the shape it gives
    (channels last, without the batch), all parameters (batch-norm statistics included, as Keras
    counts) and the trainable ones. With --cost its multiply-adds (FLOPs are twice as many),
    memory for inference and for training, receptive field, total stride and arithmetic intensity.
    JSON and CSV hold exact numbers, memory in bytes.
    """
    graph = load_spec(reference, settings, search).graph()
    conditions = given_conditions(batch, dtype, optimizer) if cost else None
    show(_printed(graph, form, conditions, layers=layers))


def _printed(graph: Graph, form: str, conditions: Conditions | None, *, layers: bool) -> str:
    if form == "json":
        return json_text(record(graph, layers=layers, conditions=conditions), indent=2)
    if form == "csv":
        return as_csv(records(graph, layers=layers, conditions=conditions))
    if conditions is not None:
        table = cost_table(graph, conditions, layers=layers)
    else:
        table = layers_table(graph) if layers else parts_table(graph)
    return as_markdown(table) if form == "markdown" else as_text(table)
