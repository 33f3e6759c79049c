"""Groups written out, block by block."""

from __future__ import annotations

import ast
from typing import Any

from archc.elaborate.program import Block, Groups
from archc.elaborate.record import GroupBlock, GroupsRecord
from archc.elaborate.values import Constant
from archc.emission.group_rows import RowCodes, Rows, literal_or_none, plain
from archc.emission.positions import literal_position
from archc.emission.scope import Flow, Scope, Variable
from archc.emission.splits import CannotKeep, Split
from archc.emission.symbols import Code
from archc.emission.translate import joined_name
from archc.emission.walker import Walker


class Unrolled:
    """Every block of every group written out, with what is known of it as a literal."""

    def __init__(
        self, walker: Walker, groups: Groups, records: list[GroupsRecord], scope: Scope
    ) -> None:
        self._walker = walker
        self._groups = groups
        self._records = records
        self._scope = scope
        self._rows = Rows(groups, records[0])

    def run(self, flow: Flow) -> Flow:
        shapes = [tuple(group.count for group in record.groups) for record in self._records]
        if len(set(shapes)) > 1:
            raise Split(shapes)
        outer = self._scope.context
        position = self._records[0].first_position
        total = position + sum(shapes[0])
        for group, count in enumerate(shapes[0]):
            flow = self._group(group, count, flow, position, total)
            position += count
        self._scope.context = outer
        return flow

    def _group(self, group: int, count: int, flow: Flow, position: int, total: int) -> Flow:
        records = [record.groups[group] for record in self._records]
        scope = self._scope
        self._enter(group, 0, count, position, total)
        flow = self._walker.walk([record.around[0] for record in records], flow, scope)
        for index in range(count):
            self._enter(group, index, count, position + index, total)
            blocks = [record.blocks[index] for record in records]
            flow = self._block(group, index, blocks, flow)
        return self._walker.walk([record.around[1] for record in records], flow, scope)

    def _enter(self, group: int, index: int, count: int, position: int, total: int) -> None:
        codes = RowCodes(self._walker, self._rows, self._scope, group, {})
        self._codes = codes
        known = len(self._rows.groups.rows or ()) or self._rows.count
        self._scope.context = {
            **self._scope.context,
            "group": literal_position(group, known),
            "block": literal_position(index, count),
            "learner": literal_position(position, total),
            "row": codes.position(),
        }

    def _block(self, group: int, index: int, blocks: list[GroupBlock], flow: Flow) -> Flow:
        scope = self._scope
        scope.here = flow[0]
        codes: dict[str, Code | None] = {}
        for key in dict.fromkeys(key for block in blocks for key in block.given):
            policy = key in ("stride", "dilation") and key not in self._codes.rows.values.keys
            if policy or key == "stride":
                codes[key] = literal_or_none([plain(block.given.get(key)) for block in blocks])
            else:
                codes[key] = self._codes.key(key)
        name = blocks[0].name
        local: Code = ast.Constant(name)
        if self._groups.id is not None and not isinstance(self._groups.id, Constant):
            found = self._walker.code(self._groups.id, scope)
            if found is None:
                raise CannotKeep
            local = found
        site = (id(self._groups), group, index)
        flow = call_block(
            self._walker, blocks, codes, flow, scope, joined_name(scope.prefix, local), site
        )
        scope.tags.pop(name, None)
        scope.tags[name] = flow
        return flow


def call_block(
    walker: Walker,
    blocks: list[GroupBlock],
    codes: dict[str, Code | None],
    flow: Flow,
    scope: Scope,
    local: Code,
    site: Any,
) -> Flow:
    """One block, or one layer, of a group in every lane."""
    verbs = {id(block.verb) if isinstance(block.verb, Block) else block.verb for block in blocks}
    if len(verbs) > 1:
        raise Split([str(block.verb) for block in blocks])
    if not isinstance(blocks[0].verb, Block):
        layers = [block.layer for block in blocks if block.layer is not None]
        return walker.apply(layers, codes, blocks, flow, scope, local)
    calls = [block.call for block in blocks if block.call is not None]
    inputs = {}
    for name in blocks[0].verb.inputs:
        if name in blocks[0].given:
            nodes = [call.inputs[name].node for call in calls]
            inputs[name] = _found(walker, nodes, scope)
            codes.pop(name, None)
    return walker.call(calls, codes, inputs, flow, scope, local, site)


def _found(walker: Walker, nodes: list[int], scope: Scope) -> Variable:
    for name, flow in scope.tensors():
        if flow[0].nodes == nodes:
            walker.call_it(flow, name, scope)
            return flow[0]
    walker.hidden.wanted()
    raise CannotKeep
