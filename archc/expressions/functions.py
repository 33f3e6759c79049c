"""The functions of the language: each takes its arguments and the evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from archc.expressions.errors import OperationError, limit
from archc.expressions.limits import MAX_DECIMALS, MAX_INTEGER
from archc.expressions.operators import less, number, same
from archc.expressions.values import (
    PLAIN_TYPES,
    Evaluation,
    bounded,
    bounded_length,
    describe,
    weigh,
)

Arguments = tuple[object, ...]


class Function(NamedTuple):
    """A function by name: the number of arguments it takes, and whether it knows `d=`.

    `most` is None where any number will do; a `d=` arrives as the last argument.
    """

    name: str
    signature: str
    run: Callable[[Arguments, Evaluation], object]
    least: int
    most: int | None
    divisor: bool = False


def _list(value: object, name: str) -> tuple[object, ...]:
    if isinstance(value, tuple):
        return value
    raise OperationError(f"expected a list for `{name}`, found {describe(value)}")


def _whole(value: object, name: str) -> int:
    if isinstance(value, int):
        return value
    raise OperationError(f"expected a whole number for `{name}`, found {describe(value)}")


def _number(value: object, name: str) -> int | float:
    return number(value, f"`{name}`")


def _applied(name: str, function: Callable[..., float], *values: int | float) -> float:
    """What a function of `math` makes of numbers; one that is more than its value says so."""
    for value in values:
        if type(value) not in PLAIN_TYPES:
            return value.applied(name, function, values)  # type: ignore[union-attr, no-any-return]
    return function(*values)


def _candidates(arguments: Arguments, name: str, evaluation: Evaluation) -> tuple[object, ...]:
    """What `min` and `max` choose from: their arguments, or the elements of the only one."""
    items = _list(arguments[0], name) if len(arguments) == 1 else arguments
    if not items:
        raise OperationError(f"expected at least one value for `{name}`, found an empty list")
    evaluation.spend(weigh(items))
    return items


def _minimum(arguments: Arguments, evaluation: Evaluation) -> object:
    best, *others = _candidates(arguments, "min", evaluation)
    for candidate in others:
        if less(candidate, best, evaluation):
            best = candidate
    return best


def _maximum(arguments: Arguments, evaluation: Evaluation) -> object:
    best, *others = _candidates(arguments, "max", evaluation)
    for candidate in others:
        if less(best, candidate, evaluation):
            best = candidate
    return best


def _absolute(arguments: Arguments, _: Evaluation) -> object:
    return abs(_number(arguments[0], "abs"))


def _sum(arguments: Arguments, evaluation: Evaluation) -> object:
    items = _list(arguments[0], "sum")
    evaluation.spend(len(items))
    return bounded(sum(_number(item, "sum") for item in items))


def _length(arguments: Arguments, _: Evaluation) -> object:
    value = arguments[0]
    return len(value if isinstance(value, str) else _list(value, "len"))


def _round(arguments: Arguments, _: Evaluation) -> object:
    value = _number(arguments[0], "round")
    if len(arguments) == 1 or arguments[1] is None:
        return bounded(round(value))
    decimals = _whole(arguments[1], "round")
    if abs(decimals) > MAX_DECIMALS:
        raise limit(f"expected at most {MAX_DECIMALS} decimals, found {decimals}")
    try:
        return bounded(round(value, decimals))
    except OverflowError:
        raise limit("expected a finite number, found one that rounds beyond") from None


def _int(arguments: Arguments, _: Evaluation) -> object:
    return bounded(math.trunc(_number(arguments[0], "int")))


def _floor(arguments: Arguments, _: Evaluation) -> object:
    return bounded(math.floor(_number(arguments[0], "floor")))


def _ceil(arguments: Arguments, _: Evaluation) -> object:
    return bounded(math.ceil(_number(arguments[0], "ceil")))


def _sqrt(arguments: Arguments, _: Evaluation) -> object:
    value = _number(arguments[0], "sqrt")
    if value < 0:
        raise OperationError(f"expected a number of at least 0 for `sqrt`, found {value}")
    return _applied("sqrt", math.sqrt, value)


def _log(arguments: Arguments, _: Evaluation) -> object:
    values = [_number(argument, "log") for argument in arguments]
    for value in values:
        if value <= 0:
            raise OperationError(f"expected numbers above 0 for `log`, found {value}")
    if len(values) == 2 and _applied("log", math.log, values[1]) == 0:
        raise OperationError("expected a base other than 1 for `log`, found 1")
    return _applied("log", math.log, *values)


def _range(arguments: Arguments, evaluation: Evaluation) -> object:
    bounds = [int(_whole(argument, "range")) for argument in arguments]
    if len(bounds) == 3 and bounds[2] == 0:
        raise OperationError("expected a step other than 0 for `range`, found 0")
    # len() of a range fails beyond the machine's word.
    numbers = range(*bounds)
    if numbers and (numbers[-1] - numbers[0]) // numbers.step >= MAX_INTEGER:
        raise limit("expected a shorter range, found one of more than 2**63 numbers")
    bounded_length(len(numbers))
    return evaluation.listed(tuple(numbers))


def _unique(arguments: Arguments, evaluation: Evaluation) -> object:
    items = _list(arguments[0], "unique")
    evaluation.spend(weigh(items))
    try:
        return evaluation.listed(tuple(dict.fromkeys(items)))
    except TypeError:
        raise OperationError(
            "expected numbers, texts or lists of them for `unique`, found others"
        ) from None


def _count(arguments: Arguments, evaluation: Evaluation) -> object:
    items = _list(arguments[0], "count")
    evaluation.spend(weigh(items))
    sought = arguments[1]
    if type(sought) is int or type(sought) is str:
        return items.count(sought)
    return sum([same(sought, item) for item in items])


def _letter(arguments: Arguments, _: Evaluation) -> object:
    index = int(_whole(arguments[0], "letter"))
    if index < 0:
        raise OperationError(f"expected a number of at least 0 for `letter`, found {index}")
    letters = ""
    while index >= 0:
        index, place = divmod(index, 26)
        letters = chr(ord("a") + place) + letters
        index -= 1
    return letters


def _multiple(arguments: Arguments, name: str) -> tuple[int | float, int, int]:
    """The number, the divisor, and the nearest multiple that is at least the divisor."""
    value = _number(arguments[0], name)
    divisor = _whole(arguments[1], name) if len(arguments) == 2 else 8
    if divisor < 1:
        raise OperationError(f"expected a divisor of at least 1 for `{name}`, found {divisor}")
    return value, divisor, max(divisor, math.trunc(value + divisor / 2) // divisor * divisor)


def _round_to(arguments: Arguments, _: Evaluation) -> object:
    return bounded(_multiple(arguments, "round_to")[2])


def _divisible(arguments: Arguments, _: Evaluation) -> object:
    """MobileNet's rule: rounding must not take away more than a tenth."""
    value, divisor, multiple = _multiple(arguments, "divisible")
    return bounded(multiple + divisor if multiple < value * 0.9 else multiple)


_ALL: Final = (
    Function("min", "min(a, b, …) or min(list)", _minimum, 1, None),
    Function("max", "max(a, b, …) or max(list)", _maximum, 1, None),
    Function("abs", "abs(x)", _absolute, 1, 1),
    Function("sum", "sum(list)", _sum, 1, 1),
    Function("len", "len(list)", _length, 1, 1),
    Function("round", "round(x, decimals)", _round, 1, 2),
    Function("int", "int(x)", _int, 1, 1),
    Function("floor", "floor(x)", _floor, 1, 1),
    Function("ceil", "ceil(x)", _ceil, 1, 1),
    Function("sqrt", "sqrt(x)", _sqrt, 1, 1),
    Function("log", "log(x, base)", _log, 1, 2),
    Function("range", "range(start, stop, step)", _range, 1, 3),
    Function("unique", "unique(list)", _unique, 1, 1),
    Function("count", "count(list, x)", _count, 2, 2),
    Function("letter", "letter(n)", _letter, 1, 1),
    Function("round_to", "round_to(x, d=8)", _round_to, 1, 2, divisor=True),
    Function("divisible", "divisible(x, d=8)", _divisible, 1, 2, divisor=True),
)
FUNCTIONS: Final = {function.name: function for function in _ALL}
"""The functions by name."""
