"""Choices that are quick to draw and shrink towards the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

_BELOW = tuple(st.integers(0, most) for most in range(400))
"""A spec takes hundreds of draws: the strategies are made once."""


class Chooser:
    """Chooses by what hypothesis draws."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def pick(self, *choices: T) -> T:
        """One of the choices."""
        return choices[self._draw(_BELOW[len(choices) - 1])] if len(choices) > 1 else choices[0]

    def chance(self, one_in: int) -> bool:
        """True one time in so many; shrinks to False."""
        return self._draw(_BELOW[one_in - 1]) == one_in - 1

    def more(self, mean: int) -> bool:
        """Whether to go on: about so many times; shrinks to an end."""
        return self._draw(_BELOW[mean]) != 0
