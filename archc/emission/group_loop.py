"""A `groups` step as a table, a loop over it, and a function for a group."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from archc.elaborate.program import Groups
from archc.elaborate.record import GroupRecord, GroupsRecord
from archc.emission.calls import unused
from archc.emission.group_blocks import GroupBlocks
from archc.emission.group_rows import RowCodes, Rows
from archc.emission.group_table import group_table
from archc.emission.grouping_choices import GroupingChoices
from archc.emission.plan import Invoke, Local, Move, Parameter, TableLoop, Unit
from archc.emission.positions import Positions, attributes_read
from archc.emission.reserved import RESERVED
from archc.emission.scope import Flow, Home, Scope, Variable, new_variable
from archc.emission.splits import CannotKeep, Retry, Split, Unroll
from archc.emission.symbols import Code, is_literal, may_be_float, names_in
from archc.emission.translate import OWN, PYTHON
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
        self._table = group_table(self._rows, self._records, self._grouping.table_name())
        self._grouping.tables.append(self._table.table)
        carried = self._carried(flow)
        unit: Unit[Any] = Unit(self._grouping.unit_name(), "group", ())
        home = Home(
            unit, (self._key, "group"), own=set(RESERVED) | set(self._table.columns.values())
        )
        home.settle = lambda: self._grouping.settle(self._key)
        try:
            results, invoke = self._group_unit(unit, home, carried)
        except Split:
            self._grouping.settle(self._key)
            raise Retry from None
        except CannotKeep:
            raise Unroll(self._key) from None
        self._emit_loop(carried, results, invoke)
        self._walker.hidden.hide(self._names(), self._key)
        self._grouping.units.append(unit)
        return carried

    def _names(self) -> Iterator[str]:
        """What the spec calls the blocks, and the steps around them."""
        for group in self._records:
            yield from (block.name for block in group.blocks)
            for body in group.around:
                yield from (made.name for step in body.steps for made in step.rounds)

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
            self._table.table, number, self._positions.group_start, body
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
        scope, table = self._scope, self._table.table
        outer = scope.context
        scope.context = {**outer, "group": self._positions.group()}
        blocks = RowCodes(self._walker, self._rows, scope, 0, dict(self._table.raw)).key("blocks")
        scope.context = outer
        if blocks is None and self._rows.value("blocks", 0) is not None:
            raise Unroll(self._key)
        self._loop_blocks = blocks = blocks or ast.Constant(1)
        target: Code = ast.Tuple([ast.Name(c, ast.Store()) for c in table.columns], ast.Store())
        rows: Code = ast.Name(table.name, ast.Load())
        number = self._positions.group_variable
        if number in names_in(blocks):
            target = ast.Tuple([ast.Name(str(number), ast.Store()), target], ast.Store())
            start = [ast.Constant(self._positions.group_start)]
            rows = ast.Call(ast.Name("enumerate", ast.Load()), [rows, *start], [])
        loop = ast.comprehension(target, rows, [], 0)
        total: Code = ast.Call(ast.Name("sum", ast.Load()), [ast.ListComp(blocks, [loop])], [])
        sink.append(Local("position", ast.Constant(0)))
        sink.append(Local("total", total))

    def _group_unit(self, unit: Unit[Any], home: Home, carried: Flow) -> tuple[Flow, Invoke[Any]]:
        walker, outer = self._walker, self._scope
        count = len(self._records)
        positions = Positions(self._read, self._groups.id is None, self._table.table.name)
        self._positions = positions
        scope = Scope(home, count, unit.body, outer.prefix, {}, {}, wish="x")
        scope.origin = list(range(count))
        invoke: Invoke[Any] = Invoke((), unit, (), {}, None, unit.name)
        entering = self._unit_inputs(unit, home, carried, invoke)
        self._unit_parameters(unit, home, invoke, scope)
        scope.outer = self._bringing(unit, home, invoke)
        codes = RowCodes(walker, self._rows, scope, 0, dict(self._table.raw))
        scope.context = {"row": codes.position(), "group": positions.group()}
        self._scale(codes, scope)
        blocks = codes.key("blocks") or ast.Constant(1)
        if not is_literal(blocks) and not isinstance(blocks, ast.Name):
            blocks = walker.local("blocks" if "blocks" not in home.own else "depth", blocks, scope)
        scope.context |= positions.around(blocks, last=False)
        flow = walker.walk([g.around[0] for g in self._records], entering, scope)
        parts = GroupBlocks(
            self._grouping,
            walker,
            self._groups,
            self._records,
            self._rows,
            self._table,
            positions,
            codes,
            blocks,
            self._key,
        )
        flow = parts.run(flow, scope)
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
            name = self._table.columns.get(key)
            others = [other for each, other in scaled.items() if each != key]
            reads = set().union(*map(names_in, others))
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
        names += list(self._table.columns.values())
        names += ["position", "total"] if self._has_learner else []
        for place, column in enumerate(self._table.table.columns):
            if any(may_be_float(row[place], ()) for row in self._table.table.rows):
                home.floats.add(column)
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
                if code.id in self._scope.home.floats:
                    home.floats.add(parameter)
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
            names.update(self._table.columns.values())
            invoke.bound = unused("group", names)
        return ast.Attribute(ast.Name(invoke.bound, ast.Load()), name, ast.Load())

    def _outside(self, code: Code | None) -> Code | None:
        """A group's channels in the body around it, if they can be said there."""
        if code is None:
            return None
        code = substituted(code, self._scaled_names)
        local = names_in(code)
        known = set(self._table.columns.values()) | {"in_channels", "other_channels"}
        known |= {c.id for c in self._scope.args.values() if isinstance(c, ast.Name)}
        return code if local <= known | OWN | PYTHON | {"math"} else None
