"""`archc verify`: a spec's Keras model held against emitted source, or another's network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeVar

import click

from archc.api import Spec
from archc.cli.against_report import agreements_text
from archc.cli.memory import refuse_too_large
from archc.cli.options import load_spec, spec_options
from archc.cli.report import title
from archc.cli.terminal import show, show_diagnostics, stage
from archc.cli.verify_report import verifications_text
from archc.diagnostics import CompileError, Diagnostic, Findings
from archc.verification import DTYPES, Agreement, Dtype, Verification, verify, verify_against
from archc.verification.precision import finest
from archc.verification.references import split_reference

Result = TypeVar("Result", Agreement, Verification)

_TARGETS = {
    "python": ("keras",),
    "keras": ("keras",),
    "torch": ("torch",),
    "all": ("keras", "torch"),
}


@click.command("verify", short_help="Run the source that a spec gives.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.option(
    "--to",
    "target",
    type=click.Choice(list(_TARGETS)),
    help="The source to run, as for `archc emit`; `keras` is `python`.  [default: python]",
)
@click.option(
    "--against",
    metavar="NETWORK",
    help="Run the network of another library instead: keras.applications.NAME or timm:NAME.",
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
    help="The numbers to compute in: float64, or float32 where TensorFlow has a layer in no other. "
    "float64 makes grouped convolutions very slow.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@spec_options
def command(
    reference: str,
    target: Literal["python", "keras", "torch", "all"] | None,
    against: str | None,
    sides: tuple[int, ...],
    dtype: Dtype | None,
    seed: int,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> int:
    """Run the source that a spec gives against the Keras model that archc builds itself.

    Both get the same random weights, batch-norm statistics too, and the same two inputs. Prints
    for each output the greatest difference, relative to its greatest value, and the number of
    parameters. Where an output differs, tells the first layer that differs in each component.

    With `--against` the other network is one that archc did not make. Compared are the numbers of
    parameters, the names and shapes of all arrays, by the spec's `weights:`, and the outputs.

    Ends with 0 where all is equal, 1 where something is not, or where the outputs don't depend on
    the inputs, so that nothing is shown; 2 where the spec is wrong, or has no network at a size.
    """
    if against is not None and target is not None:
        raise click.UsageError("--to is of no use with --against: no source is run")
    if against is not None:
        split_reference(against)
    targets = _TARGETS[target or "python"]
    if "torch" in targets:
        _require_torch()
    spec = load_spec(reference, settings, search)
    graph = spec.graph()
    dtype = dtype or finest(graph)
    # The weights by themselves, the model's, and those of each source.
    refuse_too_large(graph, 8 if dtype == "float64" else 4, copies=2 + len(targets))
    if against is None:
        run = partial(_verified, spec, targets, seed=seed, dtype=dtype)
        return _tell(run, sides, partial(verifications_text, title(graph)))
    hold = partial(_held, spec, against, seed=seed, dtype=dtype)
    return _tell(hold, sides, partial(agreements_text, title(graph)))


def _tell(
    compare: Callable[[int | None], Sequence[Result]],
    sides: tuple[int, ...],
    text: Callable[[Sequence[Result]], str],
) -> int:
    """Print what is compared, and what is wrong with the spec at some sizes; the exit code."""
    found, findings, code = _at_all_sizes(compare, sides)
    if found:
        show(text(found))
    if len(findings):
        show_diagnostics(list(findings))
    return max(code, int(not all(each.passed for each in found)))


def _at_all_sizes(
    compare: Callable[[int | None], Sequence[Result]], sides: tuple[int, ...]
) -> tuple[list[Result], Findings, int]:
    """What was compared, and what is wrong with the spec at some sizes, with the exit code."""
    findings, found, code = Findings(), list[Result](), 0
    for side in dict.fromkeys((None, *sides)):
        try:
            found += compare(side)
        except CompileError as error:
            findings.extend(_at_size(error, side))
            code = max(code, error.exit_code)
    return found, findings, code


def _require_torch() -> None:
    if find_spec("torch") is None:
        message = "PyTorch is needed to run its source, and is not installed"
        helps = ("install it: pip install 'archc[torch]'",)
        raise CompileError([Diagnostic("torch-missing", message, helps=helps)])


def _held(
    spec: Spec, against: str, side: int | None, *, seed: int, dtype: Dtype
) -> tuple[Agreement, ...]:
    where = "" if side is None else f" at size {side}"
    with stage(f"running {against}{where}"):
        return (verify_against(spec, against, side=side, seed=seed, dtype=dtype),)


def _verified(
    spec: Spec, targets: tuple[str, ...], side: int | None, *, seed: int, dtype: Dtype
) -> tuple[Verification, ...]:
    where = "" if side is None else f" at size {side}"
    with stage(f"running {' and '.join(targets)}{where}"):
        return verify(spec, targets, side=side, seed=seed, dtype=dtype)


def _at_size(error: CompileError, side: int | None) -> Iterator[Diagnostic]:
    """The diagnostics, each with the size that was asked for."""
    for each in error.diagnostics:
        note = () if side is None else (f"with `--input-size {side}`",)
        yield replace(each, notes=(*each.notes, *note))
