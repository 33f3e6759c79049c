"""Which names the statements of a body read and assign."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeAlias

from archc.emission.plan import (
    Apply,
    Branch,
    Code,
    CountLoop,
    Invoke,
    Local,
    Move,
    Statement,
    TableLoop,
    statements,
)
from archc.emission.symbols import code_of
from archc.targets.keras.lowering import Constant, KerasCall

Body: TypeAlias = "list[Statement[KerasCall]]"


def names_read(body: Body) -> frozenset[str]:
    """All names that a body reads: tensors, numbers, and texts."""
    codes = [code for statement in statements(body) for code in _codes(statement)]
    return tensors_read(body) | {
        node.id for code in codes for node in ast.walk(code) if isinstance(node, ast.Name)
    }


def tensors_read(body: Body) -> frozenset[str]:
    """The names that a body reads as tensors."""
    found: set[str] = set()
    for statement in statements(body):
        match statement:
            case Apply(inputs=inputs) | Invoke(inputs=inputs):
                found.update(inputs)
            case Move(source=source):
                found.update(n.id for n in ast.walk(source) if isinstance(n, ast.Name))
    return frozenset(found)


def assigned(body: Body) -> frozenset[str]:
    """The names that a body assigns."""
    found: set[str] = set()
    for statement in statements(body):
        match statement:
            case Apply(result=result) | Move(result=result):
                found.add(result)
            case Invoke(results=results):
                found.update(results)
            case Local(name=name):
                found.add(name)
            case CountLoop(variable=variable):
                found.add(variable)
            case TableLoop(table=table, number=number):
                found.update(table.columns, [number] if number else [])
    return frozenset(found)


def _codes(statement: Statement[KerasCall]) -> Iterator[Code]:
    """The expressions of one statement, those of statements inside it left out."""
    match statement:
        case Apply(calls=calls, local=local):
            yield local
            for call in calls:
                yield from (_code(value) for _, value in call.arguments)
        case Invoke(arguments=arguments, local=local_or_none):
            yield from arguments.values()
            if local_or_none is not None:
                yield local_or_none
        case Move(source=code) | Local(value=code) | Branch(condition=code):
            yield code
        case CountLoop(start=start, stop=stop):
            yield from (start, stop)


def _code(argument: object) -> Code:
    return code_of(argument.value if isinstance(argument, Constant) else argument)
