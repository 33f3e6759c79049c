"""What the commands that read weight files share: their options, and the plan they print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from archc.analyses import analyse
from archc.api import Spec
from archc.cli.terminal import show
from archc.diagnostics import CompileError, Diagnostic
from archc.graph import Graph
from archc.source import Scalar
from archc.weights.naming import ARCHC, KERAS, Naming
from archc.weights.open_file import open_weights
from archc.weights.plan import WeightPlan, plan_weights
from archc.weights.plan_text import plan_problem, plan_text
from archc.weights.weight_file import WeightFile

Command = TypeVar("Command", bound=Callable[..., object])


def weight_options(command: Command) -> Command:
    """`--weights-from` and `--allow-missing`."""
    source = click.option(
        "--weights-from",
        "source",
        metavar="SOURCE",
        help="What made the weights: archc, or a source of the spec's `weights:` "
        "(keras, timm, torchvision, …).  [default: by the file]",
    )
    allowed = click.option(
        "--allow-missing",
        "allowed",
        metavar="NAME",
        multiple=True,
        help="A layer or array, or a pattern of them (head*), that may be missing, of another "
        "shape, or not expected. It keeps its initial weights.",
    )
    return source(allowed(command))


@contextmanager
def planned(
    spec: Spec, graph: Graph, path: Path, source: str | None, allowed: tuple[str, ...]
) -> Iterator[WeightPlan]:
    """The plan for a spec's graph, printed, with the file open while the block runs.

    Raises `CompileError` where the file cannot be read, or anything of the plan is wrong.
    """
    with open_weights(path, analyse(graph).total.params) as file:
        naming = _naming(spec, file, source)
        plan = plan_weights(file, graph, naming, allowed=allowed)
        show(plan_text(plan))
        problem = plan_problem(plan, _arguments(spec))
        if problem is not None:
            raise CompileError([problem])
        yield plan


def _arguments(spec: Spec) -> dict[str, object]:
    args = spec.assembled.document.args
    return {name: node.value for name, node in args.items() if isinstance(node, Scalar)}


def _naming(spec: Spec, file: WeightFile, source: str | None) -> Naming:
    own = spec.assembled.document.weights
    chosen = source or _source_of(file, [name for name in own if name not in (ARCHC, KERAS)])
    if chosen == ARCHC and ARCHC not in own:
        return Naming(ARCHC)
    return Naming(chosen, tuple(spec.weight_rules(chosen)))


def _source_of(file: WeightFile, others: list[str]) -> str:
    """The source where none is given: what the file is, and for PyTorch the spec's only one."""
    if file.from_archc:
        return ARCHC
    if file.format == "keras":
        return KERAS
    if len(others) == 1:
        return others[0]
    known = ", ".join(f"`{name}`" for name in others)
    message = f"expected `--weights-from` for `{file.path}`, found none"
    helps = (f"the spec has rules for {known}" if known else "the spec has rules for no source",)
    raise CompileError([Diagnostic("weights-unknown", message, helps=helps)])
