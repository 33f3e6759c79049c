"""The values of expressions, the bounds they stay in, and the state of one evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import Protocol, TypeAlias

from archc.expressions.errors import limit
from archc.expressions.limits import (
    MAX_CHARACTERS,
    MAX_ELEMENTS,
    MAX_INTEGER,
    MAX_LIST_NESTING,
    MAX_STEPS,
)


class Attributes(Protocol):
    """An opaque value with attributes: a tensor, a group, a row."""

    @property
    def attribute_names(self) -> Iterable[str]: ...

    def attribute(self, name: str) -> object:
        """The value of an attribute. Raises `KeyError` if there is none of that name."""
        ...


Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | Attributes | None"
Lookup: TypeAlias = Callable[[str], object]

PLAIN_TYPES: frozenset[type] = frozenset({int, float, bool, str, tuple, type(None)})


class Evaluation:
    """One evaluation: where names come from, the steps that are left, the bound variables."""

    __slots__ = ("_admitted", "lookup", "steps", "variables")

    def __init__(self, lookup: Lookup, variables: int, steps: int = MAX_STEPS) -> None:
        self.lookup = lookup
        self.steps = steps
        self.variables: list[object] = [None] * variables if variables else _NO_VARIABLES
        self._admitted: dict[int, tuple[object, ...]] | None = None

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise limit(f"expected at most {MAX_STEPS:,} steps, found more")

    def admit(self, value: object) -> object:
        """The value that a lookup gave, if it is within bounds. Raises `OperationError` if not."""
        kind = type(value)
        if kind is tuple:
            return self._admit_list(value)  # type: ignore[arg-type]
        if kind is str:
            return bounded_text(value)  # type: ignore[arg-type]
        return bounded(value) if isinstance(value, int | float) else value

    def _admit_list(self, items: tuple[object, ...]) -> tuple[object, ...]:
        # A list that a comprehension looks up again and again is measured once. It is kept, so
        # that no other list takes its identity.
        if self._admitted is None:
            self._admitted = {}
        if id(items) not in self._admitted:
            self.spend(weigh(items))
            for item in items:
                if type(item) is not int or not -MAX_INTEGER <= item <= MAX_INTEGER:
                    self.admit(item)
            self._admitted[id(items)] = items
        return items

    def listed(self, items: tuple[object, ...]) -> tuple[object, ...]:
        """A list that an operation made, if it is within bounds. Raises `OperationError` if not."""
        self.spend(weigh(items))
        return items


_NO_VARIABLES: list[object] = []


def bounded(number: int | float) -> int | float:
    if isinstance(number, int):
        if -MAX_INTEGER <= number <= MAX_INTEGER:
            return number
        raise limit("expected a whole number below 2**63, found a larger one")
    if -inf < number < inf:
        return number
    raise limit("expected a finite number, found one that is infinite or no number")


def bounded_text(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise limit(
            f"expected a text of at most {MAX_CHARACTERS:,} characters, found {len(text):,}"
        )
    return text


def bounded_length(length: int) -> None:
    if length > MAX_ELEMENTS:
        raise limit(f"expected a list of at most {MAX_ELEMENTS:,} elements, found more")


def weigh(items: tuple[object, ...], depth: int = 1) -> int:
    """The elements of a list, those of lists inside it included.

    Raises `OperationError` beyond `MAX_ELEMENTS` and `MAX_LIST_NESTING`.
    """
    weight = len(items)
    bounded_length(weight)
    if depth > MAX_LIST_NESTING:
        raise limit(f"expected at most {MAX_LIST_NESTING} lists inside one another, found more")
    if tuple not in map(type, items):
        return weight
    for item in items:
        if type(item) is tuple:
            weight += weigh(item, depth + 1)
            bounded_length(weight)
    return weight


def describe(value: object) -> str:
    """A value in a message: `the number 3`, ``the text `relu` ``."""
    if value is None:
        return "`None`"
    if isinstance(value, bool):
        return f"`{value}`"
    if isinstance(value, int | float):
        return f"the number {value}" if abs(value) <= MAX_INTEGER else "a very large number"
    if isinstance(value, str):
        return f"the text `{_shortened(value)}`"
    if isinstance(value, tuple):
        return f"a list of {len(value)}"
    names = ", ".join(f"`.{name}`" for name in getattr(value, "attribute_names", ()))
    return f"a value that has {names}" if names else "a value without arithmetic"


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
