"""The closures that expressions are compiled to: each takes the evaluation and gives a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from archc.diagnostics import one_of
from archc.expressions.errors import ExpressionError, OperationError
from archc.expressions.functions import Function
from archc.expressions.limits import MAX_INTEGER
from archc.expressions.operators import Operation, number, truth
from archc.expressions.values import Evaluation, describe

Run: TypeAlias = Callable[[Evaluation], object]
Extent: TypeAlias = tuple[int, int]

_YAML_WORDS = {"true": "True", "false": "False", "null": "None"}
_VALUE: Final = "expression-value"


def constant(value: object) -> Run:
    return lambda _: value


def variable(slot: int) -> Run:
    return lambda evaluation: evaluation.variables[slot]


def free_name(name: str, extent: Extent) -> Run:
    def run(evaluation: Evaluation) -> object:
        try:
            value = evaluation.lookup(name)
        except KeyError:
            raise _unknown_name(name, extent) from None
        if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
            return value
        try:
            return evaluation.admit(value)
        except OperationError as error:
            raise error.at(*extent) from None

    return run


def _unknown_name(name: str, extent: Extent) -> ExpressionError:
    helps = (f"write `{_YAML_WORDS[name]}`",) if name in _YAML_WORDS else ()
    message = f"expected a known name, found `{name}`"
    return ExpressionError(message, *extent, helps, code="unknown-name", unknown_name=name)


def attribute(owner: Run, name: str, extent: Extent) -> Run:
    def run(evaluation: Evaluation) -> object:
        value = owner(evaluation)
        try:
            read = value.attribute  # type: ignore[attr-defined]
        except AttributeError:
            message = f"expected a value with attributes before `.{name}`, found {describe(value)}"
            raise ExpressionError(message, *extent, code="unknown-attribute") from None
        try:
            return evaluation.admit(read(name))
        except KeyError:
            message = f"expected a known attribute, found `.{name}`"
            helps = (one_of(name, value.attribute_names, "attributes"),)  # type: ignore[attr-defined]
            raise ExpressionError(message, *extent, helps, code="unknown-attribute") from None
        except OperationError as error:
            raise error.at(*extent) from None

    return run


def binary(operate: Operation, left: Run, right: Run, extent: Extent) -> Run:
    def run(evaluation: Evaluation) -> object:
        try:
            return operate(left(evaluation), right(evaluation), evaluation)
        except OperationError as error:
            raise error.at(*extent) from None

    return run


def signed(negative: bool, operand: Run, extent: Extent) -> Run:
    sign = "`-`" if negative else "`+`"

    def run(evaluation: Evaluation) -> object:
        try:
            value = number(operand(evaluation), sign)
        except OperationError as error:
            raise error.at(*extent) from None
        return -value if negative else +value

    return run


def negation(operand: Run) -> Run:
    return lambda evaluation: not truth(operand(evaluation))


def conjunction(stops_at: bool, operands: tuple[Run, ...]) -> Run:
    """`and` stops at the first operand that is false, `or` at the first that is true."""

    def run(evaluation: Evaluation) -> object:
        value: object = None
        for operand in operands:
            value = operand(evaluation)
            if truth(value) is stops_at:
                return value
        return value

    return run


def comparison_chain(first: Run, links: tuple[tuple[Operation, Run], ...], extent: Extent) -> Run:
    def run(evaluation: Evaluation) -> object:
        left = first(evaluation)
        for operate, operand in links:
            right = operand(evaluation)
            try:
                holds = operate(left, right, evaluation)
            except OperationError as error:
                raise error.at(*extent) from None
            if not holds:
                return False
            left = right
        return True

    return run


def choice(condition: Run, then: Run, otherwise: Run) -> Run:
    return lambda evaluation: (
        then(evaluation) if truth(condition(evaluation)) else otherwise(evaluation)
    )


def listing(items: tuple[Run, ...], extent: Extent) -> Run:
    def run(evaluation: Evaluation) -> object:
        try:
            return evaluation.listed(tuple([item(evaluation) for item in items]))
        except OperationError as error:
            raise error.at(*extent) from None

    return run


def element(owner: Run, index: Run, extent: Extent) -> Run:
    def run(evaluation: Evaluation) -> object:
        sequence = _sequence(owner(evaluation), extent)
        place = index(evaluation)
        if not isinstance(place, int):
            message = f"expected a whole number as index, found {describe(place)}"
            raise ExpressionError(message, *extent, code=_VALUE)
        try:
            return sequence[int(place)]
        except IndexError:
            message = f"expected an index below {len(sequence)}, found {place}"
            raise ExpressionError(message, *extent, code=_VALUE) from None

    return run


def part(owner: Run, bounds: tuple[Run | None, Run | None, Run | None], extent: Extent) -> Run:
    """A slice."""

    def run(evaluation: Evaluation) -> object:
        sequence = _sequence(owner(evaluation), extent)
        lower, upper, step = (
            None if bound is None else _slice_bound(bound(evaluation), extent) for bound in bounds
        )
        if step == 0:
            message = "expected a step other than 0 in a slice, found 0"
            raise ExpressionError(message, *extent, code=_VALUE)
        taken = sequence[lower:upper:step]
        try:
            return evaluation.listed(taken) if isinstance(taken, tuple) else taken
        except OperationError as error:
            raise error.at(*extent) from None

    return run


def _sequence(value: object, extent: Extent) -> str | tuple[object, ...]:
    if isinstance(value, str | tuple):
        return value
    message = f"expected a list before `[`, found {describe(value)}"
    raise ExpressionError(message, *extent, code=_VALUE)


def _slice_bound(value: object, extent: Extent) -> int | None:
    if value is None or isinstance(value, int):
        return value if value is None else int(value)
    message = f"expected whole numbers in a slice, found {describe(value)}"
    raise ExpressionError(message, *extent, code=_VALUE)


def call(function: Function, arguments: tuple[Run, ...], extent: Extent) -> Run:
    operate = function.run

    def run(evaluation: Evaluation) -> object:
        try:
            evaluation.spend(1)
            return operate(tuple([argument(evaluation) for argument in arguments]), evaluation)
        except OperationError as error:
            raise error.at(*extent) from None

    return run
