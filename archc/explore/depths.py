"""How many blocks each group has, remembered by the args that it hangs on."""

from __future__ import annotations

from archc.elaborate.group_values import GroupValues
from archc.elaborate.program import Groups
from archc.elaborate.scope import Frame
from archc.explore.dependencies import names_of


class Depths:
    """Counts the blocks of the groups of one `groups` step."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._names = [self._names_of(group) for group in range(len(groups.rows or ()))]
        self._known: dict[tuple[object, ...], int] = {}

    def counts(self, frame: Frame) -> list[int]:
        """The blocks of every group. Raises `CompileError` where a number of blocks won't do."""
        args = frame.args
        if not self._names or not all(names <= args.keys() for names in self._names):
            return GroupValues(self._groups, frame).block_counts()
        found = []
        for group, names in enumerate(self._names):
            key = (group, *[args[name] for name in sorted(names)])
            count = self._known.get(key)
            if count is None:
                count = self._known[key] = self._count(group, frame)
            found.append(count)
        return found

    def _names_of(self, group: int) -> frozenset[str]:
        """The names that a group's number of blocks hangs on; keys of its row are not args."""
        groups = self._groups
        assert groups.rows is not None
        tables = (groups.values, groups.rows[group].values, groups.scaling)
        names = names_of([table["blocks"] for table in tables if "blocks" in table])
        own = {"blocks"} if "blocks" in groups.scaling else set()
        return names - own

    def _count(self, group: int, frame: Frame) -> int:
        outer = frame.context
        try:
            return GroupValues(self._groups, frame).block_count(group)
        finally:
            frame.context = outer
