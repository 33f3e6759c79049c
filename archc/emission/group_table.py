"""What the table of a `groups` step has: a column for each key that differs by row."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from archc.elaborate.groups import verb_name
from archc.elaborate.program import Block
from archc.elaborate.record import GroupRecord
from archc.emission.arguments import default_code
from archc.emission.calls import safe
from archc.emission.group_rows import Rows, literal_or_none, plain
from archc.emission.plan import Table
from archc.emission.symbols import Code
from archc.emission.variables import fresh


@dataclass(slots=True)
class GroupTable:
    """`table` with the name of its column for each key; `raw` are the keys as the loop has them.

    `policy` is what the stride policy gives a block: the same everywhere, or a column. `kind` is
    the column of the blocks' names, where rows say different ones.
    """

    table: Table
    columns: dict[str, str]
    raw: dict[str, Code | None] = field(default_factory=dict)
    policy: dict[str, Code] = field(default_factory=dict)
    kind: Code | None = None


def group_table(rows: Rows, records: list[GroupRecord], name: str) -> GroupTable:
    """The table of groups, as the spec writes them."""
    keys = rows.columns()
    verbs = [group.blocks[-1].verb for group in records]
    kinds = [verb_name(verb) for verb in verbs]
    choices = {id(rows.values.choice(group).rest) for group in range(len(records))}
    has_kinds = len(set(kinds)) > 1 and len(choices) > 1
    cells = {key: [rows.cell(key, g, verb) for g, verb in enumerate(verbs)] for key in keys}
    if has_kinds:
        cells = {"block": [ast.Constant(kind) for kind in kinds], **cells}
    if not cells:
        keys = ["blocks"]
        cells["blocks"] = [ast.Constant(group.count) for group in records]
    policy: dict[str, Code] = {}
    for key, values in _strides(records).items():
        same = literal_or_none(values)
        if same is None:
            cells[key] = values
        policy[key] = same if same is not None else ast.Name(safe(key), ast.Load())
    columns = {key: safe(key) for key in cells}
    if has_kinds:
        columns["block"] = fresh("kind", set(columns.values()))
    lines = tuple(zip(*cells.values(), strict=True)) if cells else ((),) * len(verbs)
    raw: dict[str, Code | None] = {key: ast.Name(columns[key], ast.Load()) for key in keys}
    kind = ast.Name(columns["block"], ast.Load()) if has_kinds else None
    return GroupTable(Table(name, tuple(columns.values()), lines), columns, raw, policy, kind)


def _strides(records: list[GroupRecord]) -> dict[str, list[Code]]:
    strides = [group.stride for group in records]
    found: dict[str, list[Code]] = {}
    if any(s is not None and s.stride is not None for s in strides):
        found["stride"] = [
            _default_stride(record) if s is None or s.stride is None else plain(s.stride)
            for record, s in zip(records, strides, strict=True)
        ]
    if any(s is not None and (s.dilation, s.after) != (1, 1) for s in strides):
        found["dilation"] = [plain(s.dilation if s is not None else 1) for s in strides]
        found["dilation_after"] = [plain(s.after if s is not None else 1) for s in strides]
    return found


def _default_stride(group: GroupRecord) -> Code:
    """What a block has for its stride where nothing says one."""
    verb = group.blocks[0].verb
    found = default_code(verb, "stride") if isinstance(verb, Block) else None
    return found or ast.Constant(1)
