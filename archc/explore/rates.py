"""Args that costs don't feel, checked all the same: a rate must be at least 0 and below 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from archc.diagnostics import CompileError
from archc.elaborate.group_values import GroupValues
from archc.elaborate.program import Groups
from archc.elaborate.scope import Frame, Position
from archc.elaborate.values import Value
from archc.explore.depths import Depths

_IN_THE_LEARNER = frozenset({"learner"})


class RateCheck:
    """Looks at every neutral value of a learner's groups.

    A schedule that knows its place in the learner alone is the same for every learner of as many
    blocks: it is looked at once for each such number.
    """

    def __init__(self, checked: list[tuple[Groups, frozenset[str]]]) -> None:
        self._checked = [(groups, keys, Depths(groups)) for groups, keys in checked]
        self._schedules: dict[tuple[object, ...], bool] = {}
        self._shared = list(_schedules(checked))
        covered = {id(value) for _, value, _ in self._shared}
        self._single = any(
            id(value) not in covered for pair in checked for value in _values(*pair)
        ) or any(key in groups.scaling for groups, keys in checked for key in keys)

    @property
    def hangs_on_total(self) -> bool:
        """Whether all that matters of the learner is how many blocks it has."""
        return not self._single

    def everywhere(self, frame: Frame, _position: int) -> bool:
        """Whether all rates will do. Raises nothing: what can't be told won't do."""
        return self._told(frame, partial(self._holds, frame))

    def at_the_end(self, frame: Frame, position: int) -> bool:
        """The same where `position` is the number of the learner's blocks, on which all hangs."""
        return self._told(frame, partial(self._schedules_hold, frame, position))

    def _told(self, frame: Frame, holds: Callable[[], bool]) -> bool:
        outer = frame.context
        try:
            return holds()
        except CompileError:
            return False
        finally:
            frame.context = outer

    def _holds(self, frame: Frame) -> bool:
        counts = [depths.counts(frame) for _, _, depths in self._checked]
        total = sum(map(sum, counts))
        holds = self._schedules_hold(frame, total)
        return holds and (not self._single or self._each_holds(frame, counts, total))

    def _schedules_hold(self, frame: Frame, total: int) -> bool:
        return all(self._schedule_holds(*schedule, frame, total) for schedule in self._shared)

    def _each_holds(self, frame: Frame, counts: list[list[int]], total: int) -> bool:
        start = 0
        for (groups, keys, _), of_groups in zip(self._checked, counts, strict=True):
            values = GroupValues(groups, frame)
            for group, count in enumerate(of_groups):
                places = range(start, start + count)
                if not all(self._key_holds(values, key, group, places, total) for key in keys):
                    return False
                start += count
        return True

    def _key_holds(
        self, values: GroupValues, key: str, group: int, places: range, total: int
    ) -> bool:
        return all(is_rate(self._at(values, key, group, places, place, total)) for place in places)

    def _at(
        self, values: GroupValues, key: str, group: int, places: range, place: int, total: int
    ) -> object:
        block = Position(place - places.start, len(places))
        values.enter(group, block, Position(place, total))
        return values.value(key, group)

    def _schedule_holds(
        self, groups: Groups, value: Value, args: tuple[str, ...], frame: Frame, total: int
    ) -> bool:
        given = [frame.lookup(name) for name in args]
        # `true` is no rate, and equal to 1 as a key.
        here = (id(value), total, *given, *map(type, given))
        known = self._schedules.get(here)
        if known is None:
            values = GroupValues(groups, frame)
            known = self._schedules[here] = all(
                self._is_rate_at(value, values, place, total) for place in range(total)
            )
        return known

    def _is_rate_at(self, value: Value, values: GroupValues, place: int, total: int) -> bool:
        values.enter(0, Position(0, 1), Position(place, total))
        result = value.evaluate(values.frame)
        # A list beside the rows runs over the groups.
        runs = isinstance(result, tuple) and any(v is value for v in values.groups.values.values())
        if isinstance(result, tuple) and runs:
            return len(result) == values.count and all(map(is_rate, result))
        return is_rate(result)


def _values(groups: Groups, keys: frozenset[str]) -> Iterator[Value]:
    """The values of the keys, beside the rows and in them."""
    for table in (groups.values, *(row.values for row in groups.rows or ())):
        yield from [table[key] for key in keys & table.keys()]


def _schedules(
    checked: list[tuple[Groups, frozenset[str]]],
) -> Iterator[tuple[Groups, Value, tuple[str, ...]]]:
    """The values that know no more than the args and their place in the learner."""
    for groups, keys in checked:
        for value in _values(groups, keys - groups.scaling.keys()):
            if not value.free_names & {"group", "block", "row", "here"}:
                yield groups, value, tuple(sorted(value.free_names - _IN_THE_LEARNER))


def is_rate(value: object) -> bool:
    """Whether a value is a rate or not given."""
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1
