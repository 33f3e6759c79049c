"""Weights out of a Keras model and into it, by the names of its layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archc.diagnostics import Diagnostic
from archc.graph import Graph
from archc.targets.keras.arrays import KerasArray, keras_arrays
from archc.weights.arrays import Weights, as_arrays, expected, not_numbers
from archc.weights.matching import mismatches, refuse

if TYPE_CHECKING:
    import keras
    import numpy as np


def from_keras(model: keras.Model, graph: Graph) -> Weights:
    """The weights of a graph from a Keras model of it, in the order of the graph.

    The model may be archc's own or come from emitted source: its layers are named as the nodes.
    The values are copies, of the model's dtype.

    Raises `CompileError` (`weights-mismatch`) with all arrays that the model lacks, has in another
    shape, or has besides; and where Keras lacks what a layer of the graph asks for.
    """
    import numpy as np

    matched = _Matched.of(model, graph)
    refuse(matched.problems)
    shapes = expected(graph)
    return {
        name: np.asarray(variable).copy().reshape(shapes[name])
        for name, variable in matched.variables.items()
    }


def into_keras(model: keras.Model, graph: Graph, weights: Mapping[str, np.ndarray]) -> None:
    """Set all weights of a Keras model of a graph; the values are cast to the model's dtype.

    Raises `CompileError` as `from_keras` does, and also where the weights are not those of the
    graph or hold no real numbers; the model is then as it was.
    """
    arrays = as_arrays(weights)
    shapes = {name: values.shape for name, values in arrays.items()}
    matched = _Matched.of(model, graph)
    own = mismatches(expected(graph), shapes, "the weights")
    refuse([*not_numbers(arrays), *own, *matched.problems])
    for name, variable in matched.variables.items():
        variable.assign(arrays[name].reshape(variable.shape))
    for layer in model.layers:
        # Keras's `Normalization` computes with copies of its arrays.
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


@dataclass(frozen=True, slots=True)
class _Matched:
    """The variable of each array of a graph, and what the model and the graph differ in."""

    variables: dict[str, Any]
    problems: list[Diagnostic]

    @classmethod
    def of(cls, model: keras.Model, graph: Graph) -> _Matched:
        places = keras_arrays(graph)
        held = _variables(model)
        variables = {n: held[place.path] for n, place in places.items() if place.path in held}
        return cls(variables, _problems(model, places, held))


def _problems(
    model: keras.Model, places: dict[str, KerasArray], held: dict[str, Any]
) -> list[Diagnostic]:
    shapes = {place.path: place.shape for place in places.values()}
    found = {path: tuple(variable.shape) for path, variable in held.items()}
    archc_names = {place.path: name for name, place in places.items()}
    return mismatches(shapes, found, f"the Keras model `{model.name}`", archc_names)


def _variables(model: keras.Model) -> dict[str, Any]:
    """`layer/array` → the variable, for every array of a model that is no random state."""
    return {
        f"{layer.name}/{_inside(variable.path, layer.name)}": variable
        for layer in model.layers
        for variable in layer.weights
    }


def _inside(path: str, layer: str) -> str:
    """A variable's path without the layer's name and the scopes that may stand before it."""
    parts = path.split("/")
    return "/".join(parts[parts.index(layer) + 1 :]) if layer in parts else path
