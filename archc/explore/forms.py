"""Values apart: their form, which is the same in all that one trace serves, and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import TypeAlias

from archc.explore.traced import Number

IsOpen: TypeAlias = Callable[[object], bool]
"""Which values count as numbers that may be others."""


def varies(value: object) -> bool:
    """Whether a trace may leave a value open: only numbers, and `true` is none."""
    return type(value) is int or type(value) is float


def opened(value: object, is_open: IsOpen, numbers: list[Number]) -> Hashable:
    """The form of a value, whose open numbers are added to `numbers` in order.

    1, 1.0 and true have different forms.
    """
    if is_open(value):
        numbers.append(value)  # type: ignore[arg-type]
        return type(value)  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple([opened(item, is_open, numbers) for item in value])
    return type(value), value


def told_apart(value: object) -> Hashable:
    """A key of a value that 1, 1.0 and true, alone or in a list, do not share."""
    return opened(value, lambda _: False, [])


def refilled(value: object, is_open: IsOpen, others: Iterator[Number]) -> object:
    """The value with other open numbers."""
    if is_open(value):
        return next(others)
    if isinstance(value, tuple):
        return tuple([refilled(item, is_open, others) for item in value])
    return value
