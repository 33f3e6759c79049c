"""Rounds of a loop as a class of their own, where they are more than a module in a row."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import replace

from archc.emission.plan import (
    Branch,
    CountLoop,
    Invoke,
    Local,
    Parameter,
    Statement,
    TableLoop,
    Unit,
    statements,
)
from archc.emission.variables import fresh
from archc.targets.torch.emit_errors import CannotPrint
from archc.targets.torch.emit_flow import (
    Body,
    Tensors,
    alive_in_loop,
    names_in,
    needed,
    numbers_assigned,
    numbers_needed,
    surely_written,
    touched,
    written,
)
from archc.targets.torch.lowering.call import TorchCall


def stage(
    body: Body, name: str, numbers: Collection[str], alive: Tensors, known: Tensors
) -> Unit[TorchCall]:
    """The body of a loop as a unit.

    `numbers` are all the names that can stand for numbers in it, `alive` the tensors that are
    read after the loop, `known` those that surely have a value before it. Raises `CannotPrint`
    where a tensor that the loop may leave as it is may have no value.
    """
    leaving = written(body) & alive_in_loop(body, alive)
    unsure = leaving - surely_written(body)
    before = needed(body, leaving)
    if unsure - known:
        names = ", ".join(sorted(unsure - known))
        raise CannotPrint(f"a loop in which only some rounds give {names} a first value")
    order = touched(body)
    inputs = tuple([name for name in order if name in before | unsure])
    first = [name for name in inputs if name in leaving]
    outputs = (*first, *[n for n in order if n in leaving and n not in inputs])
    if not inputs or not outputs:
        raise CannotPrint("a loop that no tensor enters, or none leaves")
    wanted = dict.fromkeys(n for n in numbers_needed(body) if n in numbers)
    parameters = [Parameter(n) for n in wanted]
    exports = {local.name: local.value for local in _read_from_parts(body)}
    return Unit(name, "block", inputs, outputs, parameters, body=body, exports=exports)


def _read_from_parts(body: Body) -> Iterator[Local]:
    """The numbers that a body reads from parts which it makes."""
    parts = {s.bound for s in statements(body) if isinstance(s, Invoke)}
    for statement in statements(body):
        if isinstance(statement, Local) and names_in(statement.value) & parts:
            yield statement


def round_of(unit: Unit[TorchCall], body: Body) -> Body:
    """The body of a loop that applies such a unit, and carries the same numbers on."""
    arguments: dict[str, ast.expr] = {
        parameter.name: ast.Name(parameter.name, ast.Load()) for parameter in unit.parameters
    }
    invoke = Invoke(unit.outputs, unit, unit.inputs, arguments, None, "stage")
    if unit.exports:
        invoke.bound = fresh("stage", {*numbers_assigned(body), *arguments, *unit.exports})
    return [invoke, *_numbers(body, invoke)]


def _numbers(body: Body, stage: Invoke[TorchCall]) -> Body:
    """What a body does to numbers; those of its parts are read from the stage."""
    kept: list[Statement[TorchCall]] = []
    for statement in body:
        match statement:
            case Local(name=name) if name in stage.unit.exports:
                made = ast.Name(str(stage.bound), ast.Load())
                kept.append(Local(name, ast.Attribute(made, name, ast.Load())))
            case Local():
                kept.append(statement)
            case Branch() | TableLoop() | CountLoop():
                inside = _numbers(statement.body, stage)
                kept += [replace(statement, body=inside)] if inside else []
    return kept
