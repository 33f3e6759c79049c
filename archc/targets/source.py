"""A spec as source text of a target: planned, printed, checked."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archc.diagnostics import CompileError, Diagnostic
from archc.elaborate import Recorded, elaborate_recorded
from archc.emission.flat import flat_plan
from archc.emission.plan import Plan
from archc.emission.splits import CannotKeep
from archc.emission.structure import structured_plan
from archc.graph import Graph
from archc.spec import Assembled

TARGETS = ("keras", "torch")

Paths = dict[str, tuple[str, ...]]

_SHOWN = 5
"""Differences of a network that are told; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """The source, the function or class in it that makes the network, and where its nodes went.

    `paths` are, for PyTorch, the modules that hold each node's weights; `flat` says that the
    structure of the spec could not be kept.
    """

    source: str
    entry: str
    paths: Paths
    flat: bool = False


_TARGETS = ("keras", "torch")


def emit_source(
    assembled: Assembled, target: str, docstring: str, templates: Path | None = None
) -> Emitted:
    """The source of a spec for a target: `keras` or `torch`; `docstring` becomes the file's.

    What is emitted has been run against stubs of the framework and found to make the graph.
    Templates of the folder `templates/keras` or `templates/torch`, and where there is none those
    of `templates` itself, take the place of archc's own.

    Raises `CompileError` for an invalid spec, where the target lacks what a layer asks for, and
    (`template-error`) where the templates fail or make another network; `ValueError` for a target
    that archc lacks.
    """
    if target not in _TARGETS:
        raise ValueError(f"expected one of {', '.join(_TARGETS)}, found {target!r}")
    recorded = elaborate_recorded(assembled)
    work = _keras(recorded.graph) if target == "keras" else _torch(recorded.graph)
    plan, emitted = (
        _structured(recorded, work, docstring, loops=True)
        or _structured(recorded, work, docstring, loops=False)
        or _flat(work, docstring)
    )
    if templates is None:
        return emitted
    source = work.emit(plan, docstring, folder_of(target, templates))
    wrong, paths = work.check(source, plan)
    if wrong:
        raise CompileError([_another_network(wrong, templates)])
    return replace(emitted, source=source, paths=paths)


def folder_of(target: str, templates: Path) -> Path:
    """The folder with the templates of a target among those of a user."""
    own = templates / target
    return own if os.path.isdir(own) else templates  # noqa: PTH112  (Path.is_dir raises)


def _another_network(wrong: list[str], templates: Path) -> Diagnostic:
    shown = wrong[:_SHOWN]
    if len(wrong) > len(shown):
        shown.append(f"and {len(wrong) - len(shown):,} more")
    message = f"expected the network of the spec from the templates in `{templates}`, found another"
    return Diagnostic("template-error", message, notes=tuple(shown))


@dataclass(frozen=True, slots=True)
class _Work:
    """What a target does for an emission."""

    dialect: Any
    flat: Callable[[], Plan[Any]]
    emit: Callable[[Plan[Any], str, Path | None], str]
    check: Callable[[str, Plan[Any]], tuple[list[str], Paths]]
    entry: Callable[[Plan[Any]], str]


def _structured(
    recorded: Recorded, work: _Work, docstring: str, *, loops: bool
) -> tuple[Plan[Any], Emitted] | None:
    """The plan and the emission that keep the structure; None where that can't be done."""
    try:
        plan = structured_plan(recorded, work.dialect, loops=loops)
        source = work.emit(plan, docstring, None)
    except (CannotKeep, NotImplementedError, AssertionError):
        return None
    wrong, paths = work.check(source, plan)
    return None if wrong else (plan, Emitted(source, work.entry(plan), paths))


def _flat(work: _Work, docstring: str) -> tuple[Plan[Any], Emitted]:
    plan = work.flat()
    source = work.emit(plan, docstring, None)
    wrong, paths = work.check(source, plan)
    assert not wrong, "\n".join(wrong)
    return plan, Emitted(source, work.entry(plan), paths, flat=True)


def _keras(graph: Graph) -> _Work:
    from archc.targets.keras.dialect import KerasDialect
    from archc.targets.keras.emit import emit
    from archc.targets.keras.lowered import lower_graph
    from archc.targets.keras.recording import mismatches

    lowered = lower_graph(graph)
    return _Work(
        KerasDialect(),
        lambda: flat_plan(graph, lambda position: lowered[position].calls),
        emit,
        lambda source, plan: (mismatches(source, graph, plan.identifier, lowered), {}),
        lambda plan: plan.identifier,
    )


def _torch(graph: Graph) -> _Work:
    from archc.targets.torch.dialect import TorchDialect
    from archc.targets.torch.emit import emit, main_class
    from archc.targets.torch.lowered import lower_graph
    from archc.targets.torch.recording import record

    lowered = lower_graph(graph)

    def check(source: str, plan: Plan[Any]) -> tuple[list[str], Paths]:
        recording = record(source, graph, main_class(plan), lowered)
        return recording.mismatches, recording.paths

    return _Work(
        TorchDialect(),
        lambda: flat_plan(graph, lambda position: lowered[position]),
        emit,
        check,
        lambda plan: main_class(plan),
    )
