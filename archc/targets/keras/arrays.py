"""Where a Keras model has the arrays of a graph: in which layer, by which name, in which shape."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from archc.graph import Graph
from archc.layers import Weight
from archc.targets.keras.lowered import LoweredNode, lower_graph
from archc.targets.keras.lowering import KerasCall


@dataclass(frozen=True, slots=True)
class KerasArray:
    """One array as Keras has it: `name` is its path inside the layer `layer` (`query/kernel`).

    It holds the numbers of the graph's array in the same order, but `shape` may differ.
    """

    layer: str
    name: str
    shape: tuple[int, ...]

    @property
    def path(self) -> str:
        return f"{self.layer}/{self.name}"


def keras_arrays(graph: Graph) -> dict[str, KerasArray]:
    """`node/weight` of every array of a graph → where the Keras model has it, in order.

    Raises `CompileError` where Keras lacks what a layer asks for, as `lower_graph` does.
    """
    return {
        f"{lowered.node.name}/{weight.name}": _array(lowered, weight)
        for lowered in lower_graph(graph)
        for weight in graph.weights(lowered.node)
    }


def _array(lowered: LoweredNode, weight: Weight) -> KerasArray:
    call = _holder(lowered.calls, weight)
    name, shape = _as_held(call, weight)
    return KerasArray(call.name(lowered.node.name), name, shape)


def _holder(calls: tuple[KerasCall, ...], weight: Weight) -> KerasCall:
    """The layer with the node's own name, but for a depthwise kernel that has one to itself."""
    by_suffix = {call.suffix: call for call in calls}
    if weight.name == "depthwise_kernel" and "depthwise" in by_suffix:
        return by_suffix["depthwise"]
    return by_suffix[""]


def _as_held(call: KerasCall, weight: Weight) -> tuple[str, tuple[int, ...]]:
    if call.constructor.startswith("DepthwiseConv") and weight.name == "gamma":
        rank = int(call.constructor[-2])
        return "kernel", (*(1,) * rank, *weight.shape, 1)
    if call.constructor == "Conv3D" and weight.name.endswith("kernel"):
        taps, filters = weight.shape[:-2], dict(call.arguments)["filters"]
        assert isinstance(filters, int)
        return "kernel", (*taps, weight.size // (prod(taps) * filters), filters)
    return weight.name, weight.shape
