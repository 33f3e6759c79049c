"""What is not needed is not written: dead statements, locals and parameters that nothing reads."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from archc.emission.plan import (
    Apply,
    Branch,
    CountLoop,
    Invoke,
    Local,
    Move,
    Statement,
    TableLoop,
    Unit,
    statements,
)
from archc.emission.symbols import Code, Symbolic, is_literal
from archc.emission.variables import values_in, values_in_calls


def drop_dead(body: list[Statement[Any]], alive: set[str]) -> set[str]:
    """Take out what gives no value that is alive afterwards; the values alive before."""
    kept: list[Statement[Any]] = []
    for statement in reversed(body):
        results = _results(statement)
        if results and not results & alive:
            continue
        alive = _before(statement, alive)
        kept.append(statement)
    body[:] = reversed(kept)
    return alive


def _results(statement: Statement[Any]) -> set[str]:
    match statement:
        case Apply(result=result) | Move(result=result):
            return {result}
        case Invoke(results=results):
            return set(results)
    return set()


def _before(statement: Statement[Any], alive: set[str]) -> set[str]:
    match statement:
        case Branch():
            return alive | drop_dead(statement.body, set(alive)) | values_in(statement.condition)
        case TableLoop() | CountLoop():
            around = alive | _all_read(statement.body)
            return alive | drop_dead(statement.body, around)
        case Local():
            return alive | values_in(statement.value)
        case Move():
            return (alive - {statement.result}) | values_in(statement.source)
        case Apply():
            read = values_in_calls(statement.calls) | values_in(statement.local)
            return (alive - {statement.result}) | set(statement.inputs) | read
        case Invoke():
            read = set(statement.inputs)
            for code in (*statement.arguments.values(), statement.local):
                read |= values_in(code)
            return (alive - set(statement.results)) | read


def _all_read(body: list[Statement[Any]]) -> set[str]:
    """Values that a loop's next round reads: those that it hands on by a move."""
    found: set[str] = set()
    for statement in statements(body):
        match statement:
            case Apply():
                found |= set(statement.inputs) | values_in_calls(statement.calls)
            case Invoke():
                found |= set(statement.inputs)
                for code in statement.arguments.values():
                    found |= values_in(code)
    return found


def drop_unread(
    unit_body: list[Statement[Any]], exports: Mapping[str, Code] | None = None
) -> set[str]:
    """Take out locals that nothing reads, again and again; the names that are read."""
    exported = set().union(*map(_in_code, (exports or {}).values()))
    while True:
        read = names_read(unit_body) | exported
        if not _drop_locals(unit_body, read):
            return read


def drop_exports(units: list[Unit[Any]], bodies: list[list[Statement[Any]]]) -> None:
    """Keep the exports that somebody reads, and the names of parts that have some."""
    for unit in units:
        drop_unread(unit.body, unit.exports)
    read: set[int] = set()
    for body in bodies:
        names = names_read(body)
        for each in statements(body):
            if isinstance(each, Invoke) and each.bound is not None:
                each.bound = each.bound if each.bound in names else None
                read |= {id(each.unit)} if each.bound else set()
    for unit in units:
        unit.exports = unit.exports if id(unit) in read else {}


def _drop_locals(body: list[Statement[Any]], read: set[str]) -> bool:
    dropped = False
    for statement in list(body):
        if isinstance(statement, Local) and statement.name not in read:
            body.remove(statement)
            dropped = True
        elif isinstance(statement, Branch | TableLoop | CountLoop):
            dropped = _drop_locals(statement.body, read) or dropped
            if not statement.body:
                body.remove(statement)
                dropped = True
    return dropped


def names_read(body: list[Statement[Any]]) -> set[str]:
    """The names of parameters and locals that a body reads; a local that only makes itself anew
    does not count.
    """
    return set().union(*(_read_by(statement) for statement in statements(body)))


def _read_by(statement: Statement[Any]) -> set[str]:
    match statement:
        case Apply():
            arguments = [value for call in statement.calls for _, value in call.arguments]
            return _in_code(statement.local).union(*map(_in_argument, arguments))
        case Invoke():
            return _in_code(statement.local).union(*map(_in_code, statement.arguments.values()))
        case Branch():
            return _in_code(statement.condition)
        case CountLoop():
            return _in_code(statement.start) | _in_code(statement.stop)
        case Local():
            return _in_code(statement.value) - {statement.name}
        case Move():
            return _in_code(statement.source)
        case TableLoop():
            return set()


def _in_code(code: Code | None) -> set[str]:
    if code is None:
        return set()
    return {node.id for node in ast.walk(code) if isinstance(node, ast.Name)}


def _in_argument(argument: object) -> set[str]:
    if isinstance(argument, Symbolic):
        return _in_code(argument.code)
    if isinstance(argument, tuple):
        return set().union(*(_in_argument(item) for item in argument))
    return set()


def settle_parameters(unit: Unit[Any], calls: list[Invoke[Any]]) -> None:
    """Keep the parameters that the unit reads, in all its calls; leave out what is the default."""
    read = drop_unread(unit.body, unit.exports)
    unit.parameters = [p for p in unit.parameters if p.name in read]
    for call in calls:
        given = {}
        for parameter in unit.parameters:
            code = call.arguments.get(parameter.name)
            if code is not None and not _is_default(code, parameter.default):
                given[parameter.name] = code
        call.arguments = given


def _is_default(code: Code, default: Code | None) -> bool:
    return default is not None and is_literal(code) and ast.dump(code) == ast.dump(default)
