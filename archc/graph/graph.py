"""The elaborated network: a flat, ordered, immutable list of nodes, and the tree that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, TypeVar

from archc.diagnostics import Span
from archc.layers import Layer, TensorShape, Weight

T = TypeVar("T")

InstanceKind = Literal["model", "component", "groups", "group", "block", "path", "steps"]


@dataclass(frozen=True, slots=True)
class Node:
    """One layer in its place.

    `inputs` are positions in `Graph.nodes`, always smaller than the node's own; `shape` is what
    the layer gives, without the batch axis.
    """

    name: str
    layer: Layer
    inputs: tuple[int, ...]
    shape: TensorShape
    span: Span = field(repr=False, compare=False)
    instance: Instance = field(repr=False, compare=False)


@dataclass(eq=False, slots=True)
class Instance:
    """A part of the network that the spec speaks of: a component, a group, a block in its place.

    `label` is its place among its siblings (`group 3`, `shortcut`); `name` its name in the graph;
    `block` and `arguments` are those of a block; `[start, stop)` are the nodes that it made, and
    `output` the node that it gives, absent where it made nothing of the network.
    """

    kind: InstanceKind
    label: str
    name: str
    span: Span | None
    parent: Instance | None = None
    block: str = ""
    arguments: dict[str, object] = field(default_factory=dict)
    children: list[Instance] = field(default_factory=list)
    start: int = 0
    stop: int = 0
    output: int | None = None

    @property
    def title(self) -> str:
        """The label and what stands there: `block 1 (identity_block, filters=64)`."""
        given = [
            f"{name}={value}"
            for name, value in self.arguments.items()
            if isinstance(value, int | float | str)
        ]
        kind = [self.block] if self.block and self.block != self.label else []
        shown = ", ".join([*kind, *given[:3]])
        return f"{self.label} ({shown})" if shown else self.label

    @property
    def block_around(self) -> Instance | None:
        """The innermost block that this stands in, or is."""
        instance: Instance | None = self
        while instance is not None and instance.kind != "block":
            instance = instance.parent
        return instance

    @property
    def scopes(self) -> tuple[Instance, ...]:
        """The parts that name what stands in them, from the outermost in: blocks and sequences."""
        found = []
        instance: Instance | None = self
        while instance is not None:
            if instance.kind in ("block", "steps"):
                found.append(instance)
            instance = instance.parent
        return tuple(reversed(found))

    @property
    def trail(self) -> tuple[str, ...]:
        """The titles from the outermost instance to this one, the model itself left out."""
        titles: list[str] = []
        instance: Instance | None = self
        while instance is not None and instance.parent is not None:
            if instance.label:
                titles.append(instance.title)
            instance = instance.parent
        return tuple(reversed(titles))


class Output(NamedTuple):
    """A tensor that the network gives: the name of its node's place, and the node."""

    name: str
    node: int


@dataclass(frozen=True)
class Graph:
    """A network: nodes in an order in which each comes after its inputs.

    The first nodes are the inputs (`layer` is an `Input`). `root` is the tree of components,
    groups and blocks that made the nodes. Shapes leave the batch axis out, channels last.
    """

    name: str
    about: str
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[Output, ...]
    root: Instance = field(repr=False, compare=False)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @cached_property
    def elements(self) -> tuple[int, ...]:
        """How many numbers each node gives for one sample."""
        sizes = {shape: shape.elements for shape in {node.shape for node in self.nodes}}
        return tuple([sizes[node.shape] for node in self.nodes])

    def each(self, rule: Callable[[Layer, tuple[TensorShape, ...]], T]) -> list[T]:
        """What a rule says of every node's layer and the shapes of its inputs.

        Nodes of the same layer on inputs of the same shapes share one answer.
        """
        answers = [rule(node.layer, self.input_shapes(node)) for node in self._kinds[1]]
        return [answers[kind] for kind in self._kinds[0]]

    @cached_property
    def _kinds(self) -> tuple[list[int], list[Node]]:
        """The kind of each node, and the first node of each kind."""
        numbers: dict[tuple[int, tuple[TensorShape, ...]], int] = {}
        kinds: list[int] = []
        first: list[Node] = []
        for node in self.nodes:
            # To compare layers takes longer than all that their kinds save.
            kind = numbers.setdefault((id(node.layer), self.input_shapes(node)), len(first))
            if kind == len(first):
                first.append(node)
            kinds.append(kind)
        return kinds, first

    def input_shapes(self, node: Node) -> tuple[TensorShape, ...]:
        nodes = self.nodes
        return tuple([nodes[position].shape for position in node.inputs])

    def weights(self, node: Node) -> tuple[Weight, ...]:
        """The node's arrays, named and shaped as Keras has them."""
        return node.layer.weights(*self.input_shapes(node))
