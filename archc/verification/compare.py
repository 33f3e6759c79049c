"""Emitted source is run, with random weights, beside the model that archc builds itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from archc.api import Spec
from archc.diagnostics import CompileError
from archc.emission.execution import FILE, explained
from archc.graph import Graph
from archc.targets.source import Emitted, emit_source
from archc.verification.inputs import random_inputs
from archc.verification.keras_subject import KerasSubject, computing_in
from archc.verification.precision import Dtype, finest, rounded_constants
from archc.verification.results import OutputDifference, Verification
from archc.verification.sizes import at_side
from archc.verification.subject import Subject, layers_that_differ, relative_difference
from archc.verification.torch_subject import TorchSubject

if TYPE_CHECKING:
    import numpy as np

    from archc.weights import Weights


def verify(
    spec: Spec,
    targets: Sequence[str] = ("keras",),
    *,
    side: int | None = None,
    seed: int = 0,
    dtype: Dtype | None = None,
) -> tuple[Verification, ...]:
    """Run what a spec is emitted to for `keras` and `torch` against the model of its graph.

    All get the same random weights, batch-norm statistics too, and the same two inputs, whose
    spatial sides are all `side` if that is given. `dtype` is one of `DTYPES`, float64 by default
    but for networks that TensorFlow can't run so; grouped convolutions take it minutes.

    Raises `CompileError` where the spec is wrong, also at that size, or a target lacks something,
    and `ImportError` where PyTorch is asked for and not there.
    """
    spec = spec if side is None else at_side(spec, side)
    name = spec.graph().name
    sources = {target: emit_source(spec.assembled, target, name) for target in targets}
    return verify_sources(spec, sources, seed=seed, dtype=dtype)


def verify_sources(
    spec: Spec, sources: Mapping[str, Emitted], *, seed: int = 0, dtype: Dtype | None = None
) -> tuple[Verification, ...]:
    """Run source by its target, whoever wrote it, against the model of a spec, as `verify` does.

    The source is executed: it must be trusted. Whatever it raises is told in its verification.
    """
    graph = spec.graph()
    dtype = dtype or finest(graph)
    with computing_in(dtype):
        comparison = _Comparison(graph, seed, dtype)
        return tuple([comparison.hold(target, source) for target, source in sources.items()])


class _Comparison:
    """The model that archc builds, its inputs and outputs: what all targets are held against."""

    def __init__(self, graph: Graph, seed: int, dtype: Dtype) -> None:
        from archc import weights
        from archc.targets.keras import build

        self._graph = graph
        self._dtype = dtype
        self._weights = weights.random(graph, seed=seed, dtype=dtype)
        self._inputs = random_inputs(graph, seed, dtype)
        self._built = KerasSubject.made(lambda: build(graph, seed=seed), graph, self._weights)
        self._outputs = self._built.outputs(self._inputs)

    def hold(self, target: str, emitted: Emitted) -> Verification:
        """The verification of one target. Whatever its source raises is told, not raised."""
        graph = self._graph
        shapes = tuple([(graph.nodes[i].name, graph.nodes[i].shape) for i in graph.inputs])
        # Keras rounds in what it emits as it does in what it builds.
        rounded = rounded_constants(graph) if target != "keras" else ()
        verification = Verification(target, shapes, self._dtype, self._built.parameters, rounded)
        try:
            subject = _subject(target, emitted, graph, self._weights, self._dtype)
            return self._held(subject, verification)
        except CompileError as error:
            return replace(verification, failure=error.diagnostics[0].message)
        except Exception as error:  # source may fail in any way
            return replace(verification, failure=explained(error))

    def _held(self, subject: Subject, verification: Verification) -> Verification:
        """The verification with what the subject gives and, if that is wrong, in which layers."""
        inputs = self._inputs
        outputs = self._compared(subject.outputs(inputs))
        held = replace(verification, parameters=subject.parameters, outputs=outputs)
        if held.equal:
            return held
        layers = layers_that_differ(self._graph, subject, self._built, inputs, held.tolerance)
        return replace(held, layers=tuple(layers))

    def _compared(self, found: list[np.ndarray]) -> tuple[OutputDifference, ...]:
        if len(found) != len(self._outputs):
            raise ValueError(f"expected {len(self._outputs)} outputs, found {len(found)}")
        return tuple(
            [
                OutputDifference(
                    output.name,
                    relative_difference(theirs, ours),
                    relative_difference(ours[1:2], ours[:1]),
                )
                for output, theirs, ours in zip(
                    self._graph.outputs, found, self._outputs, strict=True
                )
            ]
        )


def _subject(target: str, emitted: Emitted, graph: Graph, values: Weights, dtype: Dtype) -> Subject:
    """The network that a source makes, with its weights set. Raises whatever the source raises."""
    construct = _executed(emitted)
    if target == "torch":
        return TorchSubject.made(construct, graph, values, emitted.paths, dtype)
    return KerasSubject.made(construct, graph, values)


def _executed(emitted: Emitted) -> Callable[[], Any]:
    """The function or class of a source that makes the network, from a module of its own."""
    module = ModuleType("emitted")
    exec(compile(emitted.source, FILE, "exec", dont_inherit=True), module.__dict__)
    constructor: Callable[[], Any] = getattr(module, emitted.entry)
    return constructor
