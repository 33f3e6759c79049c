"""What names stand for while a body is walked for all its instances at once.

An instance is called a lane here. Everything that differs between lanes is a list with one entry
for each; everything that becomes text is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from archc.elaborate.program import Block
from archc.elaborate.scope import Tensor
from archc.emission.plan import Statement, Unit
from archc.emission.symbols import Code
from archc.emission.translate import NoCode
from archc.emission.variables import MARK
from archc.layers import TensorShape

_numbers = count()
WISHES: dict[str, str] = {}


@dataclass(slots=True, eq=False)
class Variable:
    """A tensor by its name in the code, and what it is in each lane (None where it is not there).

    `channels` is its number of channels as code, where the target needs that.
    """

    name: str
    nodes: list[int | None]
    shapes: list[TensorShape | None]
    channels: Code | None = None
    wish: str = "x"

    def viewed(self, lanes: Sequence[int]) -> Variable:
        """The same tensor in a choice of lanes, each of which may come several times."""
        nodes = [self.nodes[lane] for lane in lanes]
        shapes = [self.shapes[lane] for lane in lanes]
        return Variable(self.name, nodes, shapes, self.channels, self.wish)

    def shape(self, lane: int) -> TensorShape:
        """The shape in a lane where the tensor is there."""
        known = self.shapes[lane]
        assert known is not None
        return known

    def known_shapes(self) -> list[TensorShape]:
        return [shape for shape in self.shapes if shape is not None]


Flow: TypeAlias = tuple[Variable, ...]
"""The tensors that flow from step to step."""


def new_variable(tensors: Sequence[Tensor | None], channels: Code | None, wish: str) -> Variable:
    """A variable of its own for the tensors of all lanes."""
    nodes = [tensor.node if tensor is not None else None for tensor in tensors]
    shapes = [tensor.shape if tensor is not None else None for tensor in tensors]
    return Variable(f"{MARK}{next(_numbers)}", nodes, shapes, channels, wish)


Position: TypeAlias = "dict[str, Callable[[], Code]]"
"""The attributes of `group`, `block`, `learner`, `repeat`, and of `row`, as code."""


@dataclass(slots=True, eq=False)
class Home:
    """The unit that is being written, with what is known of it while it is.

    `key` stays the same from one attempt to the next; `wishes` are what its variables would be
    called; `own` are the names that are taken; `settle` decides what is done where its lanes need
    different texts; `known` are the values of locals, `floats` the names that may be floats.
    """

    unit: Unit[Any]
    key: Hashable = None
    wishes: dict[str, str] = field(default_factory=lambda: WISHES)
    own: set[str] = field(default_factory=set)
    block: Block | None = None
    settle: Callable[[], None] | None = None
    known: dict[str, Code] = field(default_factory=dict)
    floats: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Scope:
    """One body's names. `sink` is where its statements go; `prefix` begins its layers' names."""

    home: Home
    lanes: int
    sink: list[Statement[Any]]
    prefix: Code
    args: dict[str, Code | None]
    inputs: dict[str, Variable]
    tags: dict[str, Flow] = field(default_factory=dict)
    context: dict[str, Position] = field(default_factory=dict)
    here: Variable | None = None
    wish: str = "x"
    dry: bool = False
    """Whether nothing is written: only the channels are wanted."""
    origin: list[int] = field(default_factory=list)
    """The lane of the unit for each of these lanes."""
    outer: Callable[[str], Flow | None] | None = None
    """Finds a tensor of the body around the unit."""
    settle: Callable[[], None] | None = None
    """Decides what is done where the rounds of the loop around need different texts."""

    def lookup(self, name: str) -> Variable | Code | Position:
        """What a name means, in the order of the language. Raises `NoCode`."""
        if name in self.args:
            code = self.args[name]
            if code is None:
                raise NoCode
            return code
        if name == "here" and self.here is not None:
            return self.here
        if name in self.context:
            return self.context[name]
        if name == "input" and self.inputs:
            return next(iter(self.inputs.values()))
        if name in self.inputs:
            return self.inputs[name]
        flow = self.find(name)
        if flow is None:
            raise NoCode
        return flow[0]

    def find(self, name: str) -> Flow | None:
        """The tensors that an id names."""
        if name in self.tags:
            return self.tags[name]
        if name in self.inputs:
            return (self.inputs[name],)
        if name == "input" and self.inputs:
            return (next(iter(self.inputs.values())),)
        return self.outer(name) if self.outer is not None else None

    def tensors(self) -> list[tuple[str, Flow]]:
        """All tensors that an id may name, the latest first."""
        found = [(name, flow) for name, flow in reversed(self.tags.items())]
        return found + [(name, (variable,)) for name, variable in self.inputs.items()]

    def narrowed(self, lanes: list[int], sink: list[Statement[Any]]) -> Scope:
        """The scope for a choice of its lanes, whose statements go elsewhere."""
        return Scope(
            self.home,
            len(lanes),
            sink,
            self.prefix,
            self.args,
            {name: variable.viewed(lanes) for name, variable in self.inputs.items()},
            {name: tuple(v.viewed(lanes) for v in flow) for name, flow in self.tags.items()},
            self.context,
            self.here.viewed(lanes) if self.here is not None else None,
            self.wish,
            self.dry,
            [self.origin[lane] for lane in lanes],
            self._outer_in(lanes),
            self.settle,
        )

    def _outer_in(self, lanes: list[int]) -> Callable[[str], Flow | None] | None:
        outer = self.outer
        if outer is None:
            return None

        def find(name: str) -> Flow | None:
            flow = outer(name)
            return tuple(v.viewed(lanes) for v in flow) if flow is not None else None

        return find

    def widened(self, other: Scope, lanes: list[int]) -> None:
        """Take over the tags of a narrowed scope; other lanes have nothing there."""
        for name, flow in other.tags.items():
            if name not in self.tags or self.tags[name][0].name != flow[0].name:
                self.tags[name] = tuple(self._spread(variable, lanes) for variable in flow)

    def _spread(self, variable: Variable, lanes: list[int]) -> Variable:
        nodes: list[int | None] = [None] * self.lanes
        shapes: list[TensorShape | None] = [None] * self.lanes
        for place, lane in enumerate(lanes):
            nodes[lane], shapes[lane] = variable.nodes[place], variable.shapes[place]
        return Variable(variable.name, nodes, shapes, variable.channels, variable.wish)
