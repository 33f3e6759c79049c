"""Which value of emitted source is which node's: found from the outputs up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from archc.emission.nonnegative import nonnegative
from archc.graph import Graph
from archc.layers import Input, Reshape, ZeroPad
from archc.layers.window import Pairs
from archc.targets.torch.lowering.call import TorchCall
from archc.targets.torch.recording_forms import (
    Entering,
    form_of_call,
    form_of_value,
    gives_what_it_is_given,
    reshapes,
    zeros_of,
)
from archc.targets.torch.recording_modules import Primitive, frameworks
from archc.targets.torch.recording_values import Operation, Value

_IDENTITY = "nn.Identity"
_RANDOM = "Drop"

Place = tuple[int, int]
"""A node's position, and which of its calls."""


class Pairing:
    """Goes from the outputs to the inputs, through the graph and the values side by side.

    Edges have an order, so that each value has one node that it can be; the order in which the
    source makes them does not count. `modules` are those of each call; `mismatches` say where
    the two differ, and nothing above that is looked at.
    """

    def __init__(
        self,
        graph: Graph,
        lowered: tuple[tuple[TorchCall, ...], ...],
        inputs: Mapping[int, Value],
        paths: Mapping[Primitive, str],
    ) -> None:
        self._graph = graph
        self._lowered = lowered
        self._inputs = inputs
        self._paths = paths
        self._nonnegative = nonnegative(graph)
        self._pending: list[tuple[int, int, Value]] = []
        self._seen: set[tuple[int, int, Value]] = set()
        self._owners: dict[object, Place] = {}
        self._held: dict[Place, object] = {}
        self.modules: dict[Place, Primitive] = {}
        self._found: list[tuple[int, str]] = []

    @property
    def mismatches(self) -> list[str]:
        """Where the two differ, in the order of the graph."""
        return [message for _, message in sorted(self._found, key=lambda found: found[0])]

    def pair(self, position: int, value: Value) -> None:
        """Hold a value, and all that it is made of, against the node at a position."""
        self._push(position, value)
        while self._pending:
            self._step(*self._pending.pop())

    def _push(self, position: int, value: Value, index: int | None = None) -> None:
        last = len(self._lowered[position]) - 1
        place = position, last if index is None else index, value
        if place not in self._seen:
            self._seen.add(place)
            self._pending.append(place)

    def _step(self, position: int, index: int, value: Value) -> None:
        while gives_what_it_is_given(value):
            (value,) = value.inputs
        node = self._graph.nodes[position]
        if isinstance(node.layer, Input):
            if self._inputs[position] is not value:
                self._differ(position, index, f"the input {node.name}", value)
            return
        if index < 0:
            self._push(node.inputs[0], value)
            return
        call = self._lowered[position][index]
        found = self._sources(position, index, call, value)
        if found is None:
            self._differ(position, index, _shown(call), value)
            # Where only arguments differ, what is above may still be right.
            alike = call.constructor and value.operation.name == call.constructor
            found = (value.inputs, index) if alike else None
        if found is not None:
            self._claim((position, index), call, value)
            self._push_all(position, *found)

    def _push_all(self, position: int, values: tuple[Value, ...], first: int) -> None:
        """The values that enter a call, which come from the call before or the node's inputs."""
        node = self._graph.nodes[position]
        if first > 0:
            self._push(position, values[0], first - 1)
        elif len(values) == len(node.inputs):
            for source, value in zip(node.inputs, values, strict=True):
                self._push(source, value)

    def _sources(
        self, position: int, index: int, call: TorchCall, value: Value
    ) -> tuple[tuple[Value, ...], int] | None:
        """What the call is applied to, if the value is what it gives, and the first call of it."""
        if call.constructor == _IDENTITY:
            return (value,), index
        count = len(self._graph.nodes[position].inputs) if index == 0 else 1
        found = self._of_module(position, index, call, value) if call.constructor else None
        if found is None and call.expression:
            sources = _bound(call.expression, count, value)
            return None if sources is None else (sources, index)
        return found

    def _of_module(
        self, position: int, index: int, call: TorchCall, value: Value
    ) -> tuple[tuple[Value, ...], int] | None:
        first, zeros = self._zeros_before(position, index)
        entering = self._entering(position, first)
        wanted = form_of_call(call, entering, zeros)
        if form_of_value(value, entering) == wanted or self._is_arranged(position, call, value):
            return value.inputs, first
        padded = value.inputs[0] if len(value.inputs) == 1 else value
        around = zeros_of(padded.operation, entering.shape.rank) if entering.shape else None
        if around is not None and form_of_value(value, entering, around) == wanted:
            return padded.inputs, first
        return None

    def _is_arranged(self, position: int, call: TorchCall, value: Value) -> bool:
        """Whether the value is the node's, by another module for zeros around, or for a shape."""
        node = self._graph.nodes[position]
        (shape, *_) = self._graph.input_shapes(node)
        if isinstance(node.layer, ZeroPad):
            zeros = zeros_of(Operation(call.constructor, (), call.arguments), shape.rank)
            return zeros is not None and zeros == zeros_of(value.operation, shape.rank)
        return isinstance(node.layer, Reshape) and reshapes(value, shape) == node.shape

    def _zeros_before(self, position: int, index: int) -> tuple[int, Pairs]:
        """The first call that is one with a call, and the zeros it puts around its input."""
        if index != 1:
            return index, ()
        before = self._lowered[position][0]
        rank = self._graph.nodes[self._graph.nodes[position].inputs[0]].shape.rank
        zeros = zeros_of(Operation(before.constructor, (), before.arguments), rank)
        return (index, ()) if zeros is None else (0, zeros)

    def _entering(self, position: int, index: int) -> Entering:
        if index > 0:
            return Entering()
        node = self._graph.nodes[position]
        source = node.inputs[0]
        return Entering(self._graph.nodes[source].shape, self._nonnegative[source])

    def _claim(self, place: Place, call: TorchCall, value: Value) -> None:
        """What has weights, or draws at random, belongs to one call, and a call has one."""
        if isinstance(value.module, Primitive) and call.constructor != _IDENTITY:
            self.modules.setdefault(place, value.module)
        stateful = value.module if call.weights else value if _RANDOM in call.constructor else None
        if stateful is None:
            return
        owner = self._owners.setdefault(stateful, place)
        if owner != place:
            self._tell(place, f"is one with {self._graph.nodes[owner[0]].name}")
        if self._held.setdefault(place, stateful) is not stateful:
            self._tell(place, f"is there twice, also as {self._described(value)}")

    def _differ(self, position: int, index: int, expected: str, value: Value) -> None:
        self._tell((position, index), f"expected {expected}, found {self._described(value)}")

    def _tell(self, place: Place, what: str) -> None:
        self._found.append((place[0], f"{self._name(place)}: {what}"))

    def _described(self, value: Value) -> str:
        path = self._paths.get(value.module, "") if isinstance(value.module, Primitive) else ""
        return f"{value.operation} at {path}" if path else str(value.operation)

    def _name(self, place: Place) -> str:
        position, index = place
        calls = self._lowered[position]
        suffix = calls[index].suffix if calls else ""
        name = self._graph.nodes[position].name
        return f"{name} ({suffix})" if suffix else name


def _bound(expression: str, count: int, value: Value) -> tuple[Value, ...] | None:
    """What stands for `{0}`, `{1}`, … where the value is that of the expression; else None."""
    pattern, leaves = _pattern(expression, count)
    found: dict[Value, Value] = {}
    pending = [(pattern, value)]
    while pending:
        wanted, given = pending.pop()
        if wanted in leaves:
            if found.setdefault(wanted, given) is not given:
                return None
        elif wanted.operation != given.operation:
            return None
        else:
            pending += zip(wanted.inputs, given.inputs, strict=True)
    return tuple([found[leaf] for leaf in leaves]) if len(found) == count else None


@cache
def _pattern(expression: str, count: int) -> tuple[Value, tuple[Value, ...]]:
    """The value of an expression of a lowering, and its leaves."""
    leaves = tuple([Value(Operation(f"{{{number}}}")) for number in range(count)])
    names = [f"_{number}" for number in range(count)]
    known = frameworks()
    functions = {"torch": known["torch"], "F": known["torch.nn.functional"]}
    scope = {**functions, **dict(zip(names, leaves, strict=True))}
    made = eval(expression.format(*names), {"__builtins__": {}}, scope)
    assert isinstance(made, Value), expression
    return made, leaves


def _shown(call: TorchCall) -> str:
    listed = ", ".join([f"{name}={value!r}" for name, value in call.arguments])
    return f"{call.constructor}({listed})" if call.constructor else call.expression
