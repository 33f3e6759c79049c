"""Choices that are quick to draw and shrink towards the first."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


@cache
def _up_to(most: int) -> st.SearchStrategy[int]:
    """A spec takes hundreds of draws: a strategy is made once."""
    return st.integers(0, most)


class Chooser:
    """Chooses by what hypothesis draws."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def pick(self, *choices: T) -> T:
        """One of the choices."""
        return choices[self._draw(_up_to(len(choices) - 1))] if len(choices) > 1 else choices[0]

    def chance(self, one_in: int) -> bool:
        """True one time in so many; shrinks to False."""
        return self._draw(_up_to(one_in - 1)) == one_in - 1

    def more(self, mean: int) -> bool:
        """Whether to go on: about so many times; shrinks to an end."""
        return self._draw(_up_to(mean)) != 0
