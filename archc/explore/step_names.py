"""Whether steps could come to share a name in a variant, though they do not in the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from archc.elaborate.program import Block, BlockCall, Groups, Program, Step
from archc.elaborate.values import Constant, Value
from archc.explore.frames import Frames
from archc.explore.program_parts import all_steps
from archc.explore.settled import settled


def may_clash(program: Program, frames: Frames) -> bool:
    """Whether single variants must be elaborated to know that no two steps have one name.

    Blocks of groups are not meant: their names are told apart one by one.
    """
    steps = [step for _, given, _ in program.components for step in given]
    everywhere = list(all_steps(steps))
    inside = [step for block in _blocks(everywhere) for step in all_steps(block.steps)]
    return (
        any(step.id and frames.hangs_on_knobs(step.id.free_names) for step in everywhere)
        or any(_repeats_names(step) and _varies(step.repeat, frames) for step in everywhere)
        or any(_repeats_names(step) and not isinstance(step.repeat, Constant) for step in inside)
        or _shares_names(everywhere, frames)
        or any(_around_groups(step, frames) for step in everywhere)
    )


def _varies(value: Value | None, frames: Frames) -> bool:
    """Whether a value may be another in another variant; what hangs on tensors may."""
    if value is None or isinstance(value, Constant):
        return False
    return not value.free_names <= frames.args or frames.hangs_on_knobs(value.free_names)


def _repeats_names(step: Step) -> bool:
    """Whether a repeated step gives the same name each time."""
    if step.repeat is None:
        return False
    named = [step.id] if step.id is not None else [each.id for each in all_steps((step,))]
    return any(value is not None and "repeat" not in value.free_names for value in named)


def _shares_names(steps: Iterable[Step], frames: Frames) -> bool:
    """Whether steps of one name may be left out, or not."""
    named = [step for step in steps if isinstance(step.id, Constant)]
    often = Counter(str(step.id.value) for step in named if isinstance(step.id, Constant))
    return any(
        often[str(step.id.value)] > 1 and _varies(step.when, frames)
        for step in named
        if isinstance(step.id, Constant)
    )


def _around_groups(step: Step, frames: Frames) -> bool:
    """Whether what stands around each group has a name that is not the group's."""
    groups = settled(step, frames).action
    if not isinstance(groups, Groups):
        return False
    around = list(all_steps((*groups.before, *groups.after)))
    alike = [each for each in around if each.id and "group" not in each.id.free_names]
    return bool(alike) and (groups.rows is None or any(_varies(s.when, frames) for s in alike))


def _blocks(steps: Iterable[Step]) -> Iterator[Block]:
    """All blocks that may be carried out, those that blocks call included."""
    found: dict[Block, None] = {}
    waiting = list(steps)
    while waiting:
        action = waiting.pop().action
        blocks: list[Block] = []
        if isinstance(action, BlockCall):
            blocks = [action.block]
        elif isinstance(action, Groups):
            blocks = [verb for verb in action.file.blocks.values() if isinstance(verb, Block)]
        for block in blocks:
            if block not in found:
                found[block] = None
                waiting += all_steps(block.steps)
    yield from found
