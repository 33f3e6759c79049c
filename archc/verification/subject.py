"""What is asked of a network that is compared, whatever framework it runs in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from archc.graph import Graph
from archc.verification.results import LayerDifference

if TYPE_CHECKING:
    import numpy as np

Arrays = Sequence["np.ndarray"]
"""Arrays, the batch first and the channels last, in the order of a graph's inputs or outputs."""

_AT_ONCE = 32
"""Layers whose outputs are kept together: those of a whole network may not fit the memory."""


class Subject(Protocol):
    """A network that runs, with the weights of a graph."""

    @property
    def parameters(self) -> int:
        """The number of its weights, batch-norm statistics included."""

    def outputs(self, inputs: Arrays) -> list[np.ndarray]:
        """What the network gives."""

    def layers(self, inputs: Arrays, names: Iterable[str]) -> dict[str, np.ndarray]:
        """What those of the nodes give whose output can be seen in the network."""


def relative_difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The greatest difference, relative to the greatest value that is expected.

    Infinite where the shapes differ or a value is no finite number.
    """
    import numpy as np

    if found.shape != expected.shape or not np.isfinite(found).all():
        return float("inf")
    difference = float(np.abs(found - expected).max(initial=0))
    scale = float(np.abs(expected).max(initial=0))
    if difference == 0:
        return 0.0
    return difference / scale if 0 < scale < float("inf") else float("inf")


def layers_that_differ(
    graph: Graph, found: Subject, expected: Subject, inputs: Arrays, tolerance: float
) -> Iterator[LayerDifference]:
    """The first layer of each component, in the order of the graph, that gives something else."""
    for component in graph.root.children:
        names = [node.name for node in graph.nodes[component.start : component.stop]]
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            first = _first_that_differs(some, found, expected, inputs, tolerance)
            if first is not None:
                yield LayerDifference(component.label, *first)
                break


def _first_that_differs(
    names: Sequence[str], found: Subject, expected: Subject, inputs: Arrays, tolerance: float
) -> tuple[str, float] | None:
    theirs = found.layers(inputs, names)
    ours = expected.layers(inputs, theirs)
    for name in names:
        if name in theirs and name in ours:
            difference = relative_difference(theirs[name], ours[name])
            if difference > tolerance:
                return name, difference
    return None
