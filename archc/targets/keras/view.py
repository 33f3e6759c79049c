"""A plan as the template sees it: everything is source already, and the template places it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from keyword import iskeyword
from pathlib import Path
from textwrap import wrap

from archc.emission.functions import class_source, definitions, functions_source, language_functions
from archc.emission.plan import Apply, Entry, Parameter, Plan, Statement, Table, Unit, statements
from archc.emission.printing import docstring_literal, expression, names_used
from archc.targets.keras.lowering import KerasCall
from archc.targets.keras.view_calls import Alias, find_aliases
from archc.targets.keras.view_names import assigned
from archc.targets.keras.view_statements import Paths, Scope, in_order

_CUSTOM = Path(__file__).with_name("custom.py")

_FROM_KERAS = ("Input", "Model", "layers", "ops")

_TAKEN = frozenset(
    {
        *("keras", "math", "name", "partial", *_FROM_KERAS),
        *("abs", "enumerate", "int", "len", "max", "min", "print", "range", "round", "sum"),
        "tuple",
    }
)


_LAYOUT = "Channels are last, which is Keras's default `image_data_format`."


@cache
def reserved() -> frozenset[str]:
    """Names that the source itself uses: no unit, parameter, variable or table may have one."""
    return _TAKEN | definitions(_CUSTOM) | language_functions()


@dataclass(slots=True)
class TableView:
    """`name = [rows]`, below the lines of `comment`: the columns' names where they are several."""

    name: str
    comment: list[str]
    rows: list[str]


@dataclass(slots=True)
class UnitView:
    """`def name(parameters): docstring, paths, return outputs`; an empty docstring is none."""

    name: str
    parameters: str
    docstring: str
    paths: Paths
    outputs: str


@dataclass(slots=True)
class EntryView:
    """`variable = Input(shape, name=name)`."""

    variable: str
    shape: str
    name: str


@dataclass(slots=True)
class ConstructorView:
    """The function that makes the model; `runnable` says that all its parameters have defaults."""

    function: str
    parameters: str
    docstring: str
    entries: list[EntryView]
    paths: Paths
    inputs: str
    outputs: str
    name: str
    runnable: bool


@dataclass(slots=True)
class FileView:
    """The whole file. `functions` and `classes` are definitions as source, one text each.

    `early_functions` are those that stand before the tables, which call them.
    """

    docstring: str
    early_functions: list[str]
    aliases: list[Alias]
    tables: list[TableView]
    functions: list[str]
    classes: list[str]
    units: list[UnitView]
    constructor: ConstructorView

    def imports(self, source: str) -> str:
        """The imports that a source needs, as a linter sorts them; none for what is no Python."""
        try:
            used = names_used(source)
        except SyntaxError:
            return ""
        from_keras = [name for name in _FROM_KERAS if name in used]
        standard = [
            *(["import math"] if "math" in used else []),
            *(["from functools import partial"] if "partial" in used else []),
        ]
        third_party = [
            *(["import keras"] if "keras" in used else []),
            *([f"from keras import {', '.join(from_keras)}"] if from_keras else []),
        ]
        return "\n".join([*standard, "", *third_party])


def file_view(plan: Plan[KerasCall], docstring: str) -> FileView:
    """The view of a plan; the docstring is any text, nothing where it is empty."""
    names = frozenset(_names(plan))
    _check(names)
    bodies = [plan.main, *(unit.body for unit in plan.units)]
    calls = [call for body in bodies for call in _calls(body)]
    aliases = find_aliases(calls, names)
    custom = {call.constructor for call in calls if call.custom}
    functions = functions_source(plan.functions)
    tables = [_table(table) for table in plan.tables]
    early = not names_used("\n".join(row for table in tables for row in table.rows)).isdisjoint(
        plan.functions
    )
    return FileView(
        docstring_literal(docstring) if docstring else "",
        functions if early else [],
        list(aliases.values()),
        tables,
        [] if early else functions,
        class_source(_CUSTOM, custom),
        [_unit(unit, Scope(unit.named, aliases)) for unit in plan.units],
        _constructor(plan, Scope(False, aliases)),
    )


def _calls(body: list[Statement[KerasCall]]) -> Iterator[KerasCall]:
    for statement in statements(body):
        if isinstance(statement, Apply):
            yield from statement.calls


def _names(plan: Plan[KerasCall]) -> Iterator[str]:
    """All names that a plan defines, which become identifiers of the source as they are."""
    yield plan.identifier
    yield from (knob.name for knob in plan.knobs)
    yield from (entry.variable for entry in plan.entries)
    yield from assigned(plan.main)
    for table in plan.tables:
        yield from (table.name, *table.columns)
    for unit in plan.units:
        yield from (unit.name, *unit.inputs, *unit.outputs)
        yield from (parameter.name for parameter in unit.parameters)
        yield from assigned(unit.body)


def _check(names: frozenset[str]) -> None:
    for name in names:
        assert name.isascii(), name
        assert name.isidentifier(), name
        assert not iskeyword(name), name
    assert not names & reserved(), f"names that the source needs: {names & reserved()}"


def _table(table: Table) -> TableView:
    columns = ", ".join(table.columns)
    comment = wrap(columns, 86) if len(table.columns) > 1 else []
    rows = [row[0] if len(row) == 1 else ast.Tuple(list(row), ast.Load()) for row in table.rows]
    return TableView(table.name, comment, [expression(row) for row in rows])


def _unit(unit: Unit[KerasCall], scope: Scope) -> UnitView:
    parameters = [*unit.inputs, *map(_parameter, in_order(unit.parameters))]
    if unit.named:
        optional = any(parameter.default is not None for parameter in unit.parameters)
        parameters += ["*", "name"] if optional else ["name"]
    about = " ".join(unit.about.split())
    return UnitView(
        unit.name,
        ", ".join(parameters),
        docstring_literal(about) if about else "",
        scope.paths(unit.body),
        ", ".join(unit.outputs),
    )


def _parameter(parameter: Parameter) -> str:
    if parameter.default is None:
        return parameter.name
    return f"{parameter.name}={expression(parameter.default)}"


def _constructor(plan: Plan[KerasCall], scope: Scope) -> ConstructorView:
    # The model is made from these in the end.
    again = assigned(plan.main) & {entry.variable for entry in plan.entries}
    assert not again, f"inputs that are assigned again: {again}"
    entries = [
        EntryView(entry.variable, expression(entry.shape), expression(ast.Constant(entry.name)))
        for entry in plan.entries
    ]
    return ConstructorView(
        plan.identifier,
        ", ".join(map(_parameter, in_order(plan.knobs))),
        docstring_literal(_LAYOUT) if any(map(_has_sides, plan.entries)) else "",
        entries,
        scope.paths(plan.main),
        _bare([entry.variable for entry in entries]),
        _bare(plan.outputs),
        expression(ast.Constant(plan.name)),
        all(knob.default is not None for knob in plan.knobs),
    )


def _has_sides(entry: Entry) -> bool:
    """Whether there is more than channels; a shape that is no list may have sides."""
    return not isinstance(entry.shape, ast.Tuple | ast.List) or len(entry.shape.elts) > 1


def _bare(variables: list[str] | tuple[str, ...]) -> str:
    return variables[0] if len(variables) == 1 else f"[{', '.join(variables)}]"
