"""A spec held against a network of another library: parameters, names of arrays, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic
from archc.graph import Graph
from archc.verification.inputs import random_inputs
from archc.verification.keras_subject import KerasSubject, computing_in
from archc.verification.precision import (
    ROUNDED_CONSTANTS,
    VISIBLE,
    Dtype,
    rounded_constants,
    tolerance,
)
from archc.verification.references_keras import keras_network
from archc.verification.references_timm import timm_network
from archc.verification.references_weights import plan_against, values_of
from archc.verification.results import OutputDifference
from archc.verification.sizes import at_side
from archc.verification.subject import Arrays, relative_difference
from archc.weights.naming import Naming
from archc.weights.plan import WeightPlan

if TYPE_CHECKING:
    import numpy as np

KERAS = "keras.applications."
TIMM = "timm:"
EXPECTED = f"expected `{KERAS}NAME` or `{TIMM}NAME`"
"""How the networks of others are written: `keras.applications.ResNet50`, `timm:resnet50d`."""


class ReferenceNetwork(Protocol):
    """A network that archc did not build."""

    @property
    def parameters(self) -> int:
        """The number of its weights, batch-norm statistics included."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Its arrays by their names, as they stand in weight files of its library."""

    def fill(self, values: Mapping[str, np.ndarray]) -> None:
        """Set its arrays."""

    def outputs(self, inputs: Arrays) -> list[np.ndarray]:
        """What it gives for inputs with the channels last, as arrays with the channels last."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the network of a spec compares with a `reference` that another library makes.

    `ours` and `theirs` are the numbers of parameters. Of the arrays `matched` go together by name
    and shape; `missing` are names that the reference should have, `unexpected` those that it has
    besides, and `conflicts` those that it has in another shape. `outputs` are compared with equal
    weights, and only where all arrays match.
    """

    reference: str
    inputs: tuple[str, ...]
    dtype: Dtype
    tolerance: float
    ours: int
    theirs: int
    matched: int
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    outputs: tuple[OutputDifference, ...] = ()
    failure: str = ""

    @property
    def same_names(self) -> bool:
        """Whether all arrays go together."""
        return not (self.missing or self.unexpected or self.conflicts)

    @property
    def blind(self) -> tuple[str, ...]:
        """The outputs that hardly depend on the inputs: that they are equal shows nothing."""
        least = VISIBLE * max(self.tolerance, ROUNDED_CONSTANTS)
        return tuple([output.name for output in self.outputs if not output.contrast > least])

    @property
    def passed(self) -> bool:
        """Whether parameters, names and outputs are equal, and the outputs can be trusted."""
        equal = all(output.difference <= self.tolerance for output in self.outputs)
        compared = bool(self.outputs) and not self.failure and not self.blind
        return self.ours == self.theirs and self.same_names and compared and equal


def verify_against(
    spec: Spec,
    reference: str,
    *,
    side: int | None = None,
    seed: int = 0,
    dtype: Dtype = "float64",
) -> Agreement:
    """Hold the model of a spec against `keras.applications.NAME` or `timm:NAME`.

    The reference is made without trained weights, for the spec's input, whose spatial sides are
    all `side` if that is given, and for as many classes as the spec has. Both get the same random
    weights, found by the spec's rules under `weights:` for `keras` or `timm`, and two inputs.

    Raises `CompileError` where the spec is wrong or has no rules for timm, and (`reference`) where
    the reference is unknown, can't be made, or its library is not installed.
    """
    spec = spec if side is None else at_side(spec, side)
    graph = spec.graph()
    source, name = split_reference(reference)
    naming = Naming(source, tuple(spec.weight_rules(source)))
    with computing_in(dtype):
        theirs = _network(source, name, graph, dtype)
        shapes = theirs.shapes()
        plan = plan_against(reference, source, shapes, graph, naming)
        return _compared(graph, reference, theirs, plan, seed, dtype)


def split_reference(reference: str) -> tuple[str, str]:
    """`timm:resnet50d` → `timm` and the name there. Raises `CompileError` (`reference`)."""
    for source, prefix in (("keras", KERAS), ("timm", TIMM)):
        if reference.startswith(prefix):
            return source, reference.removeprefix(prefix)
    raise CompileError([Diagnostic("reference", f"{EXPECTED}, found `{reference}`")])


def _network(source: str, name: str, graph: Graph, dtype: Dtype) -> ReferenceNetwork:
    if source == "keras":
        return keras_network(name, graph)
    return timm_network(name, graph, dtype)


def _compared(
    graph: Graph,
    reference: str,
    theirs: ReferenceNetwork,
    plan: WeightPlan,
    seed: int,
    dtype: Dtype,
) -> Agreement:
    from archc import weights
    from archc.targets.keras import build

    values = weights.random(graph, seed=seed, dtype=dtype)
    ours = KerasSubject.made(lambda: build(graph, seed=seed), graph, values)
    # Keras rounds the same in what it has itself.
    rounded = rounded_constants(graph) if plan.source != "keras" else ()
    agreement = Agreement(
        reference,
        tuple([str(graph.nodes[position].shape) for position in graph.inputs]),
        dtype,
        tolerance(dtype, rounded),
        ours.parameters,
        theirs.parameters,
        len(plan.matched),
        tuple([f"{match.name} ({match.weight})" for match in plan.missing]),
        tuple([array.name for array in plan.unexpected]),
        tuple([match.name for match in plan.conflicts]),
    )
    if not agreement.same_names:
        return agreement
    theirs.fill(values_of(plan, values))
    inputs = random_inputs(graph, seed, dtype)
    return _with_outputs(agreement, graph, ours.outputs(inputs), theirs.outputs(inputs))


def _with_outputs(agreement: Agreement, graph: Graph, ours: Arrays, theirs: Arrays) -> Agreement:
    if len(ours) != len(theirs):
        failure = f"expected {len(ours)} outputs, found {len(theirs)}"
        return replace(agreement, failure=failure)
    outputs = [
        OutputDifference(
            output.name,
            relative_difference(found, expected),
            relative_difference(expected[1:2], expected[:1]),
        )
        for output, expected, found in zip(graph.outputs, ours, theirs, strict=True)
    ]
    return replace(agreement, outputs=tuple(outputs))
