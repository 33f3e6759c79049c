"""`archc list`: the specs of the zoo."""

from __future__ import annotations

import click

from archc.analyses import analyse
from archc.api import load
from archc.cli.terminal import table
from archc.source.locate import zoo


@click.command("list", short_help="List the zoo.")
def command() -> None:
    """List the specs of the zoo, a line for each spec and variant, with its parameters."""
    rows = [("spec", "input", "parameters", "about")]
    for name in zoo():
        family = load(name)
        for variant in family.variants or (None,):
            graph = family.at(variant).graph() if variant else family.graph()
            shape = graph.nodes[graph.inputs[0]].shape
            params = analyse(graph).total.params
            shown = f"{name}@{variant}" if variant else name
            rows.append((shown, str(shape), f"{params:,}", graph.about))
    click.echo(table(rows, frozenset({1, 2})))
