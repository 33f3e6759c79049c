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
    """The `values` beside some groups that args alone decide, and which group takes its own of
    them. `names` are those that the unit of this group feels apart from them.
    """

    groups: Groups
    group: int
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
        """What the unit is given in a variant; None where its group is none of the variant's.

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
            if 0 < count <= self._beside.group:
                return None
            form += [count, *[opened(item, varies, numbers) for item in items]]
        return Given(tuple(form), tuple(numbers))

    def with_numbers(self, values: Sequence[object], numbers: Iterable[Number]) -> World:
        """What the unit would see with other numbers. Raises `CompileError`."""
        others = iter(numbers)
        own = [(self._knobs[place], values[place]) for place in self._own_places]
        knobs = {name: refilled(value, varies, others) for name, value in own}
        lists: Lists = {}
        if self._beside is not None:
            count, items = self._items(self._beside, values)
            given = [refilled(item, varies, others) for item in items]
            # A unit reads its own group's alone.
            columns = [(item,) * count for item in given or [None] * len(self._beside.values)]
            lists[self._beside.groups] = dict(zip(self._beside.values, columns, strict=True))
        return self._own(knobs, {}), lists

    def _items(self, beside: Beside, values: Sequence[object]) -> tuple[int, list[object]]:
        """The number of groups, and what stands beside them for this one; nothing if there is no
        such group.
        """
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
        if beside.group >= count:
            return count, []
        known = shared.lists[beside.groups]
        return count, [_item(known[key], beside.group, count) for key in beside.values]

    def _places(self, names: frozenset[str]) -> list[int]:
        return [place for place, knob in enumerate(self._knobs) if knob in names]


def _item(value: object, group: int, count: int) -> object:
    """A group's own of what stands beside all; a list of the wrong length is a mistake of it."""
    return value[group] if isinstance(value, tuple) and len(value) == count else value
