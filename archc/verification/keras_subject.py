"""A Keras model as a network to compare."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archc.graph import Graph
from archc.targets.keras import load_keras
from archc.verification.precision import Dtype
from archc.verification.subject import Arrays

if TYPE_CHECKING:
    import keras
    import numpy as np

    from archc.weights import Weights


@dataclass(frozen=True, slots=True)
class KerasSubject:
    """A Functional model whose layers are named as the nodes of a graph."""

    model: keras.Model

    @classmethod
    def made(
        cls, construct: Callable[[], keras.Model], graph: Graph, weights: Weights
    ) -> KerasSubject:
        """The model that `construct` gives, with these weights."""
        from archc.weights import into_keras

        with _room_for(graph):
            model = construct()
        into_keras(model, graph, weights)
        return cls(model)

    @property
    def parameters(self) -> int:
        return int(self.model.count_params())

    def outputs(self, inputs: Arrays) -> list[np.ndarray]:
        return _run(self.model, inputs)

    def layers(self, inputs: Arrays, names: Iterable[str]) -> dict[str, np.ndarray]:
        layers = {layer.name: layer for layer in self.model.layers}
        seen = {name: layers[name].output for name in names if name in layers}
        if not seen:
            return {}
        entries = self.model.inputs
        entry = entries[0] if len(entries) == 1 else entries
        model = load_keras().Model(entry, list(seen.values()))
        return dict(zip(seen, _run(model, inputs), strict=True))


def _run(model: Any, inputs: Arrays) -> list[np.ndarray]:
    import numpy as np

    given = model(inputs[0] if len(inputs) == 1 else list(inputs), training=False)
    return [np.asarray(each) for each in (given if isinstance(given, list | tuple) else [given])]


@contextmanager
def _room_for(graph: Graph) -> Iterator[None]:
    """Keras walks through a new model by recursion, one call for each layer."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + 4 * len(graph))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def computing_in(dtype: Dtype) -> Iterator[None]:
    """Keras with this number format, channels last. What was set before is set again behind it.

    The session of Keras ends with the block: models made in it should not be used further.
    """
    keras = load_keras()
    config = keras.config
    floatx, policy, layout = config.floatx(), config.dtype_policy(), config.image_data_format()
    state = random.getstate()  # from which Keras seeds the initial weights
    try:
        config.set_floatx(dtype)
        config.set_dtype_policy(dtype)
        config.set_image_data_format("channels_last")
        yield
    finally:
        random.setstate(state)
        keras.backend.clear_session()
        config.set_floatx(floatx)
        if policy.name != floatx:  # the policy that is not set follows `floatx`
            config.set_dtype_policy(policy)
        config.set_image_data_format(layout)
