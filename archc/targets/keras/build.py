"""The builder: a graph as a Keras Functional model."""

from __future__ import annotations

import gc
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from types import ModuleType
from typing import TYPE_CHECKING, Any

from archc.graph import Graph
from archc.targets.keras.connect import Connect, connecting, has_hooks, quick_attributes
from archc.targets.keras.lowered import LoweredNode, lower_graph
from archc.targets.keras.lowering import Argument, Constant, KerasCall
from archc.targets.keras.runtime import load_keras

if TYPE_CHECKING:
    import keras

    from archc.targets.keras.initial_values import InitialValues

_ONE_AT_A_TIME = threading.Lock()
"""Making a model changes what belongs to the whole process."""


def build(graph: Graph, *, seed: int | None = None) -> keras.Model:
    """The Functional model of a graph, with random initial weights.

    Layers are named as the nodes; those that a node needs besides (`conv1_pad`) have a suffix.
    A graph of one input or output has it bare, else in a list, in the graph's order. With the
    same `seed` the weights are the same, whatever else changes in the network; without one the
    seed is taken from Python's `random`, as Keras does.

    Raises `CompileError` (`target-unsupported`) where Keras lacks what a layer asks for.
    """
    from archc.targets.keras.draws import Draws
    from archc.targets.keras.initial_values import InitialValues

    lowered = lower_graph(graph)
    keras = load_keras()
    if seed is None:
        seed = random.randint(1, 10**9)
    with _ONE_AT_A_TIME, _undisturbed(keras, len(lowered)), Draws(seed) as draws:
        fast = has_hooks(keras)
        values = InitialValues(keras, seed, draws, shared=fast)
        values.plan(graph)
        with quick_attributes(keras) if fast else nullcontext():
            layers = _Layers(keras, values, connecting(keras, fast=fast))
            return _model(keras, graph, layers.make(graph, lowered))


class _Layers:
    """Makes the layers of a graph, one after the other, and keeps the tensor that each gives."""

    def __init__(self, keras: ModuleType, values: InitialValues, connect: Connect) -> None:
        self._keras = keras
        self._values = values
        self._connect = connect

    def make(self, graph: Graph, lowered: tuple[LoweredNode, ...]) -> list[Any]:
        """The tensor of each node; None for those on which no output depends."""
        needed = _needed(graph)
        tensors: list[Any] = [None] * len(lowered)
        for position, made in enumerate(lowered):
            if needed[position]:
                inputs = [tensors[source] for source in made.node.inputs]
                tensors[position] = self._make_node(made, inputs)
        return tensors

    def _make_node(self, made: LoweredNode, inputs: list[Any]) -> Any:
        node = made.node
        try:
            for call in made.calls:
                inputs = [self._make_layer(call, call.name(node.name), inputs)]
        except Exception as error:
            error.add_note(f"while building `{node.name}` of {node.span}")
            raise
        (tensor,) = inputs
        if tuple(tensor.shape[1:]) != node.shape:
            raise AssertionError(f"`{node.name}`: Keras gives {tensor.shape}, not {node.shape}")
        return tensor

    def _make_layer(self, call: KerasCall, name: str, inputs: list[Any]) -> Any:
        self._values.begin(name)
        constructed = instantiate(self._keras, call, name)
        if not inputs:
            return constructed
        with self._values.given_to(constructed):
            return self._connect(constructed, call.feed, inputs)


def instantiate(keras: ModuleType, call: KerasCall, name: str) -> Any:
    """The layer that a call stands for; for an input, its tensor."""
    if call.custom:
        from archc.targets.keras import custom

        constructor = getattr(custom, call.constructor)
    else:
        constructor = getattr(keras.layers, call.constructor)
    arguments = {key: _value(keras, argument) for key, argument in call.arguments}
    return constructor(**arguments, name=name)


def _value(keras: ModuleType, argument: Argument) -> object:
    if isinstance(argument, Constant):
        return keras.initializers.Constant(argument.value)
    return argument


def _needed(graph: Graph) -> list[bool]:
    """For each node, whether the model has it: all inputs, and all that leads to an output."""
    needed = [False] * len(graph)
    for position in (*graph.inputs, *(output.node for output in graph.outputs)):
        needed[position] = True
    for position in range(len(graph) - 1, -1, -1):
        if needed[position]:
            for source in graph.nodes[position].inputs:
                needed[source] = True
    return needed


def _model(keras: ModuleType, graph: Graph, tensors: list[Any]) -> keras.Model:
    inputs = [tensors[position] for position in graph.inputs]
    outputs = [tensors[output.node] for output in graph.outputs]
    return keras.Model(_bare(inputs), _bare(outputs), name=graph.name)


def _bare(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors


@contextmanager
def _undisturbed(keras: ModuleType, depth: int) -> Iterator[None]:
    """What making a model needs of the process, as long as it takes."""
    with ExitStack() as restored:
        if gc.isenabled():
            # Everything that is made lives on, so that collections find nothing.
            gc.disable()
            restored.callback(gc.enable)
        # Keras walks from the outputs to the inputs by recursion, one call for each layer.
        restored.callback(sys.setrecursionlimit, sys.getrecursionlimit())
        sys.setrecursionlimit(sys.getrecursionlimit() + 4 * depth)
        restored.callback(random.setstate, random.getstate())
        data_format = keras.config.image_data_format()
        restored.callback(keras.config.set_image_data_format, data_format)
        keras.config.set_image_data_format("channels_last")
        yield
