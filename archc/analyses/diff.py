"""What differs between two networks: their layers, what their parts cost, whose weights survive."""

from __future__ import annotations

from dataclasses import dataclass

from archc.analyses.conditions import DEFAULT_CONDITIONS, Conditions
from archc.analyses.cost import Analysis, Costs, analyse
from archc.analyses.parts import Part, parts
from archc.graph import Graph, Node, TensorShape
from archc.layers import Weight


@dataclass(frozen=True, slots=True)
class LayerChanges:
    """The names of layers that one network alone has, and of those of another kind, of other
    attributes, inputs or shape in the other one.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Side:
    """One part of one of the networks."""

    layers: int
    shape: TensorShape | None
    costs: Costs


@dataclass(frozen=True, slots=True)
class PartDifference:
    """A part of the networks, at its `level`; None for the network that has no such part."""

    name: str
    level: int
    before: Side | None
    after: Side | None
    changes: LayerChanges

    @property
    def same(self) -> bool:
        return self.before == self.after and not self.changes


@dataclass(frozen=True, slots=True)
class Survival:
    """The weights that a checkpoint of the first network has for the second: those of layers of
    one name whose arrays have the same names and shapes. Layers without weights don't count.
    """

    layers: int
    arrays: int
    params: int
    layers_before: int
    layers_after: int
    params_before: int
    params_after: int
    reshaped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two networks, by component and group, and in all."""

    parts: tuple[PartDifference, ...]
    total: PartDifference
    weights: Survival
    same: bool


def diff(before: Graph, after: Graph, conditions: Conditions = DEFAULT_CONDITIONS) -> Difference:
    """What differs. Networks are the same where their layers are: names, attributes, inputs and
    shapes, in one order, and the outputs; the networks' own names do not count.
    """
    first, second = _Network(before, conditions), _Network(after, conditions)
    found = []
    for key in _merged(list(first.ranges), list(second.ranges)):
        nodes = first.nodes(key), second.nodes(key)
        changes = _layer_changes(first, second, *nodes)
        name, level = key[-1], len(key) - 1
        found.append(PartDifference(name, level, first.side(key), second.side(key), changes))
    changes = _layer_changes(first, second, before.nodes, after.nodes)
    total = PartDifference("total", 0, first.total, second.total, changes)
    same = before.nodes == after.nodes and before.outputs == after.outputs
    return Difference(tuple(found), total, _survival(before, after), same)


Key = tuple[str, ...]
"""The name of a component, and of a part in it."""


class _Network:
    """One of the networks, its parts by their names."""

    def __init__(self, graph: Graph, conditions: Conditions) -> None:
        self.graph = graph
        self._analysis: Analysis = analyse(graph)
        self._conditions = conditions
        self.ranges: dict[Key, Part] = {}
        component = ""
        for part in parts(graph, self._analysis):
            component = part.name if part.level == 0 else component
            key = (part.name,) if part.level == 0 else (component, part.name)
            self.ranges[key] = part

    def nodes(self, key: Key) -> tuple[Node, ...]:
        part = self.ranges.get(key)
        return self.graph.nodes[part.start : part.stop] if part else ()

    def side(self, key: Key) -> Side | None:
        part = self.ranges.get(key)
        if part is None:
            return None
        costs = self._analysis.costs_between(part.start, part.stop, part.output, self._conditions)
        return Side(part.layers, part.shape, costs)

    @property
    def total(self) -> Side:
        graph = self.graph
        shape = graph.nodes[graph.outputs[0].node].shape if len(graph.outputs) == 1 else None
        return Side(len(graph) - len(graph.inputs), shape, self._analysis.costs(self._conditions))

    def describe(self, node: Node) -> tuple[object, ...]:
        """What makes two layers of one name the same."""
        nodes = self.graph.nodes
        return node.layer, node.shape, tuple([nodes[i].name for i in node.inputs])


def _merged(before: list[Key], after: list[Key]) -> list[Key]:
    """All keys: those of `after` in their order, what is gone behind what it stood behind."""
    merged = list(after)
    known = set(after)
    for place, key in enumerate(before):
        if key not in known:
            behind = merged.index(before[place - 1]) + 1 if place else 0
            merged.insert(behind, key)
    return merged


def _layer_changes(
    first: _Network, second: _Network, before: tuple[Node, ...], after: tuple[Node, ...]
) -> LayerChanges:
    old = {node.name: first.describe(node) for node in before}
    new = {node.name: second.describe(node) for node in after}
    return LayerChanges(
        tuple([name for name in new if name not in old]),
        tuple([name for name in old if name not in new]),
        tuple([name for name in new if name in old and new[name] != old[name]]),
    )


def _survival(before: Graph, after: Graph) -> Survival:
    old, new = _arrays(before), _arrays(after)
    kept = [name for name, weights in new.items() if old.get(name) == weights]
    return Survival(
        layers=len(kept),
        arrays=sum([len(new[name]) for name in kept]),
        params=sum([_elements(new[name]) for name in kept]),
        layers_before=len(old),
        layers_after=len(new),
        params_before=sum(map(_elements, old.values())),
        params_after=sum(map(_elements, new.values())),
        reshaped=tuple([name for name in new if name in old and old[name] != new[name]]),
    )


def _arrays(graph: Graph) -> dict[str, tuple[Weight, ...]]:
    weights = {node.name: graph.weights(node) for node in graph}
    return {name: arrays for name, arrays in weights.items() if arrays}


def _elements(weights: tuple[Weight, ...]) -> int:
    return sum([weight.size for weight in weights])
