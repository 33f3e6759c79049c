"""Whether two blocks of a learner could come to one name, whatever the depths of its groups."""

from __future__ import annotations

from archc.diagnostics import CompileError
from archc.elaborate.group_values import GroupValues
from archc.elaborate.program import Groups
from archc.elaborate.scope import Position
from archc.elaborate.values import Value

_PLACES = frozenset({("group", "index"), ("group", "number"), ("group", "first")}) | frozenset(
    {("block", "index"), ("block", "number"), ("block", "first")}
)
_IN_THE_LEARNER = frozenset({("learner", "index"), ("learner", "number")})


class BlockNames:
    """The names of all blocks that were carried out so far, each with the place that has it.

    `clash` says that two places share a name: then single variants must be elaborated to know
    whether both are in them. A name that hangs on more than its place is such a clash as well.
    """

    def __init__(self) -> None:
        self.clash = False
        self._owners: dict[str, object] = {}
        self._counts: dict[tuple[Groups, int], int] = {}
        self._positions: dict[Value, int] = {}

    def register(self, groups: Groups, values: GroupValues, group: int, count: int) -> None:
        """Take note of a group of `count` blocks. Raises what evaluating an id raises."""
        known = self._counts.get((groups, group), 0)
        if count <= known or groups.id is None or self.clash:
            return
        self._counts[groups, group] = count
        identifier, read = groups.id, groups.id.attributes
        names = {name for name, _ in read}
        if not identifier.free_names <= names or not (read <= _PLACES or read <= _IN_THE_LEARNER):
            self.clash = True
        elif read <= _PLACES:
            for block in range(known, count):
                self._own(identifier, values, group, Position(block, count), (groups, group, block))
        else:
            self._own_positions(identifier, values)

    def _own_positions(self, identifier: Value, values: GroupValues) -> None:
        """A name by the place in the learner: no two of all that there may be are the same."""
        known, total = self._positions.get(identifier, 0), sum(self._counts.values())
        for place in range(known, total):
            position = Position(place, total)
            self._own(identifier, values, 0, Position(0, 1), (identifier, place), position)
        self._positions[identifier] = max(known, total)

    def _own(
        self,
        identifier: Value,
        values: GroupValues,
        group: int,
        block: Position,
        owner: object,
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
        self.clash |= self._owners.setdefault(name, owner) != owner
