"""`archc build`: a spec as a Keras model in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archc import __version__
from archc.api import Spec
from archc.atomic import CannotWrite, WouldOverwrite
from archc.cli.memory import refuse_too_large
from archc.cli.options import load_spec, spec_options
from archc.cli.report import parts_text
from archc.cli.terminal import show, show_line, stage
from archc.cli.weight_options import planned, weight_options
from archc.diagnostics import CompileError, Diagnostic
from archc.graph import Graph
from archc.targets.keras import check_target
from archc.weights import Weights, expected, from_keras, into_keras
from archc.weights.plan import read_weights

if TYPE_CHECKING:
    import keras


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
@click.option(
    "--weights",
    "weight_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Weights to load: of Keras, safetensors, or a state_dict of PyTorch.",
)
@weight_options
@spec_options
def command(
    reference: str,
    output: Path | None,
    seed: int | None,
    features: bool,
    force: bool,
    weight_file: Path | None,
    source: str | None,
    allowed: tuple[str, ...],
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> None:
    """Build the Keras model of a spec and write it to a .keras file.

    Prints the network's components and groups. The file loads in Keras without archc, but for
    layers that Keras lacks, which are named. The file is written whole or not at all.

    With `--weights` it has the weights of a file; what goes where is printed first.
    """
    if weight_file is None and (source or allowed):
        raise click.UsageError("--weights-from and --allow-missing are of use with --weights alone")
    spec = load_spec(reference, settings, search)
    graph = spec.graph(features=features)
    target = output or Path("build") / f"{graph.name}.keras"
    refuse_too_large(graph, copies=2 if weight_file else 1)
    try:
        check_target(target, force=force)
        show(parts_text(graph))
        values = _read(spec, weight_file, source, allowed) if weight_file else {}
        _write(spec, graph, values, target, seed=seed, force=force)
    except (CannotWrite, WouldOverwrite) as problem:
        overwrites = isinstance(problem, WouldOverwrite)
        helps = ("`--force` overwrites it",) if overwrites else ()
        raise CompileError([Diagnostic("cannot-write", problem.message, helps=helps)]) from None


def _read(spec: Spec, path: Path, source: str | None, allowed: tuple[str, ...]) -> Weights:
    click.echo()
    # A backbone lacks layers that the file may well have.
    with planned(spec, spec.graph(), path, source, allowed) as plan, stage(f"reading {path}"):
        return read_weights(plan)


def _write(
    spec: Spec, graph: Graph, values: Weights, target: Path, *, seed: int | None, force: bool
) -> None:
    from archc.targets.keras import build, custom_layers, load_keras, save

    lacking = custom_layers(graph)
    with stage("loading Keras"):
        load_keras()
    with stage(f"building {graph.name}"):
        model = build(graph, seed=seed)
        if values:
            _fill(model, graph, values)
    provenance = {"name": graph.name, "archc": __version__, "spec": spec.digest}
    with stage(f"writing {target}"):
        save(model, target, force=force, provenance=provenance)
    click.echo()
    show_line(f"wrote {target} ({target.stat().st_size / 1e6:,.1f} MB)")
    if lacking:
        names = ", ".join(lacking[:5]) + (", …" if len(lacking) > 5 else "")
        show_line(
            f"Keras lacks {len(lacking)} of its layers ({names}): "
            "`import archc.targets.keras.custom` before you load it"
        )


def _fill(model: keras.Model, graph: Graph, values: Weights) -> None:
    """Set the weights that there are; the others stay as they are."""
    own = {name: values[name] for name in expected(graph) if name in values}
    missing = len(own) < len(expected(graph))
    into_keras(model, graph, {**from_keras(model, graph), **own} if missing else own)
