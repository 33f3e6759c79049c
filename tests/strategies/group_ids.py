"""Ids of the blocks of groups: templates of where a block stands."""

from __future__ import annotations

from tests.strategies.body import Body
from tests.strategies.naive_parts import Data


def block_id(body: Body, rows: list[Data], beside: Data) -> str:
    """A template that tells the blocks of groups apart, usually."""
    name = body.new_id()
    ways = [
        f"{name}$(group.number)_$(block.number)",
        f"{name}_$(group.index)$(letter(block.index))",
        f"$(group.number + 1)_{name}$(block.number)",
        f'="{name}" + letter(group.index) + letter(block.index)',
        f"{name}$(group.number)$(letter(block.index) if block.count > 1 else '')",
    ]
    if body.elaboration.learner_count is not None and not body.frame.inside_unit:
        ways += [f"{name}$(learner.number)", f"{name}_$(learner.index)_of_$(learner.count)"]
    if any("filters" in row for row in rows) or "filters" in beside:
        ways.append(f"{name}$(group.index)_$(row.filters)_$(block.index)")
    return str(body.pick(*ways))
