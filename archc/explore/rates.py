"""Args that costs don't feel, checked all the same: a rate must be at least 0 and below 1."""

from __future__ import annotations

from archc.diagnostics import CompileError
from archc.elaborate.group_values import GroupValues
from archc.elaborate.program import Groups
from archc.elaborate.scope import Frame, Position, Stream
from archc.elaborate.values import Value
from archc.explore.costs import CountingInterpreter
from archc.explore.dependencies import names_of

_IN_THE_LEARNER = frozenset({"learner"})


class RateCheck:
    """Looks at every neutral value of a learner's groups; one that won't do marks the variant.

    A schedule that knows its place in the learner alone is the same for every learner of as many
    blocks: it is looked at once for each such number.
    """

    def __init__(self, checked: list[tuple[Groups, frozenset[str]]]) -> None:
        self._checked = checked
        self._schedules: dict[tuple[object, ...], bool] = {}

    def __call__(self, interpreter: CountingInterpreter, stream: Stream, frame: Frame) -> Stream:
        outer = frame.context
        try:
            interpreter.tally.lost |= not self._holds(frame)
        except CompileError:
            interpreter.tally.lost = True
        finally:
            frame.context = outer
        return stream

    def _holds(self, frame: Frame) -> bool:
        tables = [(GroupValues(groups, frame), keys) for groups, keys in self._checked]
        counts = [values.block_counts() for values, _ in tables]
        total = sum(map(sum, counts))
        start = 0
        for (values, keys), of_groups in zip(tables, counts, strict=True):
            for group, count in enumerate(of_groups):
                places = range(start, start + count)
                if not all(self._key_holds(values, key, group, places, total) for key in keys):
                    return False
                start += count
        return True

    def _key_holds(
        self, values: GroupValues, key: str, group: int, places: range, total: int
    ) -> bool:
        row = values.row(group)
        table = row.values if row is not None and key in row.values else values.groups.values
        if key not in table:
            return True
        value = table[key]
        names = names_of([value])
        if key in values.groups.scaling or names & {"group", "block", "row", "here"}:
            return all(
                is_rate(self._at(values, key, group, places, place, total)) for place in places
            )
        return self._schedule_holds(value, names, values, total)

    def _at(
        self, values: GroupValues, key: str, group: int, places: range, place: int, total: int
    ) -> object:
        block = Position(place - places.start, len(places))
        values.enter(group, block, Position(place, total))
        return values.value(key, group)

    def _schedule_holds(
        self, value: Value, names: frozenset[str], values: GroupValues, total: int
    ) -> bool:
        args = sorted(names - _IN_THE_LEARNER)
        here = (id(value), total, *[values.frame.lookup(name) for name in args])
        known = self._schedules.get(here)
        if known is None:
            known = self._schedules[here] = all(
                is_rate(self._in_learner(value, values, place, total)) for place in range(total)
            )
        return known

    def _in_learner(self, value: Value, values: GroupValues, place: int, total: int) -> object:
        values.enter(0, Position(0, 1), Position(place, total))
        return value.evaluate(values.frame)


def is_rate(value: object) -> bool:
    """Whether a value, or each of a list, is a rate or not given."""
    if value is None:
        return True
    if isinstance(value, tuple):
        return all(is_rate(item) for item in value)
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1
