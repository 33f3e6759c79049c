"""A Keras model of a spec, with weights, asked what images show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic
from archc.graph import Graph
from archc.prediction.images import read_images
from archc.prediction.preprocessing import preprocessing_of

if TYPE_CHECKING:
    import keras
    import numpy as np

    from archc.weights import Weights

_AT_ONCE = 16
"""Images that are in the memory together."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A class, by its position in the network's output, and the share that it is given of 1."""

    index: int
    share: float


def number_of_classes(spec: Spec) -> int:
    """How many classes a spec's network tells apart. Raises `CompileError` where it gives others
    things than one vector.
    """
    graph = spec.graph()
    shapes = [graph.nodes[output.node].shape for output in graph.outputs]
    if len(shapes) == 1 and shapes[0].rank == 0:
        return shapes[0].channels
    shown = " and ".join([str(shape) for shape in shapes])
    message = f"expected a network that gives one number for each class, found one of {shown}"
    raise CompileError([Diagnostic("wrong-type", message, spec.assembled.document.origin.span)])


def predict(
    spec: Spec, weights: Weights, images: Sequence[Path], *, top: int = 5
) -> list[tuple[Guess, ...]]:
    """The `top` likeliest classes for each image file, the likeliest first.

    The images are preprocessed as the spec says. What the network gives goes through a softmax,
    unless it ends in one.

    Raises `CompileError` where the spec is wrong, says nothing of preprocessing or classifies
    nothing, where the weights are not the network's, and where an image can't be read.
    """
    from archc.targets.keras import build
    from archc.weights import into_keras

    number_of_classes(spec)
    graph = spec.graph()
    preprocessing = preprocessing_of(spec, graph)
    model = build(graph)
    into_keras(model, graph, weights)
    found: list[tuple[Guess, ...]] = []
    for start in range(0, len(images), _AT_ONCE):
        batch = read_images(images[start : start + _AT_ONCE], preprocessing)
        found += [_guesses(row, graph, top) for row in _outputs(model, batch)]
    return found


def _outputs(model: keras.Model, batch: np.ndarray) -> np.ndarray:
    from archc.targets.keras import load_keras

    given = load_keras().ops.convert_to_numpy(model(batch, training=False))
    outputs: np.ndarray = given.astype("float64")
    return outputs


def _guesses(row: np.ndarray, graph: Graph, top: int) -> tuple[Guess, ...]:
    import numpy as np

    shares = row if _gives_shares(graph) else np.exp(row - row.max())
    shares = shares / shares.sum()
    likeliest = np.argsort(-shares, kind="stable")[:top]
    return tuple([Guess(int(index), float(shares[index])) for index in likeliest])


def _gives_shares(graph: Graph) -> bool:
    """Whether the network ends in a softmax, by itself or as the activation of a layer."""
    attributes = graph.nodes[graph.outputs[0].node].layer.model_dump()
    return "softmax" in (attributes.get("kind"), attributes.get("activation"))
