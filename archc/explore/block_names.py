"""Whether two blocks of a learner could come to one name, whatever the depths of its groups."""

from __future__ import annotations

from math import inf
from typing import TypeAlias

from archc.diagnostics import CompileError
from archc.elaborate.group_values import GroupValues
from archc.elaborate.program import Groups
from archc.elaborate.scope import Frame, Position
from archc.elaborate.values import Value

Choice: TypeAlias = tuple[object, ...]

_PLACES = frozenset({("group", "index"), ("group", "number"), ("group", "first")}) | frozenset(
    {("block", "index"), ("block", "number"), ("block", "first")}
)
_IN_THE_LEARNER = frozenset({("learner", "index"), ("learner", "number")})

_MAX_NAMES = 50_000
"""Names that are tried: where there may be more, single variants are quicker to elaborate."""


class BlockNames:
    """The names of all blocks that were carried out so far, each with the place that has it.

    `args` are those that names hang on: for each choice of their values names are told apart
    anew. `clash` says that two places share a name: then single variants must be elaborated to
    know whether both are in them. A name that hangs on anything else is such a clash as well.
    """

    def __init__(self, args: frozenset[str] = frozenset()) -> None:
        self.clash = False
        self.args = args
        self._owners: dict[tuple[Choice, str], object] = {}
        self._counts: dict[tuple[Groups, int, Choice], int] = {}
        self._positions: dict[tuple[Value, Choice], int] = {}
        self._placed: dict[tuple[Value, Choice, int, int], int] = {}

    def choice(self, frame: Frame) -> Choice:
        """The values of the args that names hang on, as plain numbers where they are numbers."""
        return tuple([_own(frame.args[name]) for name in sorted(self.args)])

    def known(self, groups: Groups, group: int, choice: Choice) -> float:
        """The most blocks of a group whose names are known; infinite where no more need be."""
        if groups.id is None or self.clash:
            return inf
        return self._counts.get((groups, group, choice), 0)

    def register(self, groups: Groups, values: GroupValues, group: int, count: int) -> None:
        """Take note of a group of `count` blocks. Raises what evaluating an id raises."""
        choice = self.choice(values.frame)
        if groups.id is None or count <= self.known(groups, group, choice):
            return
        known = self._counts.get((groups, group, choice), 0)
        self._counts[groups, group, choice] = count
        identifier, read = groups.id, groups.id.attributes
        names = {name for name, _ in read}
        if not identifier.free_names <= names | self.args:
            self.clash = True
        elif read <= _PLACES:
            for block in range(known, count):
                owner = (groups, group, block)
                self._own(identifier, values, group, Position(block, count), owner, choice)
        elif read <= _IN_THE_LEARNER:
            self._own_positions(identifier, values, choice)
        elif read <= _PLACES | _IN_THE_LEARNER:
            self._own_places_and_positions(groups, identifier, values, choice)
        else:
            self.clash = True

    def _own_positions(self, identifier: Value, values: GroupValues, choice: Choice) -> None:
        """A name by the place in the learner: no two of all that there may be are the same."""
        known = self._positions.get((identifier, choice), 0)
        total = sum(count for (*_, of), count in self._counts.items() if of == choice)
        for place in range(known, total):
            position, owner = Position(place, total), (identifier, place)
            self._own(identifier, values, 0, Position(0, 1), owner, choice, position)
        self._positions[identifier, choice] = max(known, total)

    def _own_places_and_positions(
        self, groups: Groups, identifier: Value, values: GroupValues, choice: Choice
    ) -> None:
        """A name by both: no two of all blocks, wherever in the learner each may come to stand."""
        known = {key: n for key, n in self._counts.items() if key[2] == choice}
        own = [(key[1], n) for key, n in known.items() if key[0] is groups]
        places = [(group, block) for group, count in own for block in range(count)]
        total = sum(known.values())
        if len(places) * total > _MAX_NAMES:
            self.clash = True
            return
        for group, block in places:
            first = self._placed.get((identifier, choice, group, block), 0)
            self._placed[identifier, choice, group, block] = total
            for place in range(first, total):
                owner = (groups, group, block, place)
                within, position = Position(block, block + 1), Position(place, total)
                self._own(identifier, values, group, within, owner, choice, position)

    def _own(
        self,
        identifier: Value,
        values: GroupValues,
        group: int,
        block: Position,
        owner: object,
        choice: Choice,
        learner: Position | None = None,
    ) -> None:
        outer = values.frame.context
        try:
            values.enter(group, block, learner)
            name = str(identifier.evaluate(values.frame))
        except CompileError:
            self.clash = True
            return
        finally:
            values.frame.context = outer
        self.clash |= self._owners.setdefault((choice, name), owner) != owner


def _own(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return int(value) if isinstance(value, int) else float(value)
