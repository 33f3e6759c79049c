"""A spec at another size of its inputs."""

from __future__ import annotations

from archc.api import Spec
from archc.layers import TensorShape


def at_side(spec: Spec, side: int) -> Spec:
    """The spec with every spatial side of every input set to `side`; channels stay.

    Whether the network is valid there shows when it is elaborated. Raises `CompileError` where it
    is not valid as it is.
    """
    graph = spec.graph()
    shapes = {graph.nodes[i].name: _at_side(graph.nodes[i].shape, side) for i in graph.inputs}
    bare = len(shapes) == 1 and "input" in shapes
    return spec.with_({"input": shapes["input"] if bare else shapes})


def _at_side(shape: TensorShape, side: int) -> list[int]:
    return [*[side] * len(shape.sides), shape.channels]
