"""`archc build`: a spec as a Keras model in a file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from archc import __version__
from archc.analyses import analyse
from archc.api import Spec
from archc.atomic import CannotWrite, WouldOverwrite
from archc.cli.options import load_spec, spec_options
from archc.cli.report import parts_text
from archc.cli.terminal import stage
from archc.diagnostics import CompileError, Diagnostic
from archc.graph import Graph

FLOAT_BYTES = 4


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
    spec = load_spec(reference, settings, search)
    graph = spec.graph(features=features)
    target = output or Path("build") / f"{graph.name}.keras"
    _refuse_too_large(graph)
    try:
        _write(spec, graph, target, seed=seed, force=force)
    except (CannotWrite, WouldOverwrite) as problem:
        overwrites = isinstance(problem, WouldOverwrite)
        helps = ("`--force` overwrites it",) if overwrites else ()
        raise CompileError([Diagnostic("cannot-write", problem.message, helps=helps)]) from None


def _write(spec: Spec, graph: Graph, target: Path, *, seed: int | None, force: bool) -> None:
    from archc.targets.keras import build, check_target, custom_layers, load_keras, save

    check_target(target, force=force)
    click.echo(parts_text(graph))
    lacking = custom_layers(graph)
    with stage("loading Keras"):
        load_keras()
    with stage(f"building {graph.name}"):
        model = build(graph, seed=seed)
    provenance = {"name": graph.name, "archc": __version__, "spec": spec.digest}
    with stage(f"writing {target}"):
        save(model, target, force=force, provenance=provenance)
    click.echo(f"\nwrote {target} ({target.stat().st_size / 1e6:,.1f} MB)")
    if lacking:
        names = ", ".join(lacking[:5]) + (", …" if len(lacking) > 5 else "")
        click.echo(
            f"Keras lacks {len(lacking)} of its layers ({names}): "
            "`import archc.targets.keras.custom` before you load it"
        )


def _refuse_too_large(graph: Graph) -> None:
    """Weights that the machine can't hold are bad input, not a fault while they are made."""
    if not hasattr(os, "sysconf"):  # Windows
        return
    params = analyse(graph).total.params
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if params * FLOAT_BYTES > memory:
        needed, there = params * FLOAT_BYTES / 1e9, memory / 1e9
        message = f"the weights need {needed:,.0f} GB, and this machine has {there:,.0f} GB"
        raise CompileError([Diagnostic("too-large", message)])
