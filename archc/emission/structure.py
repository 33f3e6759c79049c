"""A spec's plan with all its structure: attempted, and attempted again where texts do not fit."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence
from math import prod
from typing import Any

from archc.elaborate import Recorded
from archc.elaborate.record import Body
from archc.elaborate.values import Constant, compile_value
from archc.emission.block_order import block_order
from archc.emission.calls import Calls, Draft, Site
from archc.emission.components import Component
from archc.emission.dialect import Dialect
from archc.emission.grouping import Grouping
from archc.emission.knobs import Knobs
from archc.emission.nonnegative import nonnegative
from archc.emission.plan import Entry, Invoke, Local, Plan, Statement, Unit, statements
from archc.emission.reserved import PARTS, RESERVED, entry_name, network_name
from archc.emission.scope import WISHES, Flow, Home, Scope, new_variable
from archc.emission.splits import CannotKeep, Choices, Retry, Split, Unroll
from archc.emission.symbols import Code, code_of
from archc.emission.tidy import (
    assume,
    calls_of,
    drop_dead,
    drop_exports,
    drop_unread_inputs,
    drop_unread_results,
    names_read,
    settle_parameters,
)
from archc.emission.translate import OWN, NoCode
from archc.emission.variables import fresh, identifier, name_variables
from archc.emission.walker import Walker
from archc.graph import Graph
from archc.layers import Flatten, PositionEmbedding
from archc.source import Mapping

MOST_ATTEMPTS = 60
"""Each attempt settles one difference; a network that needs more is written plainly."""


def structured_plan(recorded: Recorded, dialect: Dialect, *, loops: bool = True) -> Plan[Any]:
    """The plan of a network that keeps its blocks, and with `loops` its groups and repeats.

    Raises `CannotKeep`.
    """
    choices = Choices(loops=loops)
    for _ in range(MOST_ATTEMPTS):
        attempt = _Attempt(recorded, dialect, choices)
        try:
            return attempt.plan()
        except Unroll as unroll:
            choices.unrolled.add(unroll.groups)
        except Retry:
            continue
        except (NoCode, AssertionError, StopIteration):
            raise CannotKeep from None
    raise CannotKeep


class _Attempt:
    def __init__(self, recorded: Recorded, dialect: Dialect, choices: Choices) -> None:
        self._recorded = recorded
        self._graph = recorded.graph
        self._dialect = dialect
        self._choices = choices
        self._unit_names = set(RESERVED) | {network_name(self._graph.name)}
        self._calls = Calls(choices, self._unit_name)
        self._grouping = Grouping(choices, self._unit_name)
        flags = nonnegative(self._graph)
        places = recorded.places

        def is_nonnegative(node: int) -> bool:
            return node in places and flags[places[node]]

        self._walker = Walker(
            dialect, choices, is_nonnegative, self._calls.call, self._grouping.run
        )
        self._walker.calls.sized = dialect.tracks_channels and has_sizes(self._graph)
        self._order = block_order(recorded.bodies)
        self._arg_names = set(recorded.frame.args).difference(PARTS)
        self._arg_names.update(*(block.accepts for block in self._order))

    def _unit_name(self, wish: str) -> str:
        name = identifier(wish, "block_")
        if name in RESERVED or name in self._arg_names:
            name = f"{name}_block"
        name = fresh(name, self._unit_names)
        self._unit_names.add(name)
        return name

    def plan(self) -> Plan[Any]:
        main = self._main()
        components = self._components(main)
        drafts = self._drafts()
        outputs = self._outputs(main)
        groups = self._grouping.units
        units = [*components, *groups, *(draft.unit for draft in drafts)]
        self._fix_knobs(main, units)
        self._tidy(main, units, outputs)
        return self._finished(main, units, outputs)

    def _main(self) -> Scope:
        unit: Unit[Any] = Unit("main", "component", ())
        home = Home(unit, "main", own=set(RESERVED))
        scope = Scope(home, 1, unit.body, ast.Constant(""), {}, {})
        scope.origin = [0]
        frame = self._recorded.frame
        for name, tensor in frame.inputs.items():
            assert tensor.shape is not None
            channels = None
            if self._dialect.tracks_channels:
                channels = ast.Constant(int(tensor.shape.channels))
            variable = new_variable([tensor], channels, entry_name(name))
            home.wishes[variable.name] = "inputs" if len(frame.inputs) == 1 else entry_name(name)
            scope.inputs[name] = variable
        unit.inputs = tuple(variable.name for variable in scope.inputs.values())
        Knobs(self._recorded, self._walker).declare(scope)
        return scope

    def _components(self, main: Scope) -> list[Unit[Any]]:
        units = []
        flow: Flow = (next(iter(main.inputs.values())),)
        parts = zip(self._recorded.program.components, self._recorded.bodies, strict=True)
        for (label, _, _), body in parts:
            component = Component(self._unit_name(label), label, main, self.walk)
            flow = component.write(body, flow)
            units.append(component.unit)
        self._ends = flow
        return units

    def walk(self, bodies: Sequence[Body], flow: Flow, scope: Scope) -> Flow:
        """A component's steps; where its lanes differ nothing can be kept."""
        try:
            return self._walker.walk(bodies, flow, scope)
        except Split:
            raise CannotKeep from None

    def _drafts(self) -> list[Draft]:
        """Write the blocks, callers first. A split is settled by another attempt."""
        written: list[Draft] = []
        for block in self._order:
            ready = [
                d for d in self._calls.drafts.values() if d.block is block and d not in written
            ]
            for draft in ready:
                try:
                    self._calls.write(self._walker, draft)
                except Split as split:
                    self._settle(draft, split.by_lane(len(draft.calls)))
                    raise Retry from None
                written.append(draft)
        return written

    def _settle(self, draft: Draft, keys: list[Hashable]) -> None:
        """Send calls that need another text to another version of the block."""
        classes: dict[Hashable, int] = {}
        start = 0
        chosen: list[tuple[Site, Hashable]] = []
        mixed: list[tuple[Site, list[Hashable]]] = []
        for site in draft.sites:
            lanes = keys[start : start + len(site.calls)]
            start += len(site.calls)
            known = list(dict.fromkeys(key for key in lanes if key is not None))
            if len(known) > 1:
                mixed.append((site, lanes))
            chosen.append((site, known[0] if known else None))
        if mixed:
            self._settle_mixed(draft, *mixed[0])
            return
        for _, key in chosen:
            if key is not None:
                classes.setdefault(key, len(classes))
        if len(classes) < 2:
            raise CannotKeep
        for site, key in chosen:
            version = self._choices.versions.get(site.key, ())
            assert isinstance(version, tuple)
            number = classes.get(key, 0)
            self._choices.versions[site.key] = (*version, number)
            alone = sum(classes.get(other, 0) == number for _, other in chosen) == 1
            if alone and len(site.calls) == 1:
                self._choices.inlined.add(site.key)

    def _settle_mixed(self, draft: Draft, site: Site, keys: list[Hashable]) -> None:
        home = site.home
        if site.settle is not None:
            site.settle()
            return
        caller = next((d for d in self._calls.drafts.values() if d.unit is home.unit), None)
        if caller is None:
            raise CannotKeep
        split = Split(keys)
        split.origin = site.origin
        self._settle(caller, split.by_lane(len(caller.calls)))

    def _outputs(self, main: Scope) -> tuple[str, ...]:
        values = self._recorded.program.outputs
        if not values:
            return (self._ends[0].name,)
        names = []
        for value in values:
            flow = main.find(str(value.value)) if isinstance(value, Constant) else None
            if flow is None:
                self._walker.hidden.wanted(
                    str(value.value) if isinstance(value, Constant) else None
                )
                raise CannotKeep
            names.append(flow[0].name)
        return tuple(names)

    def _fix_knobs(self, main: Scope, units: list[Unit[Any]]) -> None:
        """A mode that the text takes for granted is no argument. Raises `Retry` if one is.

        A number is: that `width` makes no squeeze of 0 channels is no reason to fix it.
        """
        unit = main.home.unit
        assume(list(reversed(units)), [unit, *units])
        modes = {
            parameter.name
            for parameter in unit.parameters
            if isinstance(parameter.default, ast.Constant)
            and isinstance(parameter.default.value, bool | str)
        }
        knobs = (modes & unit.assumed) | ({p.name for p in unit.parameters} & unit.sizes)
        if knobs:
            self._choices.fixed |= knobs
            raise Retry

    def _tidy(self, main: Scope, units: list[Unit[Any]], outputs: tuple[str, ...]) -> None:
        """What a unit no longer reads may leave its callers with more that is not needed."""
        bodies = [main.sink, *(unit.body for unit in units)]
        goes_on = True
        while goes_on:
            drop_dead(main.sink, set(outputs))
            _drop_unused_results(main.sink, set(outputs))
            for unit in units:
                drop_dead(unit.body, set(unit.outputs))
            drop_exports(units, bodies)
            goes_on = False
            for unit in reversed(units):
                calls = calls_of(unit, bodies)
                goes_on = drop_unread_results(unit, units) or goes_on
                goes_on = drop_unread_inputs(unit, calls) or goes_on
                goes_on = settle_parameters(unit, calls) or goes_on

    def _finished(self, main: Scope, units: list[Unit[Any]], outputs: tuple[str, ...]) -> Plan[Any]:
        used = {
            id(each.unit)
            for body in [main.sink, *(u.body for u in units)]
            for each in statements(body)
            if isinstance(each, Invoke)
        }
        units = [unit for unit in units if id(unit) in used]
        shapes = self._entry_shapes(main)
        read = names_read(main.sink) | {
            n.id for code in shapes for n in ast.walk(code) if isinstance(n, ast.Name)
        }
        from archc.emission.tidy import drop_unread

        read |= drop_unread(main.sink)
        knobs = [p for p in main.home.unit.parameters if p.name in read]
        unit = main.home.unit
        unit.outputs = outputs
        taken = {u.name for u in units} | (RESERVED - {"x", "inputs"})
        for each in units:
            names = {p.name for p in each.parameters} | taken | _locals(each.body)
            name_variables(each, WISHES, names)
        names = {p.name for p in knobs} | taken | _locals(unit.body)
        name_variables(unit, WISHES, names)
        entries = [
            Entry(variable, name, shape)
            for variable, name, shape in zip(
                unit.inputs, self._recorded.frame.inputs, shapes, strict=True
            )
        ]
        tables = [table for table in self._grouping.tables if table.columns]
        return Plan(
            self._graph.name,
            network_name(self._graph.name),
            self._graph.about,
            knobs,
            entries,
            unit.outputs,
            unit.body,
            units,
            tables,
            _functions(units, unit.body),
        )

    def _entry_shapes(self, main: Scope) -> list[Code]:
        document = self._recorded.assembled.document
        node = document.input
        trees = (
            [entry.value for entry in node.entries.values()]
            if isinstance(node, Mapping)
            else [node]
        )
        shapes = []
        for tree, tensor in zip(trees, self._recorded.frame.inputs.values(), strict=True):
            code = self._walker.code(compile_value(tree, "input"), main)
            assert tensor.shape is not None
            literal = code_of(tuple(int(side) for side in tensor.shape))
            shapes.append(literal if code is None or not isinstance(code, ast.Tuple) else code)
        return shapes


def has_sizes(graph: Graph) -> bool:
    """Whether a layer has weights by the number of positions that enter it."""
    return any(
        isinstance(node.layer, PositionEmbedding)
        or (isinstance(node.layer, Flatten) and prod(graph.input_shapes(node)[0].sides) > 1)
        for node in graph
    )


def _drop_unused_results(body: list[Statement[Any]], outputs: set[str]) -> None:
    """Components give only what another one takes, or the network."""
    invokes = [each for each in body if isinstance(each, Invoke)]
    read = outputs.union(*(each.inputs for each in invokes))
    for each in invokes:
        pairs = zip(each.results, each.unit.outputs, strict=True)
        kept = [(result, output) for result, output in pairs if result in read]
        each.results = tuple(result for result, _ in kept)
        each.unit.outputs = tuple(output for _, output in kept)


def _locals(body: list[Statement[Any]]) -> set[str]:
    found = {each.name for each in statements(body) if isinstance(each, Local)}
    for each in statements(body):
        for name in ("variable", "number", "bound"):
            value = getattr(each, name, None)
            if isinstance(value, str):
                found.add(value)
        table = getattr(each, "table", None)
        if table is not None:
            found |= set(table.columns)
    return found


def _functions(units: list[Unit[Any]], main: list[Statement[Any]]) -> tuple[str, ...]:
    read: set[str] = set(names_read(main))
    for unit in units:
        read |= names_read(unit.body)
    return tuple(sorted(read & OWN))
