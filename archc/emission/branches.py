"""An `if` around what runs in some lanes only."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeAlias

from archc.emission.plan import Branch, Move
from archc.emission.scope import Flow, Scope, Variable, new_variable
from archc.emission.splits import Split
from archc.emission.symbols import Code

Run: TypeAlias = Callable[[Scope], Flow]

NameLocal: TypeAlias = Callable[[str, Code, Scope], Code]
"""Gives a value a name: what it would be called, the value, where it is assigned."""


def branch(
    local: NameLocal, condition: Code, held: list[int], flow: Flow, scope: Scope, run: Run
) -> Flow:
    """`if condition:` around what runs in some lanes; the others keep what flows."""
    made: Branch[Any] = Branch(condition, [])
    inner = scope.narrowed(held, made.body)
    try:
        results = run(inner)
    except Split as split:
        split.attach(inner.origin)
        raise
    before_branch: list[Any] = []
    joined = []
    for old, new in zip(flow, results, strict=False):
        if old.name == new.name:
            joined.append(old)
            continue
        both = _either(old, new, held, condition, scope)
        before_branch.append(Move(both.name, ast.Name(old.name, ast.Load())))
        made.body.append(Move(both.name, ast.Name(new.name, ast.Load())))
        joined.append(both)
    scope.sink.extend(before_branch)
    scope.sink.append(made)
    scope.widened(inner, held)
    for both in joined:
        _settle_channels(local, both, scope)
    return tuple(joined)


def _either(
    old: Variable, new: Variable, held: list[int], condition: Code, scope: Scope
) -> Variable:
    both = new_variable([], None, scope.wish)
    scope.home.wishes[both.name] = scope.wish
    both.nodes, both.shapes = list(old.nodes), list(old.shapes)
    for place, lane in enumerate(held):
        both.nodes[lane], both.shapes[lane] = new.nodes[place], new.shapes[place]
    both.channels = old.channels
    if old.channels is not None and new.channels is not None:
        both.channels = _either_code(condition, new.channels, old.channels, scope)
    return both


def _either_code(condition: Code, new: Code, old: Code, scope: Scope) -> Code:
    """`new if condition else old`, without what the condition rules out."""
    known = scope.home.known.get(old.id) if isinstance(old, ast.Name) else old
    if isinstance(known, ast.IfExp) and ast.dump(known.test) == ast.dump(negated(condition)):
        old = known.body
    same = ast.dump(old) == ast.dump(new)
    return old if same else ast.IfExp(condition, new, old)


def _settle_channels(local: NameLocal, variable: Variable, scope: Scope) -> None:
    """A choice between numbers of channels gets a name."""
    if isinstance(variable.channels, ast.IfExp) and not scope.dry:
        variable.channels = local("channels", variable.channels, scope)


_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


def negated(condition: Code) -> Code:
    """`not condition`, a comparison turned round."""
    match condition:
        case ast.Compare(left, [operator], [right]) if type(operator) in _OPPOSITES:
            return ast.Compare(left, [_OPPOSITES[type(operator)]()], [right])
    return ast.UnaryOp(ast.Not(), condition)
