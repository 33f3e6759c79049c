"""The functions of the language that Python lacks, as they stand in emitted source.

They are printed as they are here, without their annotations, and do what `archc.expressions` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def round_to(x: float, d: int = 8) -> int:
    """The multiple of d nearest to x, at least d."""
    return max(d, int(x + d / 2) // d * d)


def divisible(x: float, d: int = 8) -> int:
    """The multiple of d nearest to x, at least d and at least 90 % of x."""
    rounded = round_to(x, d)
    return rounded if rounded >= 0.9 * x else rounded + d


def letter(n: int) -> str:
    """The n-th of a, b, …, z, aa, ab, …, from 0."""
    letters = ""
    while n >= 0:
        n, place = divmod(n, 26)
        letters = chr(ord("a") + place) + letters
        n -= 1
    return letters


def unique(items: Iterable[object]) -> tuple[object, ...]:
    """The items without those that were there before."""
    found: list[object] = []
    for item in items:
        if item not in found:
            found.append(item)
    return tuple(found)


def count(items: Sequence[object], x: object) -> int:
    """How often x is among the items."""
    return items.count(x)
