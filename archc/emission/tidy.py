"""What is not needed is not written: dead statements, locals and parameters that nothing reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
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
from archc.emission.symbols import Code, Symbolic, is_literal, names_in
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
    exported = set().union(*map(names_in, (exports or {}).values()))
    while True:
        read = names_read(unit_body) | exported
        if not _drop_locals(unit_body, read):
            return read


def drop_exports(units: list[Unit[Any]], bodies: list[list[Statement[Any]]]) -> None:
    """Keep the exports that somebody reads, and the names of parts that have some."""
    for unit in units:
        drop_unread(unit.body, unit.exports)
    wanted: dict[int, set[str]] = {}
    for body in bodies:
        read = _attributes_read(body)
        for each in statements(body):
            if isinstance(each, Invoke) and each.bound is not None:
                names = {attribute for name, attribute in read if name == each.bound}
                wanted.setdefault(id(each.unit), set()).update(names)
                each.bound = each.bound if names else None
    for unit in units:
        names = wanted.get(id(unit), set())
        unit.exports = {name: code for name, code in unit.exports.items() if name in names}


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
    found: set[str] = set()
    for statement in statements(body):
        own = {statement.name} if isinstance(statement, Local) else set()
        found |= set().union(*map(names_in, _codes(statement))) - own
    return found


def _attributes_read(body: list[Statement[Any]]) -> set[tuple[str, str]]:
    return {
        (node.value.id, node.attr)
        for statement in statements(body)
        for code in _codes(statement)
        for node in ast.walk(code)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def _codes(statement: Statement[Any]) -> Iterator[Code]:
    """The expressions of a statement, those inside it left out."""
    match statement:
        case Apply():
            yield statement.local
            for call in statement.calls:
                for _, value in call.arguments:
                    yield from _in_argument(value)
        case Invoke():
            yield from statement.arguments.values()
            if statement.local is not None:
                yield statement.local
        case Branch():
            yield statement.condition
        case CountLoop():
            yield from (statement.start, statement.stop)
        case Local():
            yield statement.value
        case Move():
            yield statement.source


def _in_argument(argument: object) -> Iterator[Code]:
    if isinstance(argument, Symbolic):
        yield argument.code
    elif isinstance(argument, tuple):
        for item in argument:
            yield from _in_argument(item)


def calls_of(unit: Unit[Any], bodies: list[list[Statement[Any]]]) -> list[Invoke[Any]]:
    """The calls of a unit in all bodies."""
    return [
        each
        for body in bodies
        for each in statements(body)
        if isinstance(each, Invoke) and each.unit is unit
    ]


def drop_unread_results(unit: Unit[Any], owners: list[Unit[Any]]) -> bool:
    """Keep the outputs that any caller reads, at least one; whether any went."""
    kept: set[int] = set()
    calls: list[Invoke[Any]] = []
    for owner in owners:
        own = calls_of(unit, [owner.body])
        read = _values_read(owner.body) | set(owner.outputs) if own else set()
        kept |= {place for call in own for place, name in enumerate(call.results) if name in read}
        calls += own
    if not calls or len(kept) >= len(unit.outputs):
        return False
    places = sorted(kept) or [0]
    gone = len(places) < len(unit.outputs)
    unit.outputs = tuple([unit.outputs[place] for place in places])
    for call in calls:
        call.results = tuple([call.results[place] for place in places])
    return gone


def _values_read(body: list[Statement[Any]]) -> set[str]:
    found: set[str] = set()
    for statement in statements(body):
        if isinstance(statement, Apply | Invoke):
            found |= set(statement.inputs)
        found |= set().union(*map(names_in, _codes(statement)))
    return found


def assume(units: list[Unit[Any]], owners: list[Unit[Any]]) -> None:
    """What a unit takes for granted of its parameters, its callers do of what they give."""
    for unit in owners:
        _through_locals(unit)
    for unit in units:
        for owner in owners:
            for call in calls_of(unit, [owner.body]):
                for name, code in call.arguments.items():
                    owner.assumed |= names_in(code) if name in unit.assumed else set()
                    owner.sizes |= names_in(code) if name in unit.sizes else set()
            _through_locals(owner)


def _through_locals(unit: Unit[Any]) -> None:
    """A local that is taken for granted is so with all that it is made of."""
    for statement in reversed(list(statements(unit.body))):
        if isinstance(statement, Local):
            read = names_in(statement.value)
            unit.assumed |= read if statement.name in unit.assumed else set()
            unit.sizes |= read if statement.name in unit.sizes else set()


def drop_unread_inputs(unit: Unit[Any], calls: list[Invoke[Any]]) -> bool:
    """Keep the inputs that the unit reads, in all its calls, at least one; whether any went."""
    read = drop_dead(unit.body, set(unit.outputs))
    kept = [place for place, name in enumerate(unit.inputs) if name in read] or [0]
    if len(kept) >= len(unit.inputs):
        return False
    unit.inputs = tuple([unit.inputs[place] for place in kept])
    for call in calls:
        call.inputs = tuple([call.inputs[place] for place in kept])
    return True


def settle_parameters(unit: Unit[Any], calls: list[Invoke[Any]]) -> bool:
    """Keep the parameters that the unit reads, in all its calls; leave out what is the default.

    Whether any parameter went.
    """
    read = drop_unread(unit.body, unit.exports)
    had = len(unit.parameters)
    unit.parameters = [p for p in unit.parameters if p.name in read]
    for call in calls:
        given = {}
        for parameter in unit.parameters:
            code = call.arguments.get(parameter.name)
            if code is not None and not _is_default(code, parameter.default):
                given[parameter.name] = code
        call.arguments = given
    return len(unit.parameters) < had


def _is_default(code: Code, default: Code | None) -> bool:
    return default is not None and is_literal(code) and ast.dump(code) == ast.dump(default)
