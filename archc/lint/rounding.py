"""Widths that `round_to` and `divisible` change by much."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from archc.diagnostics import CompileError, Diagnostic
from archc.elaborate.group_values import GroupValues
from archc.elaborate.program import BlockCall, LayerCall, RoleCall, Step
from archc.elaborate.record import GroupsRecord
from archc.elaborate.values import Computed, Listed, Poisoned, Value
from archc.expressions import ExpressionError, parse
from archc.expressions.grammar import parse_tree
from archc.lint.effect import bodies_inside
from archc.lint.subject import Subject

MOST: Final = 0.1
"""The share of a width that rounding may change."""

_ROUNDING: Final = frozenset({"round_to", "divisible"})
_PASSING: Final = frozenset({"here", "block", "learner", "repeat"})
"""Names whose values are gone once a step is carried out."""

Lookup = Callable[[str], object]


def rounded_widths(subject: Subject) -> Iterator[Diagnostic]:
    """Calls of rounding functions whose result is more than a tenth away from what they got."""
    waiting = list(subject.recorded.bodies)
    while waiting:
        body = waiting.pop()
        for record in body.steps:
            yield from _of_values(subject, _values(record.step), body.frame.lookup)
            for round_ in record.rounds:
                waiting += bodies_inside(round_)
                if round_.call is not None and round_.call.body is not None:
                    defaults = round_.call.block.defaults.values()
                    yield from _of_values(subject, defaults, round_.call.body.frame.lookup)
                if round_.groups is not None:
                    yield from _of_groups(subject, round_.groups)


def _values(step: Step) -> Iterable[Value]:
    match step.action:
        case LayerCall() | RoleCall() as call:
            return call.attributes.values()
        case BlockCall() as call:
            return call.arguments.values()
    return ()


def _of_groups(subject: Subject, record: GroupsRecord) -> Iterator[Diagnostic]:
    values = record.runner.values
    outer = values.frame.context
    try:
        for group in range(values.count):
            values.enter(group)
            row = values.row(group)
            given = [*(row.values.values() if row else ()), *values.groups.values.values()]
            yield from _of_values(subject, given, values.frame.lookup)
            scaling = values.groups.scaling.values()
            yield from _of_values(subject, scaling, _before_scaling(values, group))
    finally:
        values.frame.context = outer


def _before_scaling(values: GroupValues, group: int) -> Lookup:
    """What names mean in `scaling`: a bare key is the group's value before it."""

    def lookup(name: str) -> object:
        return values.raw(name, group) if name in values.keys else values.frame.lookup(name)

    return lookup


def _of_values(subject: Subject, values: Iterable[Value], lookup: Lookup) -> Iterator[Diagnostic]:
    for value in values:
        if isinstance(value, Listed):
            yield from _of_values(subject, value.items, lookup)
        elif isinstance(value, Computed) and subject.is_own(value.span):
            yield from _of_expression(value, lookup)


def _of_expression(value: Computed, lookup: Lookup) -> Iterator[Diagnostic]:
    text = value.expression.text
    if not any(name in text for name in _ROUNDING) or value.free_names & _PASSING:
        return
    tree, place = parse_tree(text)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            if call.func.id not in _ROUNDING or not call.args:
                continue
            start, end = place(call)
            before = _number(text[slice(*place(call.args[0]))], lookup)
            after = _number(text[start:end], lookup)
            if before and after is not None and abs(after - before) > MOST * before:
                percent = f"{abs(after - before) / before:.0%}"
                message = f"`{call.func.id}` makes {after:g} of {before:g}, {percent} away"
                yield Diagnostic(
                    "rounded-width",
                    message,
                    value.locate(start, end),
                    helps=("a smaller divisor rounds less: `round_to(x, 4)`",),
                    severity="warning",
                )


def _number(text: str, lookup: Lookup) -> float | None:
    """The value of a part of an expression; None where it can't be told or is no width."""
    try:
        found = parse(text.strip()).evaluate(lookup)
    except (ExpressionError, CompileError, Poisoned, KeyError):
        return None
    positive = isinstance(found, int | float) and found > 0
    return float(found) if positive and isinstance(found, int | float) else None
