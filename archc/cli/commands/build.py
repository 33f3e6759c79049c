"""`archc build`: a spec as a Keras model in a file."""

from __future__ import annotations

from pathlib import Path

import click

from archc.cli.options import spec_options


@click.command("build", short_help="Build the Keras model of a spec.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The .keras file to write.  [default: build/NAME.keras]",
)
@click.option("--seed", type=click.IntRange(min=0), help="Make the initial weights repeatable.")
@click.option("--features", is_flag=True, help="Give the output of every group, for a backbone.")
@click.option("--force", is_flag=True, help="Overwrite a file that archc did not write.")
@spec_options
def command(
    reference: str,
    output: Path | None,
    seed: int | None,
    features: bool,
    force: bool,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> None:
    """Build the Keras model of a spec and write it to a .keras file.

    Prints the network's components and groups. The file loads in Keras without archc, but for
    layers that Keras lacks, which are named. The file is written whole or not at all.
    """
    raise NotImplementedError
