"""A `groups` step as a table, a loop over it, and a function for a group."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from archc.elaborate.program import Block, Groups
from archc.elaborate.record import GroupBlock, GroupRecord, GroupsRecord
from archc.emission.arguments import default_code
from archc.emission.calls import safe, unused
from archc.emission.group_rows import RowCodes, Rows, literal_or_none, plain
from archc.emission.group_unrolled import call_block
from archc.emission.grouping_choices import GroupingChoices
from archc.emission.plan import CountLoop, Invoke, Local, Move, Parameter, Table, TableLoop, Unit
from archc.emission.positions import Positions, attributes_read
from archc.emission.reserved import RESERVED
from archc.emission.scope import Flow, Home, Scope, Variable, new_variable
from archc.emission.splits import CannotKeep, Retry, Split, Unroll
from archc.emission.symbols import Code, is_literal
from archc.emission.translate import OWN, PYTHON, joined_name
from archc.emission.variables import substituted
from archc.emission.walker import Walker


class GroupLoop:
    """One `groups` step as a table, a loop over it, and a unit for a group."""

    def __init__(
        self,
        grouping: GroupingChoices,
        walker: Walker,
        groups: Groups,
        record: GroupsRecord,
        scope: Scope,
        key: Any,
    ) -> None:
        self._grouping = grouping
        self._walker = walker
        self._groups = groups
        self._records: list[GroupRecord] = record.groups
        self._record = record
        self._scope = scope
        self._key = key
        self._rows = Rows(groups, record)
        self._read = attributes_read(groups)
        self._scaled_names: dict[str, Code] = {}
        self._has_learner = any(name == "learner" for name, _ in self._read)

    def run(self, flow: Flow) -> Flow:
        if (
            len(
                {len(group.entering) for group in self._records}
                | {len(g.result) for g in self._records}
            )
            > 1
        ):
            raise Unroll(self._key)
        if self._has_learner and self._record.first_position:
            raise Unroll(self._key)
        self._table()
        carried = self._carried(flow)
        unit: Unit[Any] = Unit(self._grouping.unit_name(), "group", ())
        home = Home(unit, (self._key, "group"), own=set(RESERVED) | set(self._columns.values()))
        home.settle = lambda: self._grouping.settle(self._key)
        try:
            results, invoke = self._group_unit(unit, home, carried)
        except Split:
            self._grouping.settle(self._key)
            raise Retry from None
        except CannotKeep:
            raise Unroll(self._key) from None
        self._emit_loop(carried, results, invoke)
        self._grouping.units.append(unit)
        return carried

    def _table(self) -> None:
        keys = self._rows.columns()
        verbs = [group.blocks[-1].verb for group in self._records]
        columns = {
            key: [self._rows.cell(key, g, verb) for g, verb in enumerate(verbs)] for key in keys
        }
        self._raw: dict[str, Code | None] = {}
        self._policy: dict[str, Code] = {}
        for name, values in self._strides().items():
            same = literal_or_none(values)
            if same is not None:
                self._policy[name] = same
            else:
                columns[name] = values
                self._policy[name] = ast.Name(safe(name), ast.Load())
        self._columns = {key: safe(key) for key in columns}
        for key in keys:
            self._raw[key] = ast.Name(self._columns[key], ast.Load())
        rows = tuple(zip(*columns.values(), strict=True)) if columns else ((),) * len(verbs)
        self._table_made = Table(
            self._grouping.table_name(), tuple(self._columns.values()), tuple(rows)
        )
        self._grouping.tables.append(self._table_made)

    def _strides(self) -> dict[str, list[Code]]:
        strides = [group.stride for group in self._records]
        found: dict[str, list[Code]] = {}
        if any(s is not None and s.stride is not None for s in strides):
            found["stride"] = [
                self._default_stride(g) if s is None or s.stride is None else plain(s.stride)
                for g, s in enumerate(strides)
            ]
        if any(s is not None and (s.dilation, s.after) != (1, 1) for s in strides):
            found["dilation"] = [plain(s.dilation if s is not None else 1) for s in strides]
            found["dilation_after"] = [plain(s.after if s is not None else 1) for s in strides]
        return found

    def _default_stride(self, group: int) -> Code:
        """What a block has for its stride where nothing says one."""
        verb = self._records[group].blocks[0].verb
        found = default_code(verb, "stride") if isinstance(verb, Block) else None
        return found or ast.Constant(1)

    def _carried(self, flow: Flow) -> Flow:
        """The variables that each group takes and gives anew."""
        scope = self._scope
        self._before = [variable.channels for variable in flow]
        carried = []
        for index, variable in enumerate(flow):
            tensors = [group.entering[index] for group in self._records]
            made = new_variable(tensors, None, scope.wish)
            scope.home.wishes[made.name] = scope.home.wishes.get(variable.name, scope.wish)
            scope.sink.append(Move(made.name, ast.Name(variable.name, ast.Load())))
            if self._walker.dialect.tracks_channels:
                assert variable.channels is not None
                wish = "in_channels" if index == 0 else "other_channels"
                made.channels = self._walker.local(wish, variable.channels, scope)
            carried.append(made)
        return tuple(carried)

    def _emit_loop(self, carried: Flow, results: Flow, invoke: Invoke[Any]) -> None:
        scope = self._scope
        body: list[Any] = []
        number = self._positions.group_variable
        loop: TableLoop[Any] = TableLoop(
            self._table_made, number, self._positions.group_start, body
        )
        outer, scope.sink = scope.sink, body
        if self._has_learner:
            self._count_blocks(outer)
        body.append(invoke)
        for old, new in zip(carried, results, strict=True):
            old.nodes = [self._records[-1].result[carried.index(old)].node]
            old.shapes = [self._records[-1].result[carried.index(old)].shape]
            body.append(Move(old.name, ast.Name(new.name, ast.Load())))
            if old.channels is not None and new.channels is not None:
                assert isinstance(old.channels, ast.Name)
                if ast.dump(new.channels) != ast.dump(old.channels):
                    body.append(Local(old.channels.id, new.channels))
        if self._has_learner:
            step = ast.BinOp(ast.Name("position", ast.Load()), ast.Add(), self._loop_blocks)
            body.append(Local("position", step))
        scope.sink = outer
        scope.sink.append(loop)
        for old, new, before in zip(carried, results, self._before, strict=True):
            old.channels = self._after_last(old.channels, new.channels, before)

    @staticmethod
    def _after_last(old: Code | None, new: Code | None, before: Code | None) -> Code | None:
        """The channels that the last group gives, in terms of what holds after the loop."""
        same = old is not None and new is not None and ast.dump(old) == ast.dump(new)
        return before if same else old

    def _count_blocks(self, sink: list[Any]) -> None:
        """The position of each group's first block, and how many blocks there are."""
        codes = RowCodes(self._walker, self._rows, self._scope, 0, dict(self._raw))
        blocks = codes.key("blocks") or ast.Constant(1)
        self._loop_blocks = blocks
        target = ast.Tuple(
            [ast.Name(c, ast.Store()) for c in self._table_made.columns], ast.Store()
        )
        loop = ast.comprehension(target, ast.Name(self._table_made.name, ast.Load()), [], 0)
        total: Code = ast.Call(ast.Name("sum", ast.Load()), [ast.ListComp(blocks, [loop])], [])
        sink.append(Local("position", ast.Constant(0)))
        sink.append(Local("total", total))

    def _group_unit(self, unit: Unit[Any], home: Home, carried: Flow) -> tuple[Flow, Invoke[Any]]:
        walker, outer = self._walker, self._scope
        count = len(self._records)
        positions = Positions(self._read, self._groups.id is None, self._table_made.name)
        self._positions = positions
        scope = Scope(home, count, unit.body, outer.prefix, {}, {}, wish="x")
        scope.origin = list(range(count))
        invoke: Invoke[Any] = Invoke((), unit, (), {}, None, "group")
        entering = self._unit_inputs(unit, home, carried, invoke)
        self._unit_parameters(unit, home, invoke, scope)
        scope.outer = self._bringing(unit, home, invoke)
        codes = RowCodes(walker, self._rows, scope, 0, dict(self._raw))
        self._codes = codes
        scope.context = {"row": codes.position()}
        self._scale(codes, scope)
        blocks = codes.key("blocks") or ast.Constant(1)
        if not is_literal(blocks) and not isinstance(blocks, ast.Name):
            blocks = walker.local("blocks" if "blocks" not in home.own else "depth", blocks, scope)
        self._blocks = blocks
        scope.context |= positions.around(blocks, last=False)
        flow = walker.walk([g.around[0] for g in self._records], entering, scope)
        flow = self._segments(flow, scope)
        scope.context |= positions.around(blocks, last=True)
        flow = walker.walk([g.around[1] for g in self._records], flow, scope)
        unit.outputs = tuple(variable.name for variable in flow)
        results = self._loop_results(flow, carried, invoke)
        invoke.results = tuple(variable.name for variable in results)
        return results, invoke

    def _scale(self, codes: RowCodes, scope: Scope) -> None:
        """`filters = divisible(filters * width)` once for the group."""
        scaled: dict[str, Code] = {}
        for key in self._groups.scaling:
            if self._rows.value(key, 0) is not None:
                code = codes.key(key)
                if code is None:
                    raise Unroll(self._key)
                scaled[key] = code
        for key, code in scaled.items():
            name = self._columns.get(key)
            others = [other for each, other in scaled.items() if each != key]
            reads = {n.id for other in others for n in ast.walk(other) if isinstance(n, ast.Name)}
            if name is None or name in reads or is_literal(code):
                continue
            scope.sink.append(Local(name, code))
            self._scaled_names[name] = code
            codes.made[key] = ast.Name(name, ast.Load())

    def _unit_inputs(self, unit: Unit[Any], home: Home, carried: Flow, invoke: Invoke[Any]) -> Flow:
        entering = []
        for index, variable in enumerate(carried):
            tensors = [group.entering[index] for group in self._records]
            made = new_variable(tensors, None, "x")
            home.wishes[made.name] = self._scope.home.wishes.get(variable.name, "x")
            if variable.channels is not None:
                name = "in_channels" if index == 0 else "other_channels"
                unit.parameters.append(Parameter(name))
                home.own.add(name)
                invoke.arguments[name] = variable.channels
                made.channels = ast.Name(name, ast.Load())
            entering.append(made)
        unit.inputs = tuple(variable.name for variable in entering)
        invoke.inputs = tuple(variable.name for variable in carried)
        return tuple(entering)

    def _unit_parameters(
        self, unit: Unit[Any], home: Home, invoke: Invoke[Any], scope: Scope
    ) -> None:
        names = [self._positions.group_variable] if self._positions.group_variable else []
        names += list(self._columns.values())
        names += ["position", "total"] if self._has_learner else []
        for name in names:
            unit.parameters.append(Parameter(name))
            invoke.arguments[name] = ast.Name(name, ast.Load())
            home.own.add(name)
        for name, code in self._scope.args.items():
            if isinstance(code, ast.Name):
                parameter = unused(code.id, home.own)
                unit.parameters.append(Parameter(parameter))
                invoke.arguments[parameter] = code
                scope.args[name] = ast.Name(parameter, ast.Load())
            else:
                scope.args[name] = code

    def _bringing(
        self, unit: Unit[Any], home: Home, invoke: Invoke[Any]
    ) -> Callable[[str], Flow | None]:
        brought: dict[str, Variable] = {}
        count = len(self._records)

        def bring(name: str) -> Flow | None:
            flow = self._scope.find(name)
            if flow is None:
                return None
            outer = flow[0]
            if outer.name not in brought:
                made = outer.viewed([0] * count)
                made.name = new_variable([], None, "x").name
                home.wishes[made.name] = self._scope.home.wishes.get(outer.name, outer.wish)
                if outer.channels is not None:
                    raise Unroll(self._key)
                unit.inputs += (made.name,)
                invoke.inputs += (outer.name,)
                brought[outer.name] = made
            return (brought[outer.name],)

        return bring

    def _segments(self, flow: Flow, scope: Scope) -> Flow:
        """The first block, the loop over the others, the last one: as few as will do."""
        counts = [group.count for group in self._records]
        choices = [self._rows.values.choice(group) for group in range(len(counts))]
        strides = [group.stride for group in self._records]
        strided = any(s is not None and s.stride not in (None, 1) for s in strides)
        dilated = any(s is not None and s.dilation != s.after for s in strides)
        on_last = any(s is not None and s.last_block for s in strides)
        first = (
            any(choice.first is not None for choice in choices)
            or (strided and not on_last)
            or (dilated and not on_last)
            or self._grouping.first_apart(self._key)
        )
        last = any(choice.last is not None for choice in choices) or (on_last and strided)
        if (first and last) or (dilated and on_last):
            raise Unroll(self._key)
        single = is_literal(self._blocks) and max(counts) == 1
        pairs = [(g, b) for g, count in enumerate(counts) for b in range(count)]
        if first or single:
            flow = self._one([(g, 0) for g, _ in enumerate(counts)], flow, scope, first=True)
            rest = [(g, b) for g, b in pairs if b > 0]
            return flow if single else self._many(rest, flow, scope, skip=1)
        if last:
            rest = [(g, b) for g, b in pairs if b < counts[g] - 1]
            flow = self._many(rest, flow, scope, skip=0, stop=self._blocks)
            return self._one(
                [(g, count - 1) for g, count in enumerate(counts)], flow, scope, first=False
            )
        return self._many(pairs, flow, scope, skip=0)

    def _one(self, pairs: list[tuple[int, int]], flow: Flow, scope: Scope, *, first: bool) -> Flow:
        scope.context |= self._positions.single(self._blocks, first=first)
        blocks = [self._records[g].blocks[b] for g, b in pairs]
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
        start = self._positions.block_start + skip
        end = stop or self._blocks
        if stop is None and self._positions.block_start == 1:
            end = ast.BinOp(end, ast.Add(), ast.Constant(1))
        if stop is not None and self._positions.block_start == 0:
            end = ast.BinOp(end, ast.Sub(), ast.Constant(1))
        if isinstance(end, ast.BinOp) and is_literal(end):
            end = ast.Constant(eval_literal(end))
        body: list[Any] = []
        lanes = [g for g, _ in pairs]
        inner = scope.narrowed(lanes, body)
        blocks = [self._records[g].blocks[b] for g, b in pairs]
        carried = self._loop_flow(flow, blocks, scope, inner)
        inner.context = {
            **scope.context,
            **self._positions.looped(self._blocks, after_first=skip == 1),
        }
        results = self._call(blocks, carried, inner, taker=False, site="rest")
        for old, new in zip(carried, results, strict=True):
            body.append(Move(old.name, ast.Name(new.name, ast.Load())))
        self._close_channels(carried, results, body)
        variable = self._positions.block_variable
        scope.sink.append(CountLoop(variable, ast.Constant(start), end, body))
        return self._after(carried, results, certain=skip == 0 and stop is None)

    def _loop_flow(self, flow: Flow, blocks: list[GroupBlock], scope: Scope, inner: Scope) -> Flow:
        carried = []
        for index, variable in enumerate(flow):
            made = new_variable([block.entering[index] for block in blocks], None, "x")
            scope.home.wishes[made.name] = scope.home.wishes.get(variable.name, "x")
            scope.sink.append(Move(made.name, ast.Name(variable.name, ast.Load())))
            made.channels = variable.channels
            if variable.channels is not None and self._grouping.carries(self._key):
                wish = "channels" if index == 0 else "other_channels"
                made.channels = self._walker.local(wish, variable.channels, scope)
            carried.append(made)
        return tuple(carried)

    def _close_channels(self, carried: Flow, results: Flow, body: list[Any]) -> None:
        for old, new in zip(carried, results, strict=True):
            if old.channels is None or new.channels is None:
                continue
            if ast.dump(new.channels) == ast.dump(old.channels):
                continue
            if not self._grouping.carries(self._key):
                self._grouping.carry(self._key)
                raise Retry
            assert isinstance(old.channels, ast.Name)
            body.append(Local(old.channels.id, new.channels))

    def _after(self, carried: Flow, results: Flow, *, certain: bool) -> Flow:
        """What flows on after the loop, in the lanes of the unit: what the last round gave.

        `certain` says that there is a round: what it gives then holds whatever entered it.
        """
        found = []
        for index, (variable, result) in enumerate(zip(carried, results, strict=True)):
            tensors = [group.blocks[-1].result[index] for group in self._records]
            channels = variable.channels
            if certain and isinstance(channels, ast.Name) and result.channels is not None:
                read = {n.id for n in ast.walk(result.channels) if isinstance(n, ast.Name)}
                channels = channels if channels.id in read else result.channels
            nodes: list[int | None] = [tensor.node for tensor in tensors]
            shapes = [tensor.shape for tensor in tensors]
            found.append(Variable(variable.name, nodes, shapes, channels, variable.wish))
        return tuple(found)

    def _call(
        self, blocks: list[GroupBlock], flow: Flow, scope: Scope, *, taker: bool, site: str
    ) -> Flow:
        scope.here = flow[0]
        self._codes.scope = scope
        self._codes.made = {k: v for k, v in self._codes.made.items() if k in self._groups.scaling}
        codes: dict[str, Code | None] = {}
        for key in dict.fromkeys(key for block in blocks for key in block.given):
            codes[key] = self._argument(key, blocks, taker=taker)
        local: Code
        if self._groups.id is None:
            local = self._positions.default_id(scope.context)
        else:
            found = self._walker.code(self._groups.id, scope)
            if found is None:
                raise Unroll(self._key)
            local = found
        return call_block(
            self._walker,
            blocks,
            codes,
            flow,
            scope,
            joined_name(scope.prefix, local),
            (id(self._groups), site),
        )

    def _argument(self, key: str, blocks: Sequence[GroupBlock], *, taker: bool) -> Code | None:
        if key == "stride":
            return self._policy["stride"] if taker else ast.Constant(1)
        if key == "dilation" and "dilation" in self._policy:
            return self._policy["dilation" if taker else "dilation_after"]
        return self._codes.key(key)

    def _loop_results(self, flow: Flow, carried: Flow, invoke: Invoke[Any]) -> Flow:
        """What an `Invoke` of the group gives, in the body around it."""
        made = []
        for index, variable in enumerate(flow):
            result = new_variable([self._records[-1].result[index]], None, self._scope.wish)
            self._scope.home.wishes[result.name] = self._scope.home.wishes.get(
                carried[index].name, "x"
            )
            result.channels = self._outside(variable.channels)
            if result.channels is None and variable.channels is not None:
                wish = "out_channels" if index == 0 else f"out_channels{index + 1}"
                result.channels = self._exported(wish, variable.channels, invoke)
            made.append(result)
        return tuple(made)

    def _exported(self, name: str, code: Code, invoke: Invoke[Any]) -> Code:
        """A number that is known inside a group only, read from it."""
        invoke.unit.exports[name] = code
        if invoke.bound is None:
            names = self._scope.home.own
            names.update(self._columns.values())
            invoke.bound = unused("group", names)
        return ast.Attribute(ast.Name(invoke.bound, ast.Load()), name, ast.Load())

    def _outside(self, code: Code | None) -> Code | None:
        """A group's channels in the body around it, if the names mean the same there."""
        if code is None:
            return None
        code = substituted(code, self._scaled_names)
        local = {n.id for n in ast.walk(code) if isinstance(n, ast.Name)}
        known = set(self._columns.values()) | {"in_channels", "other_channels"}
        known |= {c.id for c in self._scope.args.values() if isinstance(c, ast.Name)}
        return code if local <= known | OWN | PYTHON | {"math"} else None


def eval_literal(code: ast.BinOp) -> int:
    """The number that a sum or a difference of two literals is."""
    assert isinstance(code.left, ast.Constant)
    assert isinstance(code.right, ast.Constant)
    left, right = code.left.value, code.right.value
    assert isinstance(left, int)
    assert isinstance(right, int)
    return left + right if isinstance(code.op, ast.Add) else left - right
