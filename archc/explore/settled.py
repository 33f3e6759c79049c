"""Groups as plainly as they can be told, so that each can be carried out without the others.

Blocks that no knob chooses are named, and lists with a value for each group become rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archc.diagnostics import CompileError
from archc.elaborate.program import BlockChoice, Groups, Row, Step
from archc.elaborate.scope import Position
from archc.elaborate.values import Constant, Listed, Named, Value
from archc.explore.frames import Frames


def settled(step: Step, frames: Frames) -> Step:
    """A step of the spec itself that does the same; any but groups as it is."""
    groups = step.action
    if not isinstance(groups, Groups):
        return step
    spread = _with_blocks(_in_rows(groups, frames), frames)
    taken = groups.rows is not None or all(_takes(spread, row) for row in spread.rows or ())
    return replace(step, action=spread if taken else _with_blocks(groups, frames))


def _takes(groups: Groups, row: Row) -> bool:
    """Whether the blocks of a row have all of its keys: beside the rows one of all will do."""
    names = [v.value for v in row.block.values if isinstance(v, Constant)] if row.block else []
    blocks = [groups.file.blocks.get(str(name)) for name in names]
    keys = row.values.keys() - {"blocks"} - groups.read
    known = row.block is not None and len(blocks) == len(row.block.values)
    return not keys or (known and all(block and keys <= {*block.accepts} for block in blocks))


def _with_blocks(groups: Groups, frames: Frames) -> Groups:
    rows = groups.rows
    if rows is not None:
        places = [Position(group, len(rows)) for group in range(len(rows))]
        blocks = [row.block or groups.block for row in rows]
        named = [_named(b, frames, place) for b, place in zip(blocks, places, strict=True)]
        rows = tuple([replace(row, block=b) for row, b in zip(rows, named, strict=True)])
    block = _named(groups.block, frames) if rows is None else None
    return replace(groups, block=block, rows=rows)


def _named(
    choice: BlockChoice | None, frames: Frames, group: Position | None = None
) -> BlockChoice | None:
    if choice is None:
        return None
    rest, first, last = (
        None if value is None else _evaluated(value, frames, group)
        for value in (choice.rest, choice.first, choice.last)
    )
    assert rest is not None
    return BlockChoice(rest, first, last)


def _evaluated(value: Value, frames: Frames, group: Position | None) -> Value:
    """A value as a constant, where it hangs on nothing but args that never vary and the group."""
    frame = frames.first()
    if group is not None:
        frame.context = {"group": group}
    known = frames.args | frame.context.keys()
    if not value.free_names <= known or frames.hangs_on_knobs(value.free_names):
        return value
    try:
        return Constant(value.evaluate(frame), value.span)
    except CompileError:
        # Carrying it out will tell.
        return value


def _in_rows(groups: Groups, frames: Frames) -> Groups:
    """Groups whose number their lists say, where it is always the same, with a row for each."""
    if groups.rows is not None or groups.computed_rows is not None:
        return groups
    lists = {key: _items(value, frames) for key, value in groups.values.items()}
    spread = {key: items for key, items in lists.items() if items is not None}
    counts = {len(items) for items in spread.values()}
    rest = {key: value for key, value in groups.values.items() if key not in spread}
    # What `blocks` says holds, whatever another value comes to; else nothing else may say it.
    known = "blocks" in spread or all(isinstance(value, Constant) for value in rest.values())
    if len(counts) != 1 or 0 in counts or not known:
        return groups
    return replace(groups, values=rest, rows=_rows(groups, spread, counts.pop()))


def _rows(groups: Groups, spread: Mapping[str, tuple[Value, ...]], count: int) -> tuple[Row, ...]:
    spans = {key: span for key, span in groups.key_spans.items() if key in spread}
    values = [{key: items[group] for key, items in spread.items()} for group in range(count)]
    return tuple([Row(groups.span, None, each, spans) for each in values])


def _items(value: Value, frames: Frames) -> tuple[Value, ...] | None:
    """The values of a list that is written out, here or as an arg; None for any other value."""
    if isinstance(value, Named):
        value = frames.written(value.expression.text) or value
    if isinstance(value, Listed):
        return value.items
    if isinstance(value, Constant) and isinstance(value.value, tuple):
        return tuple([Constant(item, value.span) for item in value.value])
    return None
