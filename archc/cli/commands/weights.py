"""`archc weights`: weight files, without loading a framework."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from archc import weights
from archc.atomic import CannotWrite, check_writable
from archc.cli.memory import refuse_too_large
from archc.cli.options import load_spec, spec_options
from archc.cli.terminal import show_line
from archc.cli.weight_options import planned, weight_options
from archc.diagnostics import CompileError, Diagnostic
from archc.weights.plan import read_weights


@click.group("weights", short_help="Convert weight files.")
def command() -> None:
    """Convert weight files of Keras and PyTorch to archc's."""


@command.command("convert", short_help="Write a weight file with archc's names and layouts.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    required=True,
    type=click.Path(path_type=Path),
    help="The .safetensors file to write.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@weight_options
@spec_options
def convert(
    reference: str,
    file: Path,
    output: Path,
    force: bool,
    source: str | None,
    allowed: tuple[str, ...],
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> None:
    """Write the weights of FILE as safetensors, with the names and layouts of the spec's network.

    FILE is one of Keras (.weights.h5, .h5, .keras), safetensors, or a state_dict of PyTorch.
    Prints what goes where first. OUT is written whole or not at all.
    """
    _check_target(output, force=force)
    spec = load_spec(reference, settings, search)
    graph = spec.graph()
    refuse_too_large(graph, copies=2)
    with planned(spec, graph, file, source, allowed) as plan:
        values = read_weights(plan)
    weights.save(output, values)
    click.echo()
    show_line(f"wrote {output} ({output.stat().st_size / 1e6:,.1f} MB)")


def _check_target(output: Path, *, force: bool) -> None:
    if output.suffix != ".safetensors":
        _refuse(f"cannot write {output}: the name of a file of weights ends in .safetensors")
    try:
        check_writable(output)
    except CannotWrite as problem:
        _refuse(problem.message)
    if output.exists() and not force:
        _refuse(f"{output} exists", "`--force` overwrites it")


def _refuse(message: str, *helps: str) -> NoReturn:
    raise CompileError([Diagnostic("cannot-write", message, helps=helps)]) from None
