"""A weight file of any known format as the weights of a graph, in one call."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archc.analyses import analyse
from archc.graph import Graph
from archc.weights.arrays import Weights
from archc.weights.matching import refuse
from archc.weights.naming import ARCHC, Naming
from archc.weights.open_file import open_weights
from archc.weights.plan import plan_weights, read_weights
from archc.weights.plan_text import plan_problem


def read(
    path: str | Path,
    graph: Graph,
    source: str = ARCHC,
    rules: Iterable[tuple[str, str]] = (),
    *,
    allow_missing: Iterable[str] = (),
) -> Weights:
    """The weights of a graph from a file of Keras, safetensors, or a state_dict of PyTorch.

    `source` is what named the layers there (`keras`, `timm`), and `rules` lead from the graph's
    names to those, as `Spec.weight_rules` gives them. `allow_missing` are layers and arrays, or
    patterns of them, that may be missing, of another shape, or not expected.

    Nothing of a file is ever executed. Raises `CompileError` where the file cannot be read or has
    values that are not finite (`weights-file`), and where it is not that of the graph
    (`weights-mismatch`).
    """
    with open_weights(Path(path), analyse(graph).total.params) as file:
        naming = Naming(source, tuple(rules))
        plan = plan_weights(file, graph, naming, allowed=allow_missing)
        problem = plan_problem(plan, {})
        refuse([problem] if problem else [])
        return read_weights(plan)
