"""Groups less what their costs don't feel."""

from __future__ import annotations

from dataclasses import replace

from archc.elaborate.group_values import ONE_FOR_ALL
from archc.elaborate.program import Block, Groups, Row
from archc.elaborate.values import Constant, Value
from archc.explore.dependencies import NeutralArgs, shared_values


class Lean:
    """Leaves out of groups what costs don't feel; with `tags` their ids are felt."""

    def __init__(self, *, tags: bool) -> None:
        self._tags = tags
        self._neutral = NeutralArgs()

    def groups(self, groups: Groups) -> Groups:
        """Groups less ids that nobody reads, and neutral args."""
        unfelt = self.unfelt(groups)
        if groups.rows is None:
            unfelt -= {key for key, value in groups.values.items() if _may_count(value)}
        rows = None
        if groups.rows is not None:
            rows = tuple([_row_without(row, unfelt) for row in groups.rows])
        values = {key: value for key, value in groups.values.items() if key not in unfelt}
        scaling = {key: value for key, value in groups.scaling.items() if key not in unfelt}
        identifier = groups.id if self._tags else None
        return replace(groups, values=values, rows=rows, scaling=scaling, id=identifier)

    def unfelt(self, groups: Groups) -> frozenset[str]:
        """The keys that are neutral args of every block that may get them."""
        names = {
            str(value.value)
            for choice in (groups.block, *(row.block for row in groups.rows or ()))
            for value in (choice.values if choice is not None else ())
            if isinstance(value, Constant)
        }
        verbs = [groups.file.blocks.get(name) for name in names]
        blocks = [block for block in verbs if isinstance(block, Block)]
        if groups.computed_rows is not None or len(blocks) < len(verbs):
            return frozenset()
        keys = set(groups.values).union(*(row.values for row in groups.rows or ()))
        pairs = [pair for value in shared_values(groups) for pair in value.attributes]
        read = {key for name, key in pairs if name == "row"}
        return frozenset(
            key
            for key in keys - read
            if all(key in self._neutral.of(b) or key not in b.accepts for b in blocks)
            and any(key in block.accepts for block in blocks)
        )


def _may_count(value: Value) -> bool:
    """Whether a value may be a list that says how many groups there are."""
    if isinstance(value, Constant):
        return isinstance(value.value, tuple)
    return not value.free_names & ONE_FOR_ALL


def _row_without(row: Row, keys: frozenset[str]) -> Row:
    kept = {key: value for key, value in row.values.items() if key not in keys}
    return replace(row, values=kept)
