"""What a network costs: parameters and multiply-adds, by node and in all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from archc.graph import Graph
from archc.layers import Layer, TensorShape


@dataclass(frozen=True, slots=True)
class NodeCost:
    """The cost of one node.

    `params` counts the elements of all weights, batch-norm statistics included, as Keras does;
    `trainable` those that training changes; `macs` the multiply-adds of convolutions, dense
    layers and matrix products, for one sample.
    """

    params: int
    trainable: int
    macs: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """The cost of every node of a graph, in the graph's order, and the totals."""

    nodes: tuple[NodeCost, ...]

    @property
    def total(self) -> NodeCost:
        return self.between(0, len(self.nodes))

    def between(self, start: int, stop: int) -> NodeCost:
        """The cost of the nodes in `[start, stop)` together."""
        part = self.nodes[start:stop]
        return NodeCost(
            sum([cost.params for cost in part]),
            sum([cost.trainable for cost in part]),
            sum([cost.macs for cost in part]),
        )


def analyse(graph: Graph) -> Analysis:
    """The cost of each node of a graph."""
    return Analysis(tuple([_cost(node.layer, graph.input_shapes(node)) for node in graph.nodes]))


@lru_cache(maxsize=8192)
def _cost(layer: Layer, inputs: tuple[TensorShape, ...]) -> NodeCost:
    weights = layer.weights(*inputs)
    return NodeCost(
        sum([weight.size for weight in weights]),
        sum([weight.size for weight in weights if weight.trainable]),
        layer.macs(*inputs),
    )
