"""Networks of keras.applications."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archc.diagnostics import CompileError, Diagnostic, one_of
from archc.graph import Graph
from archc.targets.keras import load_keras
from archc.verification.subject import Arrays

if TYPE_CHECKING:
    import keras
    import numpy as np


@dataclass(frozen=True, slots=True)
class KerasNetwork:
    """A model that Keras made; `variables` are its arrays by layer and name."""

    model: keras.Model
    variables: Mapping[str, Any]

    @property
    def parameters(self) -> int:
        return int(self.model.count_params())

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tuple(variable.shape) for name, variable in self.variables.items()}

    def fill(self, values: Mapping[str, np.ndarray]) -> None:
        for name, array in values.items():
            self.variables[name].assign(array)
        for layer in _weighted_layers(self.model):
            # Keras's `Normalization` computes with copies of its arrays.
            if hasattr(layer, "finalize_state"):
                layer.finalize_state()

    def outputs(self, inputs: Arrays) -> list[np.ndarray]:
        import numpy as np

        given = self.model(inputs[0] if len(inputs) == 1 else list(inputs), training=False)
        return [np.asarray(each) for each in (given if isinstance(given, list) else [given])]


def keras_network(name: str, graph: Graph) -> KerasNetwork:
    """The network of that name without trained weights, for a graph's input and classes.

    Raises `CompileError` (`reference`) where there is none, or Keras can't make it like that.
    """
    keras = load_keras()
    known = [each for each in dir(keras.applications) if each[0].isupper()]
    if name not in known:
        message = f"keras.applications has no network `{name}`"
        helps = (one_of(name, known, "networks there"),)
        raise CompileError([Diagnostic("reference", message, helps=helps)])
    shape = tuple(graph.nodes[graph.inputs[0]].shape)
    classes = graph.nodes[graph.outputs[0].node].shape.channels
    # Layers without a name are numbered from model to model, unless Keras starts anew.
    keras.utils.clear_session()
    try:
        with warnings.catch_warnings():
            # Some warn of sizes that they have no trained weights for.
            warnings.simplefilter("ignore")
            model = getattr(keras.applications, name)(
                weights=None, input_shape=shape, classes=classes
            )
    except (TypeError, ValueError) as error:
        message = f"keras.applications can't make `{name}` for inputs of {_shown(shape)}"
        notes = (str(error).strip().partition("\n")[0],)
        raise CompileError([Diagnostic("reference", message, notes=notes)]) from None
    return KerasNetwork(model, dict(_variables(model)))


def _variables(model: keras.Model) -> Iterator[tuple[str, Any]]:
    """`layer/array` and the array, as weight files name it."""
    for layer in _weighted_layers(model):
        for number, variable in enumerate(layer.weights):
            parts = variable.path.split("/")
            inside = parts[parts.index(layer.name) + 1 :] if layer.name in parts else []
            yield f"{layer.name}/{'/'.join(inside) or number}", variable


def _weighted_layers(model: keras.Model) -> Iterator[Any]:
    """The layers that have weights, those of models inside the model included."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _weighted_layers(layer)
        elif layer.weights:
            yield layer


def _shown(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
