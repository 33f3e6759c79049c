"""Numbers that remember how they came to be, and the notes of all that was decided by them.

A `Recording` hands out traced numbers for what varies. Whatever is computed from them is traced
again; wherever one decides something (a comparison, a truth value) the recording notes what came
of it. So what was carried out with traced numbers holds, as a formula, for all numbers for which
the same is decided.

A traced number is an `int` or a `float` for whoever asks for its type, but its own value is
nonsense: what reads it past the methods below, as C code may, fails or comes to nonsense as well,
which shows at once against the same thing done with plain numbers. One thing does not ask these
methods: a plain `float` on the left of a traced whole number; the operators of the language see
to that.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import NoReturn, Self, TypeAlias, cast

from archc.explore.lines import Call, Guard, Line

Number: TypeAlias = int | float

Method: TypeAlias = Callable[..., int]

_NONSENSE = -(10**400)
"""No float can be as small, no range, index or list as long."""


class NotTraceable(Exception):
    """A traced number was used for what no formula can tell."""


class Recording:
    """What was computed and decided, in order."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._names: dict[tuple[str, tuple[str, ...]], str] = {}
        self._decided: dict[str, bool] = {}
        self._negations: dict[str, TracedInt] = {}
        self._calls: dict[tuple[object, tuple[str, ...]], Call] = {}

    def number(self, name: str, value: Number) -> Number:
        """A traced number that stands for an input of this name."""
        if isinstance(value, int):
            return TracedInt(value, name, self)
        return TracedFloat(value, name, self)

    def computed(self, value: object, template: str, *operands: object) -> Number:
        """The traced result of an operation whose result is `value` here."""
        if type(value) is not int and type(value) is not float:
            raise NotTraceable
        return self.number(self._name(template, tuple([self.code_of(o) for o in operands])), value)

    def shifted(self, number: TracedInt, by: int) -> TracedInt:
        """A traced whole number and so many more."""
        more = number.more + by
        name = self._name("({} + {})", (number.base, self.code_of(more))) if more else number.base
        return TracedInt(number.value + by, name, self, number.base, more)

    def negated(self, number: TracedInt) -> TracedInt:
        """A traced whole number with the other sign; the one that it was made of, if any."""
        made = TracedInt(-number.value, self._name("(-{})", (number.name,)), self)
        self._negations[made.name] = number
        return self._negations.get(number.name, made)

    def called(
        self, recipe: Callable[..., object], operands: Sequence[object], values: Sequence[Number]
    ) -> list[Number]:
        """The traced results of another recording's function, which are these values here."""
        codes = tuple([self.code_of(o) for o in operands])
        call = self._calls.get((recipe, codes))
        if call is None:
            call = Call(f"r{len(self._calls)}", recipe, codes, len(values))
            self._calls[recipe, codes] = call
            self.lines.append(call)
        return [self.number(n, v) for n, v in zip(call.names, values, strict=True)]

    def code_of(self, value: object) -> str:
        """How a number is written in a formula. Raises `NotTraceable` for what is no number, and
        for a number of another recording.
        """
        if isinstance(value, TracedInt | TracedFloat):
            if value.recording is not self:
                raise NotTraceable
            return value.name
        if not isinstance(value, int | float) or value != value:
            raise NotTraceable
        return repr(value) if value >= 0 else f"({value!r})"

    def _name(self, template: str, codes: tuple[str, ...]) -> str:
        """The name of what an operation gives; the same for the same."""
        name = self._names.get((template, codes))
        if name is None:
            name = self._names[template, codes] = f"t{len(self._names)}"
            self.lines.append(Line(name, template, codes))
        return name

    def decide(self, holds: bool, template: str, *operands: object) -> bool:
        """Note that something holds, or does not; gives which."""
        codes = tuple([self.code_of(o) for o in operands])
        condition = template.format(*codes)
        if condition not in self._decided:
            self._decided[condition] = holds
            self.lines.append(Guard("", template if holds else f"not {template}", codes))
        return holds


def is_traced(value: object) -> bool:
    """Whether a value is a traced number."""
    return isinstance(value, TracedInt | TracedFloat)


def traced(recording: Recording, numbers: Sequence[Number], prefix: str) -> dict[str, Number]:
    """Traced numbers for these inputs, by their names."""
    names = [f"{prefix}{place}" for place in range(len(numbers))]
    return {name: recording.number(name, n) for name, n in zip(names, numbers, strict=True)}


AnyTraced: TypeAlias = "TracedInt | TracedFloat"


def plain(value: Number) -> Number:
    """The number that a traced one stands for, here; any other as it is."""
    return value.value if isinstance(value, TracedInt | TracedFloat) else value


def _computing(operate: Callable[..., object], sign: str) -> tuple[Method, Method]:
    """A method for an operator, and the one for a traced right side."""
    template = f"({{}} {sign} {{}})"

    def left(self: AnyTraced, other: object) -> Number:
        if not isinstance(other, int | float):
            return cast(Number, NotImplemented)
        value = operate(self.value, plain(other))
        return self.recording.computed(value, template, self, other)

    def right(self: AnyTraced, other: object) -> Number:
        if not isinstance(other, int | float):
            return cast(Number, NotImplemented)
        value = operate(plain(other), self.value)
        return self.recording.computed(value, template, other, self)

    return cast(Method, left), cast(Method, right)


def _comparing(operate: Callable[..., object], sign: str) -> Method:
    template = f"({{}} {sign} {{}})"

    def compare(self: AnyTraced, other: object) -> bool:
        if not isinstance(other, int | float):
            return cast(bool, NotImplemented)
        known = self.difference(other)
        if known is not None:
            return bool(operate(known, 0))
        return self.recording.decide(bool(operate(self.value, plain(other))), template, self, other)

    return compare


def _converting(convert: Callable[..., object], template: str) -> Method:
    def method(self: AnyTraced) -> Number:
        return self.recording.computed(convert(self.value), template, self)

    return cast(Method, method)


def _refusing(_self: object, *_others: object) -> NoReturn:
    raise NotTraceable


class _Traced:
    """What traced whole and other numbers have in common."""

    __slots__ = ()

    value: Number
    name: str
    recording: Recording

    __add__, __radd__ = _computing(operator.add, "+")
    __sub__, __rsub__ = _computing(operator.sub, "-")
    __mul__, __rmul__ = _computing(operator.mul, "*")
    __truediv__, __rtruediv__ = _computing(operator.truediv, "/")
    __floordiv__, __rfloordiv__ = _computing(operator.floordiv, "//")
    __mod__, __rmod__ = _computing(operator.mod, "%")
    __pow__, __rpow__ = _computing(operator.pow, "**")
    __lt__ = _comparing(operator.lt, "<")
    __le__ = _comparing(operator.le, "<=")
    __gt__ = _comparing(operator.gt, ">")
    __ge__ = _comparing(operator.ge, ">=")
    __eq__ = _comparing(operator.eq, "==")  # type: ignore[assignment]
    __ne__ = _comparing(operator.ne, "!=")  # type: ignore[assignment]
    __neg__ = _converting(operator.neg, "(-{})")
    __abs__ = _converting(abs, "abs({})")
    __trunc__ = _converting(math.trunc, "trunc({})")
    __floor__ = _converting(math.floor, "floor({})")
    __ceil__ = _converting(math.ceil, "ceil({})")
    # A memory that outlives the recording must not keep a traced number.
    __hash__ = _refusing
    __divmod__ = __rdivmod__ = __index__ = __reduce__ = _refusing
    __and__ = __or__ = __xor__ = __lshift__ = __rshift__ = __invert__ = _refusing

    def difference(self, other: int | float) -> int | float | None:
        """How much more it is than another number, where that is known whatever it is."""
        if isinstance(other, TracedInt | TracedFloat) and other.name == self.name:
            return 0
        return None

    def applied(
        self, name: str, function: Callable[..., float], numbers: Sequence[Number]
    ) -> Number:
        """What a function of `math`, which never asks, makes of numbers, one of them this."""
        template = f"{name}({', '.join(['{}'] * len(numbers))})"
        return self.recording.computed(function(*map(plain, numbers)), template, *numbers)

    def __pos__(self) -> Self:
        return self

    def __round__(self, decimals: int | None = None) -> object:
        if decimals is None:
            return self.recording.computed(round(self.value), "round({})", self)
        places = int(decimals)
        return self.recording.computed(round(self.value, places), "round({}, {})", self, places)

    def __bool__(self) -> bool:
        return self.recording.decide(bool(self.value), "({} != 0)", self)

    def __int__(self) -> int:
        """A plain whole number: what is recorded holds for this number alone."""
        self.recording.decide(True, "({} == {})", self, self.value)
        return int(self.value)

    def __float__(self) -> float:
        """A plain number: what is recorded holds for this number alone."""
        self.recording.decide(True, "({} == {})", self, self.value)
        return float(self.value)

    def __str__(self) -> str:
        int(self)
        return str(self.value)

    def __repr__(self) -> str:
        return f"<{self.name}, here {self.value}>"

    def __format__(self, specification: str) -> str:
        # Python's own f-strings make names and messages, of which costs know nothing.
        return f"<{self.name}>"


class TracedInt(_Traced, int):  # type: ignore[misc]
    """A traced whole number: `base` and so many more. What cancels out is not recorded."""

    value: int
    base: str
    more: int

    def __new__(
        cls, value: int, name: str, recording: Recording, base: str | None = None, more: int = 0
    ) -> TracedInt:
        number = int.__new__(cls, _NONSENSE)
        number.value, number.name, number.recording = value, name, recording
        number.base, number.more = base or name, more
        return number

    def __add__(self, other: object) -> int:
        return self._shifted(other) if type(other) is int else super().__add__(other)

    def __radd__(self, other: object) -> int:
        return self._shifted(other) if type(other) is int else super().__radd__(other)

    def __sub__(self, other: object) -> int:
        if type(other) is int:
            return self._shifted(-other)
        if isinstance(other, TracedInt) and other.base == self.base:
            return self.more - other.more
        return super().__sub__(other)

    def __mul__(self, other: object) -> int:
        return self._times(other) if type(other) is int else super().__mul__(other)

    def __rmul__(self, other: object) -> int:
        return self._times(other) if type(other) is int else super().__rmul__(other)

    def __floordiv__(self, other: object) -> int:
        return self if type(other) is int and other == 1 else super().__floordiv__(other)

    def __mod__(self, other: object) -> int:
        return 0 if type(other) is int and other == 1 else super().__mod__(other)

    def difference(self, other: int | float) -> int | float | None:
        if isinstance(other, TracedInt):
            return self.more - other.more if other.base == self.base else None
        if type(other) is float and abs(other) == math.inf:
            return -other
        return super().difference(other)

    def __neg__(self) -> int:
        return self.recording.negated(self)

    def _shifted(self, by: int) -> TracedInt:
        if by == 0:
            return self
        return self.recording.shifted(self, by)

    def _times(self, factor: int) -> int:
        if factor == 0:
            return 0
        if factor == 1:
            return self
        return super().__mul__(factor)


class TracedFloat(_Traced, float):  # type: ignore[misc]
    """A traced number that is no whole number by its type."""

    value: float

    def __new__(cls, value: float, name: str, recording: Recording) -> TracedFloat:
        number = float.__new__(cls, math.nan)
        number.value, number.name, number.recording = value, name, recording
        return number

    def is_integer(self) -> bool:
        return self.recording.decide(self.value.is_integer(), "{}.is_integer()", self)
