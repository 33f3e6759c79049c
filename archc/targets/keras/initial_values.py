"""The initial values of a model's weights: what their initializers would draw, but repeatable."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, Literal

from archc.graph import Graph
from archc.targets.keras.distributions import distribution_of
from archc.targets.keras.draws import Draws, Request, entropy

Initializer = Callable[..., Any]


class InitialValues:
    """Gives the weights of layers their first values, by a seed and the path of each weight.

    The values have the distribution of the layer's own initializer, which stays as it is.
    `shared` says that the backend is TensorFlow, which copies memory that others hold before it
    changes it: one tensor of zeros may serve many weights, and numpy's arrays need no copy.
    """

    def __init__(self, keras: ModuleType, seed: int, draws: Draws, *, shared: bool) -> None:
        self._keras = keras
        self._seed = seed
        self._draws = draws
        self._tensor = _tensor_of_shared_memory if shared else keras.ops.convert_to_tensor
        self._constants: dict[tuple[object, ...], Any] | None = {} if shared else None

    def plan(self, graph: Graph) -> None:
        """Begin to draw the kernels of a graph, in its order."""
        named = cache(self._keras.initializers.get)
        dtype = self._keras.config.dtype_policy().variable_dtype
        requests = [
            self._request(f"{node.name}/{weight.name}", weight.shape, dtype, named(initializer))
            for node in graph
            if isinstance(initializer := getattr(node.layer, "init", None), str)
            for weight in graph.weights(node)
            if weight.name != "bias"
        ]
        self._draws.plan([request for request in requests if request is not None])

    def begin(self, layer_name: str) -> None:
        """Make what Keras itself draws for a layer repeatable: it asks Python's `random`.

        That are the seeds of dropout, the weights of layers inside a layer, and initializers
        such as `orthogonal`.
        """
        random.seed(entropy(self._seed, layer_name))

    @contextmanager
    def given_to(self, layer: Any) -> Iterator[None]:
        """While a layer is built, the weights that it adds take their values from here."""
        original = layer.add_weight

        def add_weight(*arguments: Any, **options: Any) -> Any:
            initializer, name = options.get("initializer"), options.get("name")
            if initializer is not None and name is not None:
                own = self._keras.initializers.get(initializer)
                options["initializer"] = self._initializer(f"{layer.name}/{name}", own)
            return original(*arguments, **options)

        # Not by assignment: Keras tracks what is assigned to a layer.
        vars(layer)["add_weight"] = add_weight
        try:
            yield
        finally:
            del vars(layer)["add_weight"]

    def _initializer(self, path: str, own: Initializer) -> Initializer:
        def initial_value(shape: Any, dtype: Any = None) -> Any:
            request = self._request(path, tuple(shape), dtype, own)
            if request is not None:
                return self._tensor(self._draws.take(request), dtype)
            return self._constant(own, tuple(shape), dtype)

        return initial_value

    def _request(
        self, path: str, shape: tuple[int, ...], dtype: object, initializer: Initializer
    ) -> Request | None:
        distribution = distribution_of(self._keras, initializer, shape)
        if distribution is None:
            return None
        # Shorter kinds of float are drawn as float32 and then rounded.
        drawn: Literal["float32", "float64"] = "float64" if dtype == "float64" else "float32"
        return Request(path, shape, distribution, drawn)

    def _constant(self, own: Initializer, shape: tuple[int, ...], dtype: Any) -> Any:
        initializers = self._keras.initializers
        kinds = (initializers.Zeros, initializers.Ones, initializers.Constant)
        if self._constants is None or not isinstance(own, kinds):
            return own(shape, dtype=dtype)
        key = (type(own), getattr(own, "value", None), shape, dtype)
        if key not in self._constants:
            self._constants[key] = own(shape, dtype=dtype)
        return self._constants[key]


def _tensor_of_shared_memory(array: Any, dtype: str) -> Any:
    import keras
    import tensorflow

    if array.dtype != dtype or array.size == 0:
        return keras.ops.convert_to_tensor(array, dtype=dtype)
    return tensorflow.experimental.dlpack.from_dlpack(array.__dlpack__())
