"""The kinds of attribute values: what each accepts, and the phrase that says so.

Values arrive as Python's numbers, truth values, texts and tuples. Whole numbers stay `int`
(`96.0` becomes `96`), so that emitted source reads as the spec does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf, trunc
from typing import Annotated, TypeAlias, TypeVar

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from archc.diagnostics import one_of
from archc.layers.base import ShapeError

T = TypeVar("T")

AxisPads: TypeAlias = int | tuple[int, int]
"""What is put before and after one axis: the same number twice, or a pair."""

PADDINGS = ("same", "valid", "symmetric")

_MANY_AXES = 100
"""More than any network has."""


def expected(phrase: str, *helps: str, names: tuple[str, ...] = ()) -> PydanticCustomError:
    """The refusal of a value. The boundary that catches it adds what was found."""
    context = {"phrase": phrase, "helps": helps, "names": names}
    return PydanticCustomError("expected", "expected {phrase}", context)


def missing(attribute: str, *helps: str) -> PydanticCustomError:
    """The refusal of a layer whose attributes, taken together, lack one."""
    return PydanticCustomError("missing", "missing", {"attribute": attribute, "helps": helps})


def refused(attribute: str, message: str, *helps: str) -> PydanticCustomError:
    """The refusal of an attribute that does not go with the others; `message` says all."""
    context = {"attribute": attribute, "message": message, "helps": helps}
    return PydanticCustomError("refused", "{message}", context)


def accept(
    convert: Callable[[object], T | None],
    phrase: str,
    helps: Callable[[object], tuple[str, ...]] | None = None,
    names: tuple[str, ...] = (),
) -> PlainValidator:
    """A validator that takes what `convert` gives, and refuses a value for which it gives None.

    `names` are what a text may have been meant to be.
    """

    def accepted(value: object) -> T:
        converted = convert(value)
        if converted is None:
            raise expected(phrase, *(helps or _misplaced_text)(value), names=names)
        return converted

    return PlainValidator(accepted)


def one_name(names: tuple[str, ...], phrase: str, what: str) -> PlainValidator:
    """A validator of a text that is one of `names`; a near miss is told what it may have meant."""

    def known(value: object) -> str | None:
        return value if isinstance(value, str) and value in names else None

    def helps(value: object) -> tuple[str, ...]:
        return (one_of(value if isinstance(value, str) else "", names, what),)

    return accept(known, phrase, helps, names)


def _misplaced_text(value: object) -> tuple[str, ...]:
    """What helps where a text stands in the place of a number."""
    if not isinstance(value, str):
        return ()
    if value.isidentifier():
        return (f"a computed value starts with `=`: `={value}`",)
    try:
        float(value)
    except ValueError:
        return ()
    return (f"quotes make it text: write {value} without them",)


def _whole(value: object, least: int | None = None) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = trunc(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if least is None or value >= least else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -inf < value < inf else None


def _number_where(holds: Callable[[float], bool]) -> Callable[[object], float | None]:
    def converted(value: object) -> float | None:
        number = _number(value)
        return number if number is not None and holds(number) else None

    return converted


def _each(convert: Callable[[object], T | None], value: object) -> tuple[T, ...] | None:
    """All items of a tuple that is not empty, converted; None if any is refused."""
    if not isinstance(value, tuple) or not value:
        return None
    items = [item for item in map(convert, value) if item is not None]
    return tuple(items) if len(items) == len(value) else None


def _one_or_each(convert: Callable[[object], T | None], value: object) -> T | tuple[T, ...] | None:
    return _each(convert, value) if isinstance(value, tuple) else convert(value)


def _per_axis(convert: Callable[[object], T | None], value: object) -> tuple[T, ...] | None:
    # To look at what is in a list of thousands takes long, where each of many layers has it.
    many = isinstance(value, tuple) and len(value) > _MANY_AXES
    return None if many else _each(convert, value)


_positive = _number_where(lambda x: x > 0)
_natural = partial(_whole, least=0)
_count = partial(_whole, least=1)


def _pair(value: object) -> tuple[int, int] | None:
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    sides = _each(_natural, value)
    return (sides[0], sides[1]) if sides else None


def _sides(value: object) -> int | tuple[int, ...] | None:
    return _per_axis(_count, value) if isinstance(value, tuple) else _count(value)


def _axis_pads(value: object) -> AxisPads | None:
    return _pair(value) if isinstance(value, tuple) else _natural(value)


def _pads(value: object) -> int | tuple[AxisPads, ...] | None:
    return _per_axis(_axis_pads, value) if isinstance(value, tuple) else _natural(value)


def _padding(value: object) -> str | int | tuple[AxisPads, ...] | None:
    if isinstance(value, str):
        return value if value in PADDINGS else None
    return _pads(value)


def _padding_helps(value: object) -> tuple[str, ...]:
    return (one_of(value, PADDINGS, "named paddings"),) if isinstance(value, str) else ()


def _dimensions(value: object) -> tuple[int, ...] | None:
    sizes = _each(partial(_whole, least=-1), value)
    return None if sizes is None or 0 in sizes or sizes.count(-1) > 1 else sizes


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _flag_helps(value: object) -> tuple[str, ...]:
    lowered = value.lower() if isinstance(value, str) else ""
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(lowered)
    return (f"YAML 1.2 reads `{value}` as text: write `{meant}`",) if meant else ()


_WHOLE = "a whole number of at least"
_PER_AXIS = "a list with a number or [before, after] for each spatial axis"

Integer = Annotated[int, accept(_whole, "a whole number")]
Natural = Annotated[int, accept(_natural, f"{_WHOLE} 0")]
Count = Annotated[int, accept(_count, f"{_WHOLE} 1")]
Number = Annotated[float, accept(_number, "a number")]
Positive = Annotated[float, accept(_positive, "a number above 0")]
Rate = Annotated[
    float, accept(_number_where(lambda x: 0 <= x < 1), "a number of at least 0 and below 1")
]
Fraction = Annotated[float, accept(_number_where(lambda x: 0 <= x <= 1), "a number from 0 to 1")]
Flag = Annotated[bool, accept(_flag, "true or false", _flag_helps)]
Numbers = Annotated[
    float | tuple[float, ...],
    accept(partial(_one_or_each, _number), "a number, or a list with one for each channel"),
]
Positives = Annotated[
    float | tuple[float, ...],
    accept(
        partial(_one_or_each, _positive), "a number above 0, or a list with one for each channel"
    ),
]
Sides = Annotated[
    int | tuple[int, ...],
    accept(_sides, f"{_WHOLE} 1, or a list with one for each spatial axis"),
]
Pair = Annotated[tuple[int, int], accept(_pair, "[before, after], two whole numbers of at least 0")]
Pads = Annotated[int | tuple[AxisPads, ...], accept(_pads, f"{_WHOLE} 0, or {_PER_AXIS}")]
Padding = Annotated[
    str | int | tuple[AxisPads, ...],
    accept(
        _padding,
        f"`same`, `valid`, `symmetric`, {_WHOLE} 0, or {_PER_AXIS}",
        _padding_helps,
        PADDINGS,
    ),
]
Shape = Annotated[
    tuple[int, ...], accept(partial(_each, _count), "a list of whole numbers of at least 1")
]
Dimensions = Annotated[
    tuple[int, ...],
    accept(_dimensions, "a list of whole numbers of at least 1, of which one may be -1"),
]


def sides(value: int | tuple[int, ...], rank: int, attribute: str = "") -> tuple[int, ...]:
    """One number for each of `rank` spatial axes.

    Raises `ShapeError` (`attribute-rank`) where a tuple has more or fewer; `attribute` is named.
    """
    if isinstance(value, int):
        return (value,) * rank
    _require_rank(value, rank, attribute)
    return value


def axis_pads(
    value: int | tuple[AxisPads, ...], rank: int, attribute: str = ""
) -> tuple[tuple[int, int], ...]:
    """(before, after) for each of `rank` spatial axes. Raises `ShapeError` as `sides` does."""
    if isinstance(value, int):
        return ((value, value),) * rank
    _require_rank(value, rank, attribute)
    return tuple([(pads, pads) if isinstance(pads, int) else pads for pads in value])


def _require_rank(value: tuple[object, ...], rank: int, attribute: str) -> None:
    if len(value) != rank:
        subject = f"`{attribute}`: " if attribute else ""
        numbers = (
            "1 number, for the one spatial axis"
            if rank == 1
            else f"{rank} numbers, one for each spatial axis"
        )
        raise ShapeError("attribute-rank", f"{subject}expected {numbers}, found {len(value)}")
