"""Arrays of a graph in a file of PyTorch: by paths of modules, in PyTorch's layouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from archc.graph import Graph, Node
from archc.layers import Attention, ClassToken, Dense, Flatten, PositionEmbedding, Reshape
from archc.targets.torch.arrays import from_parameter, parameter_shape
from archc.targets.torch.lowered import lower_graph
from archc.targets.torch.lowering.call import Layout, TorchWeight
from archc.weights.match import Match, Shape
from archc.weights.weight_file import StoredArray

if TYPE_CHECKING:
    import numpy as np

IGNORED = ("num_batches_tracked",)
"""Parts of PyTorch's layers that have no meaning for what a network computes."""

_FUSED = {"query": 0, "key": 1, "value": 2}
_FUSED_NAMES = (("qkv.", "proj."), ("in_proj_", "out_proj."))
"""How timm and `nn.MultiheadAttention` name the fused projections, and that of the output."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file may have an array; `part` is which third of what stands there."""

    name: str
    part: int | None = None


@dataclass(frozen=True, slots=True)
class _Conversion:
    """How PyTorch's values become an array of `shape`.

    `image` is the shape (height, width, channels) of an image that was flattened into what enters:
    PyTorch flattens channels first.
    """

    shape: Shape
    layout: Layout
    part: int | None
    image: Shape

    @property
    def wanted(self) -> Shape:
        whole = parameter_shape(self.layout, self.shape)
        return whole if self.part is None else (3 * whole[0], *whole[1:])

    def __call__(self, values: np.ndarray) -> np.ndarray:
        import numpy as np

        values = values.reshape(self.wanted)
        if self.part is not None:
            rows = values.shape[0] // 3
            values = values[self.part * rows : (self.part + 1) * rows]
        if self.image:
            *sides, channels = self.image
            spread = values.reshape(*values.shape[:-1], channels, *sides)
            first = values.ndim - 1
            values = np.moveaxis(spread, first, -1).reshape(values.shape)
        return from_parameter(self.layout, values, self.shape)


def match_torch(
    graph: Graph, arrays: Mapping[str, StoredArray], names: Mapping[str, str]
) -> list[Match]:
    """Each array of the graph with that of a file of PyTorch, in the order of the graph.

    `names` are the paths of the modules for the nodes; a layer with one array may be named by
    that of the array. Raises `CompileError` where PyTorch lacks what a layer asks for.
    """
    found: dict[str, Match] = {}
    for node, calls in zip(graph, lower_graph(graph), strict=True):
        for call in calls:
            path = f"{names[node.name]}.{call.suffix}" if call.suffix else names.get(node.name, "")
            for held in call.weights:
                match = _match(graph, node, held, list(_places(node, held, path)), arrays)
                found[match.weight] = match
    return [found[f"{node.name}/{weight.name}"] for node in graph for weight in graph.weights(node)]


def _match(
    graph: Graph,
    node: Node,
    held: TorchWeight,
    places: list[_Place],
    arrays: Mapping[str, StoredArray],
) -> Match:
    alone = [_Place(places[0].name.rpartition(".")[0])] if len(graph.weights(node)) == 1 else []
    tried = [*places, *alone]
    place = next((each for each in tried if each.name in arrays), tried[0])
    shape = next(each.shape for each in graph.weights(node) if each.name == held.name)
    # The bias of a dense layer goes with what it gives, everything else with what enters.
    enters = held.layout == "dense" or not isinstance(node.layer, Dense)
    image = _flattened(graph, node) if enters else ()
    convert = _Conversion(shape, held.layout, place.part, image)
    weight = f"{node.name}/{held.name}"
    return Match(weight, shape, place.name, convert.wanted, arrays.get(place.name), convert)


def _places(node: Node, held: TorchWeight, path: str) -> Iterator[_Place]:
    yield _Place(f"{path}.{held.parameter}")
    if isinstance(node.layer, Attention):
        part, _, kind = held.parameter.rpartition(".")
        for fused, output in _FUSED_NAMES:
            inner = fused if part in _FUSED else output
            yield _Place(f"{path}.{inner}{kind}", _FUSED.get(part))


def _flattened(graph: Graph, node: Node) -> Shape:
    """The image's shape where a flattened one enters the node, as it is or value by value."""
    entering = graph.nodes[node.inputs[0]]
    while not isinstance(entering.layer, Flatten):
        if isinstance(entering.layer, Dense) or not entering.inputs:
            return ()
        before = graph.nodes[entering.inputs[0]]
        if before.shape != entering.shape:
            return ()
        entering = before
    shape = tuple(graph.nodes[entering.inputs[0]].shape)
    channels_last = len(shape) == 2 and _tokens(graph, entering)
    return () if channels_last or prod(shape[:-1]) == 1 else shape


def _tokens(graph: Graph, node: Node) -> bool:
    """Whether what enters comes from a layer of tokens: of these PyTorch has the channels last."""
    waiting, seen = list(node.inputs), set(node.inputs)
    while waiting:
        entering = graph.nodes[waiting.pop()]
        if isinstance(entering.layer, Attention | ClassToken | PositionEmbedding | Reshape):
            return True
        new = [position for position in entering.inputs if position not in seen]
        waiting += new
        seen.update(new)
    return False
