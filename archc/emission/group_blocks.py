"""The blocks of a group inside its unit: the first, a loop over the others, the last."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archc.elaborate.groups import verb_name
from archc.elaborate.program import Groups
from archc.elaborate.record import GroupBlock, GroupRecord
from archc.emission.branches import branch, negated
from archc.emission.group_rows import RowCodes, Rows
from archc.emission.group_table import GroupTable
from archc.emission.group_unrolled import call_block
from archc.emission.grouping_choices import GroupingChoices
from archc.emission.loops import end_of_round, into_loop, out_of_loop, shifted
from archc.emission.plan import CountLoop
from archc.emission.positions import Positions
from archc.emission.scope import Flow, Scope
from archc.emission.splits import Retry, Unroll
from archc.emission.symbols import Code, is_literal
from archc.emission.translate import joined_name
from archc.emission.walker import Walker


@dataclass(slots=True)
class GroupBlocks:
    """The blocks of all groups at once: each group is a lane. `count` is how many a group has."""

    grouping: GroupingChoices
    walker: Walker
    groups: Groups
    records: list[GroupRecord]
    rows: Rows
    table: GroupTable
    positions: Positions
    codes: RowCodes
    count: Code
    key: Any

    def run(self, flow: Flow, scope: Scope) -> Flow:
        """The first block, the loop over the others, the last one: as few as will do."""
        counts = [group.count for group in self.records]
        choices = [self.rows.values.choice(group) for group in range(len(counts))]
        strides = [group.stride for group in self.records]
        strided = any(s is not None and s.stride not in (None, 1) for s in strides)
        dilated = any(s is not None and s.dilation != s.after for s in strides)
        on_last = any(s is not None and s.last_block for s in strides)
        first = (
            any(choice.first is not None for choice in choices)
            or (strided and not on_last)
            or (dilated and not on_last)
            or self.grouping.first_apart(self.key)
        )
        last = any(choice.last is not None for choice in choices) or (on_last and strided)
        if (first and last) or (dilated and on_last):
            raise Unroll(self.key)
        single = is_literal(self.count) and max(counts) == 1
        pairs = [(g, b) for g, count in enumerate(counts) for b in range(count)]
        if first or single:
            flow = self._one([(g, 0) for g, _ in enumerate(counts)], flow, scope, first=True)
            rest = [(g, b) for g, b in pairs if b > 0]
            return flow if single else self._many(rest, flow, scope, skip=1)
        if last:
            rest = [(g, b) for g, b in pairs if b < counts[g] - 1]
            flow = self._many(rest, flow, scope, skip=0, stop=self.count)
            return self._one(
                [(g, count - 1) for g, count in enumerate(counts)], flow, scope, first=False
            )
        return self._many(pairs, flow, scope, skip=0)

    def _one(self, pairs: list[tuple[int, int]], flow: Flow, scope: Scope, *, first: bool) -> Flow:
        scope.context |= self.positions.single(self.count, first=first)
        blocks = [self.records[g].blocks[b] for g, b in pairs]
        return self._call(blocks, flow, scope, taker=True, site="first" if first else "last")

    def _many(
        self,
        pairs: list[tuple[int, int]],
        flow: Flow,
        scope: Scope,
        *,
        skip: int,
        stop: Code | None = None,
    ) -> Flow:
        if not pairs:
            return flow
        start = self.positions.block_start + skip
        end = stop or self.count
        if stop is None and self.positions.block_start == 1:
            end = shifted(end, 1)
        if stop is not None and self.positions.block_start == 0:
            end = shifted(end, -1)
        body: list[Any] = []
        lanes = [g for g, _ in pairs]
        inner = scope.narrowed(lanes, body)
        blocks = [self.records[g].blocks[b] for g, b in pairs]
        changes = self.grouping.carries(self.key)
        entering = [block.entering for block in blocks]
        carried = into_loop(flow, entering, scope, self.walker.local, changes=changes)
        inner.context = {
            **scope.context,
            **self.positions.looped(self.count, after_first=skip == 1),
        }
        results = self._call(blocks, carried, inner, taker=False, site="rest")
        if not end_of_round(carried, results, body, changes=changes):
            self.grouping.carry(self.key)
            raise Retry
        variable = self.positions.block_variable
        loop: CountLoop[Any] = CountLoop(variable, ast.Constant(start), end, body)
        scope.sink.append(loop)
        leaving = [group.blocks[-1].result for group in self.records]
        certain = skip == 0 and stop is None
        return out_of_loop(loop, carried, results, leaving, certain=certain)

    def _call(
        self, blocks: list[GroupBlock], flow: Flow, scope: Scope, *, taker: bool, site: str
    ) -> Flow:
        """A block in every lane; where groups have different ones, an `if` for each of these."""
        kinds = [verb_name(block.verb) for block in blocks]
        if len(set(kinds)) == 1:
            return self._call_one(blocks, flow, scope, taker=taker, site=site)
        scope.here = flow[0]
        chosen = self._chosen(scope, site)
        before = flow
        names = list(dict.fromkeys(kinds))
        for kind in names:
            held = [lane for lane, other in enumerate(kinds) if other == kind]

            def run(inner: Scope, flow: Flow = flow, held: list[int] = held) -> Flow:
                entering = tuple(variable.viewed(held) for variable in flow)
                for variable, plain in zip(entering, before, strict=True):
                    variable.channels = plain.channels
                theirs = [blocks[lane] for lane in held]
                place = f"{site} {verb_name(theirs[0].verb)}"
                return self._call_one(theirs, entering, inner, taker=taker, site=place)

            other = len(names) == 2 and kind == names[1]
            condition = negated(is_text(chosen, names[0])) if other else is_text(chosen, kind)
            flow = branch(self.walker.local, condition, held, flow, scope, run)
        return flow

    def _chosen(self, scope: Scope, site: str) -> Code:
        """The name of the block that a lane has, as code."""
        choices = [self.rows.values.choice(group) for group in scope.origin]
        values = [getattr(choice, site, None) or choice.rest for choice in choices]
        if all(value is values[0] for value in values):
            code = self.walker.code(values[0], scope)
        else:
            own = site != "rest" and any(getattr(choice, site) is not None for choice in choices)
            code = None if own else self.table.kind
        if code is None or is_literal(code):
            raise Unroll(self.key)
        return code

    def _call_one(
        self, blocks: list[GroupBlock], flow: Flow, scope: Scope, *, taker: bool, site: str
    ) -> Flow:
        scope.here = flow[0]
        self.codes.scope = scope
        self.codes.made = {k: v for k, v in self.codes.made.items() if k in self.groups.scaling}
        codes: dict[str, Code | None] = {}
        for key in dict.fromkeys(key for block in blocks for key in block.given):
            codes[key] = self._argument(key, blocks, taker=taker)
        local: Code
        if self.groups.id is None:
            local = self.positions.default_id(scope.context)
        else:
            found = self.walker.code(self.groups.id, scope)
            if found is None:
                raise Unroll(self.key)
            local = found
        return call_block(
            self.walker,
            blocks,
            codes,
            flow,
            scope,
            joined_name(scope.prefix, local),
            (id(self.groups), site),
        )

    def _argument(self, key: str, blocks: Sequence[GroupBlock], *, taker: bool) -> Code | None:
        if key == "stride":
            return self.table.policy["stride"] if taker else ast.Constant(1)
        if key == "dilation" and "dilation" in self.table.policy:
            return self.table.policy["dilation" if taker else "dilation_after"]
        return self.codes.key(key)


def is_text(code: Code, text: str) -> Code:
    """Whether a code that gives texts gives this one."""
    match code:
        case ast.IfExp(ast.expr() as test, ast.Constant(first), ast.Constant(second)):
            if text == first:
                return test
            if text == second:
                return negated(test)
    return ast.Compare(code, [ast.Eq()], [ast.Constant(text)])
