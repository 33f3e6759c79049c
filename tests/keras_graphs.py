"""Small graphs made by hand, for tests of the Keras target."""

from __future__ import annotations

from archc.diagnostics import SourceText, Span
from archc.graph import Graph, Instance, Node, Output, TensorShape
from archc.layers import Input, Layer

TEXT = SourceText("spec.yaml", "name: spec\n")
SPAN = Span(TEXT, 0, 4)


class GraphMaker:
    """Adds layers one by one: each gives the position that later layers take as input."""

    def __init__(self, name: str = "network") -> None:
        self._name = name
        self._root = Instance("model", "", "", None)
        self._learner = Instance("component", "learner", "", SPAN, self._root)
        self._nodes: list[Node] = []

    def input(self, *shape: int, name: str = "input") -> int:
        return self.add(Input(shape=shape), name=name)

    def add(self, layer: Layer, *inputs: int, name: str | None = None) -> int:
        """The position of a new node; without a name it is `layer1`, `layer2`, …"""
        shape = layer.output_shape(*[self._nodes[position].shape for position in inputs])
        name = name or f"layer{len(self._nodes)}"
        node = Node(name, layer, inputs, TensorShape(shape), SPAN, self._learner)
        self._nodes.append(node)
        return len(self._nodes) - 1

    def graph(self, *outputs: int) -> Graph:
        """The graph with those outputs; the last node if there are none."""
        positions = outputs or (len(self._nodes) - 1,)
        inputs = [i for i, node in enumerate(self._nodes) if isinstance(node.layer, Input)]
        return Graph(
            name=self._name,
            about="",
            nodes=tuple(self._nodes),
            inputs=tuple(inputs),
            outputs=tuple(Output(self._nodes[position].name, position) for position in positions),
            root=self._root,
        )


def chain(shape: tuple[int, ...], *layers: Layer) -> Graph:
    """Layers one after the other, from an input of that shape."""
    maker = GraphMaker()
    position = maker.input(*shape)
    for layer in layers:
        position = maker.add(layer, position)
    return maker.graph()
