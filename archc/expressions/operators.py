"""What the operators do: each takes the operands and the evaluation."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TypeAlias

from archc.expressions.errors import OperationError, limit
from archc.expressions.limits import MAX_INTEGER
from archc.expressions.values import (
    PLAIN_TYPES,
    Evaluation,
    bounded,
    bounded_length,
    bounded_text,
    describe,
    weigh,
)

Binary: TypeAlias = Callable[[int | float, int | float], int | float]
Operation: TypeAlias = Callable[[object, object, Evaluation], object]


def truth(value: object) -> bool:
    """Python's truth of plain values; everything else is true."""
    return bool(value) if type(value) in PLAIN_TYPES or isinstance(value, int | float) else True


def number(value: object, sign: str) -> int | float:
    if isinstance(value, int | float):
        return value
    raise OperationError(
        f"expected a number for {sign}, found {describe(value)}", number_helps(value)
    )


def number_helps(value: object) -> tuple[str, ...]:
    names = [f"`.{name}`" for name in getattr(value, "attribute_names", ())]
    return (f"use one of its attributes: {', '.join(names)}",) if names else ()


def same(left: object, right: object) -> bool:
    """Whether two values are equal."""
    return bool(right == left) if type(left) is float else bool(left == right)


def _computed(operate: Binary, left: object, right: object, sign: str) -> int | float:
    """What an operator of two numbers gives, if it is within bounds. Raises `OperationError`."""
    first, second = number(left, sign), number(right, sign)
    if type(first) is float and type(second) not in PLAIN_TYPES:
        # Python's float does not ask a number that is more than its value what it makes of it.
        return bounded(getattr(second, _REFLECTED[operate])(first))
    return bounded(operate(first, second))


def add(left: object, right: object, evaluation: Evaluation) -> object:
    if type(left) is int and type(right) is int:
        return bounded(left + right)
    if isinstance(left, str) and isinstance(right, str):
        evaluation.spend(len(left) + len(right))
        return bounded_text(left + right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        return evaluation.listed(left + right)
    return _computed(operator.add, left, right, "`+`")


def subtract(left: object, right: object, _: Evaluation) -> object:
    return _computed(operator.sub, left, right, "`-`")


def multiply(left: object, right: object, evaluation: Evaluation) -> object:
    if type(left) is int and type(right) is int:
        product = left * right
        if -MAX_INTEGER <= product <= MAX_INTEGER:
            return product
        return bounded(product)
    if isinstance(left, str | tuple):
        return _repeated(left, right, evaluation)
    if isinstance(right, str | tuple):
        return _repeated(right, left, evaluation)
    return _computed(operator.mul, left, right, "`*`")


def _repeated(sequence: str | tuple[object, ...], times: object, evaluation: Evaluation) -> object:
    if not isinstance(times, int):
        raise OperationError(
            f"expected a whole number to repeat with, found {describe(times)}; "
            f"what it would repeat is {describe(sequence)}"
        )
    times = int(times)
    length = len(sequence) * max(times, 0)
    bounded_length(length)
    evaluation.spend(length)
    if isinstance(sequence, str):
        return bounded_text(sequence * times)
    return evaluation.listed(sequence * times)


def divide(left: object, right: object, _: Evaluation) -> object:
    return _computed(operator.truediv, left, _divisor(right, "`/`"), "`/`")


def floor_divide(left: object, right: object, _: Evaluation) -> object:
    return _computed(operator.floordiv, left, _divisor(right, "`//`"), "`//`")


def remainder(left: object, right: object, _: Evaluation) -> object:
    return _computed(operator.mod, left, _divisor(right, "`%`"), "`%`")


def _divisor(value: object, sign: str) -> int | float:
    divisor = number(value, sign)
    if divisor == 0:
        raise OperationError("expected a divisor other than 0, found 0")
    return divisor


def power(left: object, right: object, _: Evaluation) -> object:
    base, exponent = number(left, "`**`"), number(right, "`**`")
    if base == 0 and exponent < 0:
        raise OperationError("expected a base other than 0 for a negative power, found 0")
    if base < 0 and exponent != int(exponent):
        raise OperationError("expected a whole power of a negative number, found a fraction")
    # A whole power is measured before it is computed: it may have any number of digits.
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and (int(abs(base)).bit_length() - 1) * exponent > 64:
        raise limit("expected a whole number below 2**63, found a larger one")
    try:
        return _computed(operator.pow, base, exponent, "`**`")
    except OverflowError:
        raise limit("expected a finite number, found a power that is too large") from None


def contains(left: object, right: object, evaluation: Evaluation) -> bool:
    if isinstance(right, tuple):
        evaluation.spend(weigh(right))
        return any(left is item or same(left, item) for item in right)
    if isinstance(right, str) and isinstance(left, str):
        return left in right
    what = "a text in a text" if isinstance(right, str) else "a list after `in`"
    raise OperationError(
        f"expected {what}, found {describe(left if isinstance(right, str) else right)}"
    )


def lacks(left: object, right: object, evaluation: Evaluation) -> bool:
    return not contains(left, right, evaluation)


def equal(left: object, right: object, evaluation: Evaluation) -> bool:
    if type(left) is tuple and type(right) is tuple:
        evaluation.spend(weigh(left))
    return same(left, right)


def unequal(left: object, right: object, evaluation: Evaluation) -> bool:
    return not equal(left, right, evaluation)


def less(left: object, right: object, evaluation: Evaluation) -> bool:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return right > left if type(left) is float else left < right
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    if isinstance(left, tuple) and isinstance(right, tuple):
        evaluation.spend(weigh(left))
        try:
            return left < right
        except TypeError:
            raise OperationError(
                "expected lists whose elements have an order, found others"
            ) from None
    raise OperationError(
        f"expected two numbers to compare, found {describe(left)} and {describe(right)}"
    )


def greater(left: object, right: object, evaluation: Evaluation) -> bool:
    return less(right, left, evaluation)


def at_most(left: object, right: object, evaluation: Evaluation) -> bool:
    return not less(right, left, evaluation)


def at_least(left: object, right: object, evaluation: Evaluation) -> bool:
    return not less(left, right, evaluation)


_REFLECTED: dict[Binary, str] = {
    operator.add: "__radd__",
    operator.sub: "__rsub__",
    operator.mul: "__rmul__",
    operator.truediv: "__rtruediv__",
    operator.floordiv: "__rfloordiv__",
    operator.mod: "__rmod__",
    operator.pow: "__rpow__",
}

BINARY: dict[type[ast.operator], Operation] = {
    ast.Add: add,
    ast.Sub: subtract,
    ast.Mult: multiply,
    ast.Div: divide,
    ast.FloorDiv: floor_divide,
    ast.Mod: remainder,
    ast.Pow: power,
}
COMPARISON: dict[type[ast.cmpop], Operation] = {
    ast.Eq: equal,
    ast.NotEq: unequal,
    ast.Lt: less,
    ast.LtE: at_most,
    ast.Gt: greater,
    ast.GtE: at_least,
    ast.In: contains,
    ast.NotIn: lacks,
}
