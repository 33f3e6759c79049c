"""What a spec declares beside its network: rules for weights, and how images enter it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from archc.api import Spec
from archc.diagnostics import CompileError, Findings
from archc.elaborate.elaborate import spec_frame
from archc.elaborate.scope import Frame
from archc.elaborate.values import compile_value
from archc.graph import Graph
from archc.source import Node


def check_declared(spec: Spec, graph: Graph) -> None:
    """Work out what a spec declares beside its network, `graph`, as it would be when it is used.

    What `preprocess:` says is held against the network's input where that can be an image, unless
    the spec was changed: as a contract, it speaks of the spec as it is written.

    Raises `CompileError` with all that is wrong.
    """
    findings = Findings()
    for work_out in (*_rules(spec), *_values(spec)):
        try:
            work_out()
        except CompileError as error:
            findings.extend(error.diagnostics)
    findings.raise_if_any()
    declared = spec.assembled.document.preprocess is not None
    if declared and not spec.settings and _takes_images(graph):
        from archc.prediction.preprocessing import preprocessing_of

        preprocessing_of(spec, graph)


def _rules(spec: Spec) -> Iterator[Callable[[], object]]:
    for source in spec.assembled.document.weights:
        yield partial(spec.weight_rules, source)


def _values(spec: Spec) -> Iterator[Callable[[], object]]:
    declared = spec.assembled.document.preprocess
    if declared is None:
        return
    frame = spec_frame(spec.assembled)
    for key, node in (("size", declared.size), ("mean", declared.mean), ("std", declared.std)):
        if node is not None:
            yield partial(_evaluate, key, node, frame)


def _evaluate(key: str, node: Node, frame: Frame) -> None:
    compile_value(node, key).evaluate(frame)


def _takes_images(graph: Graph) -> bool:
    """Whether it has one input of a height, a width and the channels of pixels."""
    shapes = [graph.nodes[position].shape for position in graph.inputs]
    return len(shapes) == 1 and shapes[0].rank == 2 and shapes[0].channels in (1, 3)
