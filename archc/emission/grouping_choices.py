"""What the groups of one attempt have made, and what has been chosen for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archc.emission.calls import unused
from archc.emission.plan import Table, Unit
from archc.emission.splits import Choices


class GroupingChoices:
    """All `groups` steps of one attempt; `tables` and `units` are what they made."""

    def __init__(self, choices: Choices, name_unit: Callable[[str], str]) -> None:
        self._choices = choices
        self._name_unit = name_unit
        self.tables: list[Table] = []
        self.units: list[Unit[Any]] = []
        self._table_names: set[str] = set()

    def table_name(self) -> str:
        return unused("GROUPS", self._table_names)

    def unit_name(self) -> str:
        return self._name_unit("group")

    def first_apart(self, key: Any) -> bool:
        return key in self._choices.first_apart

    def carries(self, key: Any) -> bool:
        return key in self._choices.carried

    def carry(self, key: Any) -> None:
        """The blocks of these groups change the number of channels one by one."""
        self._choices.carried.add(key)

    def settle(self, key: Any) -> None:
        """What is done where the blocks of a loop differ: the first apart, then all written out."""
        if key in self._choices.first_apart:
            self._choices.unrolled.add(key)
        else:
            self._choices.first_apart.add(key)
