"""List comprehensions: the loops, their conditions, and the steps they cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from archc.expressions.closures import Extent, Run
from archc.expressions.errors import ExpressionError, OperationError
from archc.expressions.operators import truth
from archc.expressions.values import Evaluation, bounded_length, describe

Collect: TypeAlias = Callable[[Evaluation, list[object]], None]


@dataclass(frozen=True, slots=True)
class Loop:
    """One `for … in …` with its conditions; `slots` are the variables it binds.

    `unpacks` says that each element is a list with one element per variable; `extent` is the
    place of what it runs over, `cost` the operations of one round.
    """

    slots: tuple[int, ...]
    unpacks: bool
    iterable: Run
    conditions: tuple[Run, ...]
    extent: Extent
    cost: int


def comprehension(element: Run, loops: tuple[Loop, ...], extent: Extent) -> Run:
    collect = _collect_element(element)
    for loop in reversed(loops):
        collect = _collect_loop(loop, collect)

    def run(evaluation: Evaluation) -> object:
        found: list[object] = []
        try:
            collect(evaluation, found)
            return evaluation.listed(tuple(found))
        except OperationError as error:
            raise error.at(*extent) from None

    return run


def _collect_element(element: Run) -> Collect:
    def collect(evaluation: Evaluation, found: list[object]) -> None:
        found.append(element(evaluation))
        bounded_length(len(found))

    return collect


def _collect_loop(loop: Loop, inner: Collect) -> Collect:
    conditions, cost = loop.conditions, loop.cost

    def collect(evaluation: Evaluation, found: list[object]) -> None:
        items = loop.iterable(evaluation)
        if not isinstance(items, tuple):
            message = f"expected a list after `in`, found {describe(items)}"
            raise ExpressionError(message, *loop.extent, code="expression-value")
        for item in items:
            evaluation.spend(cost)
            _bind(loop, item, evaluation)
            if not conditions or all(truth(condition(evaluation)) for condition in conditions):
                inner(evaluation, found)

    return collect


def _bind(loop: Loop, item: object, evaluation: Evaluation) -> None:
    if not loop.unpacks:
        evaluation.variables[loop.slots[0]] = item
        return
    if not isinstance(item, tuple) or len(item) != len(loop.slots):
        message = f"expected lists of {len(loop.slots)} after `in`, found {describe(item)}"
        raise ExpressionError(message, *loop.extent, code="expression-value")
    for slot, value in zip(loop.slots, item, strict=True):
        evaluation.variables[slot] = value
