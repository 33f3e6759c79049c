"""A compiled part of an expression: what runs it, what it costs, and its folding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from archc.expressions import closures
from archc.expressions.closures import Run
from archc.expressions.errors import ExpressionError
from archc.expressions.values import Evaluation

_NO_NAMES: Final[dict[str, object]] = {}


class Compiled(NamedTuple):
    """A part of an expression: what runs it, its operations, and whether it is a constant."""

    run: Run
    cost: int
    constant: bool = False


def runs(parts: Iterable[Compiled]) -> tuple[Run, ...]:
    return tuple([part.run for part in parts])


def cost(parts: Iterable[Compiled]) -> int:
    return 1 + sum(part.cost for part in parts)


def folded(run: Run, *operands: Compiled) -> Compiled:
    """An operation, or its value where all operands are constants and give a small one."""
    compiled = Compiled(run, cost(operands))
    if not all(operand.constant for operand in operands):
        return compiled
    try:
        value = run(Evaluation(_NO_NAMES.__getitem__, 0))
    except ExpressionError:
        # It may stand in a branch that is never taken.
        return compiled
    return (
        compiled
        if isinstance(value, tuple)
        else Compiled(closures.constant(value), 1, constant=True)
    )
