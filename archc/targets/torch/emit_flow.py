"""What statements of a plan read and assign: tensors, and the numbers that modules are made of."""

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
from archc.targets.torch.emit_errors import CannotPrint
from archc.targets.torch.lowering.call import TorchCall

Body: TypeAlias = "list[Statement[TorchCall]]"
Loop: TypeAlias = "TableLoop[TorchCall] | CountLoop[TorchCall]"
Tensors: TypeAlias = frozenset[str]


def names_in(code: Code) -> frozenset[str]:
    """The names that an expression reads."""
    return frozenset([node.id for node in ast.walk(code) if isinstance(node, ast.Name)])


def choices(source: Code) -> Iterator[str]:
    """The tensors that the source of a `Move` is one of."""
    match source:
        case ast.Name(id=name):
            yield name
        case ast.IfExp(body=body, orelse=otherwise):
            yield from choices(body)
            yield from choices(otherwise)
        case _:
            raise CannotPrint(f"a tensor computed as `{ast.unparse(source)}`")


def conditions(source: Code) -> Iterator[Code]:
    """The conditions on which the source of a `Move` depends."""
    if isinstance(source, ast.IfExp):
        yield source.test
        yield from conditions(source.body)
        yield from conditions(source.orelse)


def read(statement: Statement[TorchCall]) -> tuple[str, ...]:
    """The tensors that a statement reads itself, those inside it left out."""
    match statement:
        case Apply(inputs=inputs) | Invoke(inputs=inputs):
            return inputs
        case Move(source=source):
            return tuple(choices(source))
    return ()


def assigned(statement: Statement[TorchCall]) -> tuple[str, ...]:
    """The tensors that a statement assigns itself, those inside it left out."""
    match statement:
        case Apply(result=result) | Move(result=result):
            return (result,)
        case Invoke(results=results):
            return results
    return ()


def touched(body: Body) -> list[str]:
    """The tensors that a body reads or assigns, in the order of their first use."""
    used = [name for s in statements(body) for name in (*read(s), *assigned(s))]
    return list(dict.fromkeys(used))


def written(body: Body) -> Tensors:
    """The tensors that a body assigns, here or there."""
    return frozenset([name for statement in statements(body) for name in assigned(statement)])


def surely_written(body: Body) -> Tensors:
    """The tensors that a body assigns in any case."""
    return frozenset([name for statement in body for name in assigned(statement)])


def alive_after_each(body: Body, alive: Tensors) -> list[Tensors]:
    """For each statement what is read after it, where `alive` is read after the body."""
    after = []
    for statement in reversed(body):
        after.append(alive)
        alive = _alive_before(statement, alive)
    return after[::-1]


def needed(body: Body, alive: Tensors) -> Tensors:
    """The tensors whose values before a body matter, where `alive` is read after it."""
    for statement in reversed(body):
        alive = _alive_before(statement, alive)
    return alive


def alive_in_loop(body: Body, alive: Tensors) -> Tensors:
    """What is read after one round of a loop: after the loop, or in the next round."""
    while True:
        more = alive | needed(body, alive)
        if more == alive:
            return alive
        alive = more


def _alive_before(statement: Statement[TorchCall], alive: Tensors) -> Tensors:
    match statement:
        case Branch(body=body):
            return alive | needed(body, alive)
        case TableLoop(body=body) | CountLoop(body=body):
            return alive | needed(body, alive_in_loop(body, alive))
        case Move(result=result) if result not in alive:
            return alive
    return alive.difference(assigned(statement)).union(read(statement))


def codes(statement: Statement[TorchCall]) -> Iterator[Code]:
    """The expressions over numbers of a statement, those inside it left out."""
    match statement:
        case Apply(calls=calls, local=local):
            yield local
            yield from (code_of(value) for call in calls for _, value in call.arguments)
        case Invoke(arguments=arguments, local=local_or_none):
            yield from arguments.values()
            if local_or_none is not None:
                yield local_or_none
        case Move(source=source):
            yield from conditions(source)
        case Local(value=code) | Branch(condition=code):
            yield code
        case CountLoop(start=start, stop=stop):
            yield from (start, stop)


def loop_names(loop: Loop) -> tuple[str, ...]:
    """The names that a loop gives values, the number first."""
    if isinstance(loop, CountLoop):
        return (loop.variable,)
    return (*([loop.number] if loop.number else []), *loop.table.columns)


def numbers_assigned(body: Body) -> Iterator[str]:
    """The names in a body that stand for numbers or texts."""
    for statement in statements(body):
        match statement:
            case Local(name=name) | Invoke(bound=str(name)):
                yield name
            case TableLoop() | CountLoop():
                yield from loop_names(statement)


def numbers_needed(body: Body, known: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of numbers that a body reads before it surely assigns them, but those `known`."""
    for statement in body:
        for code in codes(statement):
            yield from sorted(names_in(code) - known)
        match statement:
            case Local(name=name) | Invoke(bound=str(name)):
                known |= {name}
            case Branch(body=inside):
                yield from numbers_needed(inside, known)
            case TableLoop(body=inside) | CountLoop(body=inside):
                yield from numbers_needed(inside, known.union(loop_names(statement)))
