"""The types of values, which are a part of every key: 1, 1.0 and true are equal to Python."""

from __future__ import annotations

from collections.abc import Iterable

_MAX_LIST = 256
"""Longer lists take longer to look up than what is kept by them takes to be made anew."""

_PLAIN: frozenset[object] = frozenset({int, float, bool, str, type(None)})


def kinds_of(values: Iterable[object]) -> tuple[object, ...] | None:
    """The types of values, of lists those of their items; None where nothing may be kept by them.

    That is where one is a long list, or not of Python's own types: it may be more than its value.
    """
    kinds: list[object] = []
    for value in values:
        kind: object = type(value)
        if type(value) is tuple:
            kind = kinds_of(value) if len(value) <= _MAX_LIST else None
            if kind is None:
                return None
        elif kind not in _PLAIN:
            return None
        kinds.append(kind)
    return tuple(kinds)
