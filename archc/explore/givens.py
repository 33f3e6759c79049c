"""What a unit is given besides the flow: the knobs that it feels, and what stands beside groups.

What the args decide for all groups at once, such as a list of filters, is found out once for a
variant; each group is given its own of it as a number. How that came about does not matter to the
group: it is learnt of, whatever the list was computed with.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from archc.elaborate.group_values import GroupValues
from archc.elaborate.program import Groups
from archc.elaborate.scope import Frame
from archc.explore.forms import opened, refilled, varies
from archc.explore.frames import Frames, Lists
from archc.explore.learnt import LearntValue
from archc.explore.traced import Number

World: TypeAlias = tuple[Frame, Lists]
"""The names that a unit sees, and what stands beside groups as far as it is known."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The `values` beside some groups that args alone decide, and the `part` of the groups that
    takes its own of them. `names` are those that the unit of this part feels apart from them.
    """

    groups: Groups
    part: slice
    values: Mapping[str, LearntValue]
    names: frozenset[str]


class Given(NamedTuple):
    """What is the same in all calls that one trace can serve, and the numbers that are not."""

    form: Hashable
    numbers: tuple[Number, ...]


class Givens:
    """What one unit is given in each variant; `felt` are all names that it hangs on.

    `places` are those of the knobs among them.
    """

    def __init__(
        self, felt: frozenset[str], knobs: Sequence[str], frames: Frames, beside: Beside | None
    ) -> None:
        self._knobs = tuple(knobs)
        self.places = self._places(felt)
        self._shared = frames.shared
        self._whole = frames.maker(felt, learns=True)
        self._beside = beside
        self._own_places, self._own = self.places, frames.maker(felt, learns=False)
        if beside is not None:
            own = frames.behind(beside.names)
            self._own_places, self._own = self._places(own), frames.maker(own, learns=False)

    def world(self, values: Sequence[object]) -> World:
        """What the unit sees of a variant. Raises `CompileError`."""
        shared = self._shared(values)
        knobs = {self._knobs[place]: values[place] for place in self.places}
        return self._whole(knobs, shared.args), shared.lists

    def of(self, values: Sequence[object]) -> Given | None:
        """What the unit is given in a variant; None where its groups are none of the variant's.

        Raises `CompileError`.
        """
        numbers: list[Number] = []
        form: list[Hashable] = []
        for place in self._own_places:
            value = values[place]
            if type(value) is int or type(value) is float:
                numbers.append(value)
                form.append(type(value))  # type: ignore[arg-type]
            else:
                form.append(opened(value, varies, numbers))
        if self._beside is not None:
            count, items = self._items(self._beside, values)
            if 0 < count <= self._beside.part.start:
                return None
            form += [count, *[opened(column, varies, numbers) for column in items]]
        return Given(tuple(form), tuple(numbers))

    def with_numbers(self, values: Sequence[object], numbers: Iterable[Number]) -> World:
        """What the unit would see with other numbers. Raises `CompileError`."""
        others = iter(numbers)
        own = [(self._knobs[place], values[place]) for place in self._own_places]
        knobs = {name: refilled(value, varies, others) for name, value in own}
        lists: Lists = {}
        if self._beside is not None:
            count, items = self._items(self._beside, values)
            own_of = range(count)[self._beside.part]
            # A unit reads its own groups' alone.
            before, after = (None,) * own_of.start, (None,) * (count - own_of.stop)
            given = [tuple([refilled(i, varies, others) for i in column]) for column in items]
            columns = [(*before, *column, *after) for column in given]
            lists[self._beside.groups] = dict(zip(self._beside.values, columns, strict=True))
        return self._own(knobs, {}), lists

    def _items(
        self, beside: Beside, values: Sequence[object]
    ) -> tuple[int, list[tuple[object, ...]]]:
        """The number of groups, and for each value what stands beside those of the part."""
        shared = self._shared(values)
        count = shared.counts.get(beside.groups)
        if count is None:
            frame, lists = self.world(values)
            known = lists.setdefault(beside.groups, {})
            for key, value in beside.values.items():
                if key not in known:
                    known[key] = value.evaluate(frame)
            count = GroupValues(beside.groups, frame, known).count
            shared.counts[beside.groups] = count
        known = shared.lists[beside.groups]
        return count, [_items(known[key], beside.part, count) for key in beside.values]

    def _places(self, names: frozenset[str]) -> list[int]:
        return [place for place, knob in enumerate(self._knobs) if knob in names]


def _items(value: object, part: slice, count: int) -> tuple[object, ...]:
    """Some groups' own of what stands beside all; a list of the wrong length is a mistake."""
    if isinstance(value, tuple) and len(value) == count:
        return value[part]
    return (value,) * len(range(count)[part])
