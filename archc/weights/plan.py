"""What of a weight file goes where in a graph: a plan that is made before any values are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from archc.graph import Graph
from archc.weights.arrays import Weights
from archc.weights.match import Match
from archc.weights.match_keras import match_keras
from archc.weights.match_torch import IGNORED, match_torch
from archc.weights.naming import Naming
from archc.weights.weight_file import StoredArray, WeightFile, refuse_file

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class WeightPlan:
    """How the arrays of a graph and those of a file go together, in the order of the graph.

    `allowed` are names and patterns (`head*`) of what may be missing, of another shape, or not
    expected: those of layers or arrays, in the graph or in the file.
    """

    name: str
    file: WeightFile
    source: str
    matches: tuple[Match, ...]
    unexpected: tuple[StoredArray, ...]
    allowed: tuple[str, ...] = ()

    @property
    def matched(self) -> list[Match]:
        return [match for match in self.matches if match.fits]

    @property
    def missing(self) -> list[Match]:
        return [match for match in self.matches if match.stored is None]

    @property
    def conflicts(self) -> list[Match]:
        """Those that the file has in another shape, or not as numbers."""
        return [match for match in self.matches if match.stored is not None and not match.fits]

    @property
    def wrong(self) -> list[Match]:
        """Those that are missing or in conflict, and not allowed to be."""
        return [
            match
            for match in self.matches
            if not match.fits and not self._may(match.weight, match.node, match.name)
        ]

    @property
    def strangers(self) -> list[StoredArray]:
        """Those of the file that are neither expected nor allowed."""
        return [array for array in self.unexpected if not self._may(array.name, array.group)]

    def _may(self, *names: str) -> bool:
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.allowed)


def plan_weights(
    file: WeightFile, graph: Graph, naming: Naming, *, allowed: Iterable[str] = ()
) -> WeightPlan:
    """The plan for a graph; `naming` says how the layers are called in the file.

    Raises `CompileError` where a rule of the naming fails, or the framework that wrote the file
    lacks what a layer of the graph asks for.
    """
    nodes = [node.name for node in graph if graph.weights(node)]
    names, numbered = naming.names(nodes)
    if naming.of_keras(file):
        matches = match_keras(graph, file.arrays.values(), names, numbered)
    else:
        matches = match_torch(graph, file.arrays, names)
    used = {id(match.stored) for match in matches}
    unexpected = [
        array
        for array in file.arrays.values()
        if id(array) not in used and array.name.rpartition(".")[2] not in IGNORED
    ]
    return WeightPlan(
        graph.name, file, naming.source, tuple(matches), tuple(unexpected), tuple(allowed)
    )


def read_weights(plan: WeightPlan) -> Weights:
    """The arrays that match, in archc's names and layouts, as copies.

    Raises `CompileError` (`weights-file`) where the file is damaged, or has values that are no
    finite 32-bit floats.
    """
    read = {match.weight: _values(plan.file, match) for match in plan.matched}
    broken = [name for name, values in read.items() if not _finite(values)]
    if broken:
        others = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        refuse_file(
            f"expected finite 32-bit floats in `{plan.file.path}`, "
            f"found NaN, infinity or greater values in `{broken[0]}`{others}"
        )
    return read


def _values(file: WeightFile, match: Match) -> np.ndarray:
    assert match.stored is not None
    try:
        values = match.stored.read()
    # A damaged file surfaces in each library as exceptions of its own.
    except Exception as error:
        where = f"`{file.path}`, whose `{match.stored.name}` is damaged"
        refuse_file(f"expected a whole file, found {where}", error)
    return match.convert(values).copy()


def _finite(values: np.ndarray) -> bool:
    import numpy as np

    with np.errstate(over="ignore"):
        return bool(np.isfinite(values.astype(np.float32, copy=False)).all())
