"""The neutral form of weights, and what a graph expects of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from archc.diagnostics import Diagnostic
from archc.graph import Graph

if TYPE_CHECKING:
    import numpy as np

Weights: TypeAlias = "dict[str, np.ndarray]"
"""`node/weight` → its values, with archc's names and Keras's layouts."""

MISMATCH = "weights-mismatch"


def expected(graph: Graph) -> dict[str, tuple[int, ...]]:
    """`node/weight` of every array of a graph → its shape, in the order of the graph."""
    return {
        f"{node.name}/{weight.name}": weight.shape
        for node in graph
        for weight in graph.weights(node)
    }


def as_arrays(weights: Mapping[str, np.ndarray]) -> Weights:
    """The weights as numpy's arrays, whatever they came as."""
    import numpy as np

    return {name: np.asarray(values) for name, values in weights.items()}


def not_numbers(weights: Weights) -> list[Diagnostic]:
    """A finding for each array that holds no real numbers, so that no layer can take it."""
    return [
        Diagnostic(MISMATCH, f"expected real numbers in `{name}`, found {values.dtype}")
        for name, values in weights.items()
        if values.dtype.kind not in "biuf" and values.dtype.name != "bfloat16"
    ]
