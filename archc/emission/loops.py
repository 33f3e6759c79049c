"""What a loop carries from round to round: tensors, and how many channels they have."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from archc.elaborate.scope import Tensor
from archc.emission.branches import NameLocal
from archc.emission.plan import CountLoop, Local, Move, statements
from archc.emission.scope import Flow, Scope, Variable, new_variable
from archc.emission.symbols import Code, is_literal, names_in
from archc.emission.translate import folded


def into_loop(
    flow: Flow,
    entering: Sequence[Sequence[Tensor]],
    scope: Scope,
    name_local: NameLocal,
    *,
    changes: bool,
) -> Flow:
    """The variables that each round takes and gives anew; `entering` are the tensors of each lane.

    `changes` says that the number of channels is another one in each round.
    """
    carried = []
    for index, variable in enumerate(flow):
        made = new_variable([tensors[index] for tensors in entering], None, "x")
        scope.home.wishes[made.name] = scope.home.wishes.get(variable.name, "x")
        scope.sink.append(Move(made.name, ast.Name(variable.name, ast.Load())))
        made.channels = variable.channels
        if variable.channels is not None and changes:
            wish = "channels" if index == 0 else "other_channels"
            made.channels = name_local(wish, variable.channels, scope)
        carried.append(made)
    return tuple(carried)


def end_of_round(carried: Flow, results: Flow, body: list[Any], *, changes: bool) -> bool:
    """Hand on what a round gave; whether that is all, or channels change that should not."""
    for old, new in zip(carried, results, strict=True):
        body.append(Move(old.name, ast.Name(new.name, ast.Load())))
    for old, new in zip(carried, results, strict=True):
        if old.channels is None or new.channels is None:
            continue
        if ast.dump(new.channels) == ast.dump(old.channels):
            continue
        if not changes:
            return False
        assert isinstance(old.channels, ast.Name)
        body.append(Local(old.channels.id, new.channels))
    return True


def out_of_loop(
    loop: CountLoop[Any],
    carried: Flow,
    results: Flow,
    leaving: Sequence[Sequence[Tensor]],
    *,
    certain: bool,
) -> Flow:
    """What flows on after a loop; `leaving` are the tensors of each lane around it.

    `certain` says that there is a round: what it gives then holds whatever entered it.
    """
    inside = {loop.variable, *(s.name for s in statements(loop.body) if isinstance(s, Local))}
    found = []
    for index, (variable, result) in enumerate(zip(carried, results, strict=True)):
        channels = variable.channels
        if certain and isinstance(channels, ast.Name) and result.channels is not None:
            read = names_in(result.channels)
            channels = channels if read & (inside | {channels.id}) else result.channels
        nodes: list[int | None] = [tensors[index].node for tensors in leaving]
        shapes = [tensors[index].shape for tensors in leaving]
        found.append(Variable(variable.name, nodes, shapes, channels, variable.wish))
    return tuple(found)


def shifted(code: Code, by: int) -> Code:
    """`code + by`, a literal put together."""
    plain = folded(code) if is_literal(code) else code
    if isinstance(plain, ast.Constant) and isinstance(plain.value, int):
        return ast.Constant(plain.value + by)
    if by == 0:
        return code
    operator: ast.operator = ast.Add() if by > 0 else ast.Sub()
    return ast.BinOp(code, operator, ast.Constant(abs(by)))
