"""The plainest plan: one unit for each component, its layers in a row, literals only.

It is right for every network, and so what stands at the limit where no structure can be kept.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable
from typing import Generic, TypeVar

from archc.emission.plan import Apply, Entry, Invoke, Plan, Statement, Unit
from archc.emission.reserved import FOR_TENSORS, RESERVED, entry_name, network_name
from archc.emission.symbols import code_of
from archc.emission.variables import MARK, identifier, name_variables
from archc.graph import Graph, Node

C = TypeVar("C")


def flat_plan(graph: Graph, calls: Callable[[int], tuple[C, ...]]) -> Plan[C]:
    """The plan of a graph; `calls` gives those of the node at a position."""
    return _Flat(graph, calls).plan()


class _Flat(Generic[C]):
    def __init__(self, graph: Graph, calls: Callable[[int], tuple[C, ...]]) -> None:
        self._graph = graph
        self._calls = calls
        self._parts = [part for part in graph.root.children if part.stop > part.start]
        self._starts = [part.start for part in self._parts]
        self._last_use = self._uses()

    def plan(self) -> Plan[C]:
        graph = self._graph
        units = [self._unit(index) for index in range(len(self._parts))]
        main: list[Statement[C]] = [
            Invoke(unit.outputs, unit, unit.inputs, {}, None, unit.name) for unit in units
        ]
        inputs = tuple(_value(position) for position in graph.inputs)
        outputs = tuple(_value(output.node) for output in graph.outputs)
        body: Unit[C] = Unit("main", "component", inputs, outputs, body=main)
        wishes = {_value(p): entry_name(graph.nodes[p].name) for p in graph.inputs}
        if len(inputs) == 1:
            wishes = {inputs[0]: "inputs"}
        paths = self._paths()
        taken = RESERVED - FOR_TENSORS
        for unit in units:
            name_variables(unit, paths | (wishes if len(unit.inputs) > 1 else {}), taken)
        name_variables(body, wishes, taken.union(unit.name for unit in units))
        entries = [
            Entry(variable, graph.nodes[p].name, code_of(tuple(graph.nodes[p].shape)))
            for variable, p in zip(body.inputs, graph.inputs, strict=True)
        ]
        name = network_name(graph.name)
        about = graph.about
        return Plan(graph.name, name, about, [], entries, body.outputs, body.body, units, [])

    def _paths(self) -> dict[str, str]:
        """What stands in a path of a merge goes by the path's name."""
        return {
            _value(position): identifier(node.instance.label, "path")
            for position, node in enumerate(self._graph.nodes)
            if node.instance.kind == "path"
        }

    def _uses(self) -> list[int]:
        """The last component in which each node is used; beyond all where it is an output."""
        last = [self._part(position) for position in range(len(self._graph))]
        for position, node in enumerate(self._graph.nodes):
            for source in node.inputs:
                last[source] = max(last[source], self._part(position))
        for output in self._graph.outputs:
            last[output.node] = len(self._parts)
        return last

    def _part(self, position: int) -> int:
        return bisect_right(self._starts, position) - 1

    def _unit(self, index: int) -> Unit[C]:
        part = self._parts[index]
        inside = range(part.start, part.stop)
        made = [(position, self._graph.nodes[position]) for position in inside]
        entering = dict.fromkeys(s for _, n in made for s in n.inputs if s < part.start)
        leaving = [position for position, _ in made if self._last_use[position] > index]
        body: list[Statement[C]] = [self._apply(position, node) for position, node in made]
        return Unit(
            part.label,
            "component",
            tuple(map(_value, entering)),
            tuple(map(_value, leaving)),
            body=body,
        )

    def _apply(self, position: int, node: Node) -> Apply[C]:
        inputs = tuple(map(_value, node.inputs))
        local = ast.Constant(node.name)
        return Apply(_value(position), self._calls(position), inputs, local, node.layer.verb)


def _value(position: int) -> str:
    return f"{MARK}{position}"
