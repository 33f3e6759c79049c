"""The view of a whole file."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import TypeAlias

from archc.emission.functions import class_source, definitions, functions_source
from archc.emission.plan import Apply, Plan, Table, Unit, statements
from archc.emission.printing import docstring_literal, expression, names_used
from archc.targets.torch.emit_aliases import Constructors
from archc.targets.torch.emit_classes import Classes, ClassNames
from archc.targets.torch.emit_errors import CannotPrint
from archc.targets.torch.emit_flow import assigned, numbers_assigned
from archc.targets.torch.emit_names import MODULES, checked, class_name, reserved
from archc.targets.torch.lowering.call import TorchCall
from archc.targets.torch.view import ClassView, FileView, LineView, TableView
from archc.targets.torch.view_run import entering, run_view

Units: TypeAlias = "list[Unit[TorchCall]]"


def file_view(plan: Plan[TorchCall], docstring: str) -> FileView:
    """The view of a plan; the docstring is any text, none where it is empty.

    Raises `CannotPrint` for a shape that no class is printed for, and for a name that the source
    needs itself.
    """
    units = [_main(plan), *plan.units]
    names = _class_names(plan, units)
    calls = list(_constructed(units))
    taken = {*_names(plan, units), *(names.of(unit) for unit in units), *_own_names(calls)}
    constructors = Constructors(calls, taken)
    classes = Classes(names, constructors.make)
    views = tuple([view for unit in (*units[1:], units[0]) for view in classes.views(unit)])
    run = run_view(plan, names.of(units[0]))
    rows = [row for table in plan.tables for row in _rows(table)]
    used = names_used("\n".join([*_sources(views), *rows]))
    functions = tuple(functions_source(used.intersection(plan.functions)))
    own = used.intersection(definitions(MODULES)).difference(constructors.names)
    modules = tuple(class_source(MODULES, own))
    early = names_used("\n".join(rows)).intersection(plan.functions)
    used |= names_used("\n".join([*functions, *modules]))
    return FileView(
        docstring_literal(docstring) if docstring else "",
        _standard(used, has_aliases=bool(constructors.aliases)),
        _framework(used, runs=run is not None),
        constructors.aliases,
        functions if early else (),
        tuple(map(_table, plan.tables)),
        () if early else functions,
        modules,
        views,
        run,
    )


def main_class(plan: Plan[TorchCall]) -> str:
    """The name of the class that makes the network."""
    units = [_main(plan), *plan.units]
    return _class_names(plan, units).of(units[0])


def _main(plan: Plan[TorchCall]) -> Unit[TorchCall]:
    inputs = tuple([entry.variable for entry in plan.entries])
    name = class_name(plan.identifier, "model")
    main = Unit[TorchCall](name, "component", inputs, plan.outputs)
    main.parameters, main.body, main.about = plan.knobs, plan.main, entering(plan)
    return main


def _class_names(plan: Plan[TorchCall], units: Units) -> ClassNames:
    """Names for the classes of all units, in their order."""
    taken = frozenset(_names(plan, units))
    clashes = sorted(taken & reserved()) + [name for name in taken if name.startswith("__")]
    if clashes:
        raise CannotPrint(f"the names {', '.join(clashes)}, which mean something else in a class")
    names = ClassNames(taken | reserved())
    for unit in units:
        names.of(unit)
    return names


def _names(plan: Plan[TorchCall], units: Units) -> Iterator[str]:
    """The names that a plan gives to tensors, numbers and tables."""
    for table in plan.tables:
        yield checked(table.name)
    for unit in units:
        yield from unit.inputs
        yield from (parameter.name for parameter in unit.parameters)
        yield from numbers_assigned(unit.body)
        yield from (name for s in statements(unit.body) for name in assigned(s))


def _constructed(units: Units) -> Iterator[TorchCall]:
    for unit in units:
        for statement in statements(unit.body):
            if isinstance(statement, Apply):
                yield from (call for call in statement.calls if call.constructor)


def _own_names(calls: Iterable[TorchCall]) -> frozenset[str]:
    """The modules that PyTorch lacks among those of the calls, and what these need."""
    own = definitions(MODULES).intersection([call.constructor for call in calls])
    return own | names_used("\n".join(class_source(MODULES, own)))


def _table(table: Table) -> TableView:
    columns = wrap(", ".join(map(checked, table.columns)), 86) if len(table.columns) > 1 else []
    return TableView(table.name, tuple(columns), tuple(_rows(table)))


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        yield expression(row[0] if len(row) == 1 else ast.Tuple(list(row), ast.Load()))


def _sources(views: Iterable[ClassView]) -> Iterator[str]:
    """All expressions of classes, a line each."""
    for view in views:
        yield f"nn, lambda {view.parameters}: None"
        for lines in (view.constructor, view.forward or ()):
            yield from _line_sources(lines)


def _line_sources(lines: Iterable[LineView]) -> Iterator[str]:
    for line in lines:
        yield from filter(None, [line.name, line.value])
        yield from _line_sources(line.body)


def _standard(used: frozenset[str], *, has_aliases: bool) -> tuple[str, ...]:
    return (
        *(["import math"] if "math" in used else []),
        *(["from functools import partial"] if has_aliases else []),
    )


def _framework(used: frozenset[str], *, runs: bool) -> tuple[str, ...]:
    return (
        *(["import torch"] if runs or "torch" in used else []),
        *(["import torch.nn.functional as F"] if "F" in used else []),
        "from torch import nn",
    )
