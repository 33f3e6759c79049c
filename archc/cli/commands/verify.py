"""`archc verify`: the source that a spec gives, run against its Keras model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import click

from archc.api import Spec
from archc.cli.memory import refuse_too_large
from archc.cli.options import load_spec, spec_options
from archc.cli.report import title
from archc.cli.terminal import show_diagnostics, stage
from archc.cli.verify_report import verifications_text
from archc.diagnostics import CompileError, Diagnostic, Findings
from archc.verification import DTYPES, Dtype, Verification, verify

_TARGETS = {"python": ("keras",), "torch": ("torch",), "all": ("keras", "torch")}


@click.command("verify", short_help="Run the source that a spec gives.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.option(
    "--to",
    "target",
    type=click.Choice(list(_TARGETS)),
    default="python",
    show_default=True,
    help="The source to run, as for `archc emit`.",
)
@click.option(
    "--input-size",
    "sides",
    metavar="N",
    type=click.IntRange(min=1),
    multiple=True,
    help="Verify with all spatial sides of the inputs at N, too.",
)
@click.option(
    "--dtype",
    type=click.Choice(list(DTYPES)),
    default="float64",
    show_default=True,
    help="The numbers to compute in; float64 makes grouped convolutions very slow.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@spec_options
def command(
    reference: str,
    target: Literal["python", "torch", "all"],
    sides: tuple[int, ...],
    dtype: Dtype,
    seed: int,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> int:
    """Run the source that a spec gives against the Keras model that archc builds itself.

    Both get the same random weights, batch-norm statistics too, and the same two inputs. Prints
    for each output the greatest difference, relative to its greatest value, and the number of
    parameters. Where an output differs, tells the first layer that differs in each component.

    Ends with 0 where all is equal, 1 where something is not, or where the outputs don't depend on
    the inputs, so that nothing is shown; 2 where the spec is wrong, or has no network at a size.
    """
    targets = _TARGETS[target]
    if "torch" in targets:
        _require_torch()
    spec = load_spec(reference, settings, search)
    graph = spec.graph()
    # The weights by themselves, the model's, and those of each source.
    refuse_too_large(graph, 8 if dtype == "float64" else 4, copies=2 + len(targets))
    found, findings, code = _at_all_sizes(spec, targets, sides, seed, dtype)
    if found:
        click.echo(verifications_text(title(graph), found))
    if len(findings):
        show_diagnostics(list(findings))
    return max(code, int(not all(each.passed for each in found)))


def _at_all_sizes(
    spec: Spec, targets: tuple[str, ...], sides: tuple[int, ...], seed: int, dtype: Dtype
) -> tuple[list[Verification], Findings, int]:
    """What was verified, and what is wrong with the spec at some sizes, with the exit code."""
    findings, found, code = Findings(), list[Verification](), 0
    for side in dict.fromkeys((None, *sides)):
        try:
            found += _verified(spec, targets, side, seed, dtype)
        except CompileError as error:
            findings.extend(_at_size(error, side))
            code = max(code, error.exit_code)
    return found, findings, code


def _require_torch() -> None:
    if find_spec("torch") is None:
        message = "PyTorch is needed to run its source, and is not installed"
        helps = ("install it: pip install 'archc[torch]'",)
        raise CompileError([Diagnostic("torch-missing", message, helps=helps)])


def _verified(
    spec: Spec, targets: tuple[str, ...], side: int | None, seed: int, dtype: Dtype
) -> tuple[Verification, ...]:
    where = "" if side is None else f" at size {side}"
    with stage(f"running {' and '.join(targets)}{where}"):
        return verify(spec, targets, side=side, seed=seed, dtype=dtype)


def _at_size(error: CompileError, side: int | None) -> Iterator[Diagnostic]:
    """The diagnostics, each with the size that was asked for."""
    for each in error.diagnostics:
        note = () if side is None else (f"with `--input-size {side}`",)
        yield replace(each, notes=(*each.notes, *note))
