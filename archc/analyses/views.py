"""Which layers give the tensor that they take, as it lies in memory."""

from __future__ import annotations

from archc.graph import Graph
from archc.layers import Dropout, DropPath, Flatten, Layer, Reshape

_ALWAYS: frozenset[type[Layer]] = frozenset({Flatten, Reshape})
_INFERENCE: frozenset[type[Layer]] = _ALWAYS | {Dropout, DropPath}


def is_view(layer: Layer, *, training: bool = False) -> bool:
    """Whether the layer moves nothing: a new shape, or what only training leaves out."""
    return type(layer) in (_ALWAYS if training else _INFERENCE)


def storage(graph: Graph, *, training: bool = False) -> list[int]:
    """For each node the node whose tensor it gives: itself, unless it is a view."""
    views = _ALWAYS if training else _INFERENCE
    source: list[int] = []
    for position, node in enumerate(graph.nodes):
        source.append(source[node.inputs[0]] if type(node.layer) in views else position)
    return source
