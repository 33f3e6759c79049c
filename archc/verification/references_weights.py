"""The arrays of a graph as those of a network that another library makes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from archc.graph import Graph
from archc.weights import Weights
from archc.weights.match import Shape
from archc.weights.naming import Naming
from archc.weights.plan import WeightPlan, plan_weights
from archc.weights.weight_file import FileFormat, StoredArray, WeightFile

if TYPE_CHECKING:
    import numpy as np


def plan_against(
    reference: str, source: str, shapes: Mapping[str, Shape], graph: Graph, naming: Naming
) -> WeightPlan:
    """What of a network goes where in a graph, as for a weight file of it.

    The values that would be read are the positions in an array: what is done to them tells where
    each value of the graph stands in the network.
    """
    arrays = {
        name: StoredArray(name, shape, "int64", numeric=True, read=partial(_positions, shape))
        for name, shape in shapes.items()
    }
    kind: FileFormat = "keras" if source == "keras" else "torch"
    file = WeightFile(Path(reference), kind, reference, arrays)
    return plan_weights(file, graph, naming)


def values_of(plan: WeightPlan, weights: Weights) -> Weights:
    """The values of a graph's arrays in the names and layouts of the network of a plan."""
    import numpy as np

    found: Weights = {}
    for match in plan.matched:
        assert match.stored is not None
        values = weights[match.weight]
        positions = match.convert(match.stored.read())
        whole = found.setdefault(match.stored.name, np.zeros(match.stored.shape, values.dtype))
        whole.reshape(-1)[positions.reshape(-1)] = values.reshape(-1)
    return found


def _positions(shape: Shape) -> np.ndarray:
    import numpy as np

    return np.arange(prod(shape)).reshape(shape)
