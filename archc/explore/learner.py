"""What is learnt of something that is done again and again, and when it is believed.

The first times it is done in full. Then it is traced as well: what it did becomes a function of its
numbers, which serves wherever the same would be decided. A function is believed once it has agreed
with the thing itself on other numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from archc.explore.traced import Number

T = TypeVar("T")

WARM = 3
"""Times that something is done in full before it is traced."""

MAX_TRACES = 64
"""Traces of one thing: with more of them, doing it is no slower than asking them all."""

MAX_REFUSED = 4
"""Attempts at a trace that may fail."""


class Function(ABC, Generic[T]):
    """What something does, as a function of its numbers, where the same is decided."""

    __slots__ = ("believed",)

    def __init__(self) -> None:
        self.believed = False

    @abstractmethod
    def result(self, numbers: Sequence[Number]) -> tuple[T, bool] | None:
        """What it does with these, and whether that makes doing it superfluous; None where it
        would do it in another way.
        """


class Learner(Generic[T]):
    """The functions that were learnt of one thing, by what is the same wherever one serves.

    `contradicted` says that one once came to something else than the thing itself: then none is
    asked any more.
    """

    def __init__(self) -> None:
        self.contradicted = False
        self._known: dict[Hashable, list[Function[T]]] = {}
        self._times = 0
        self._room = MAX_TRACES
        self._refused = 0

    @property
    def has_given_up(self) -> bool:
        """Whether nothing was learnt, nor ever will be."""
        return self._room == 0 and not self._known

    def recall(self, key: Hashable, numbers: Sequence[Number]) -> T | None:
        """What comes of it, by a function that is believed; None where it must be done."""
        known = self._known.get(key)
        if known is None:
            return None
        for place, each in enumerate(known):
            answer = each.result(numbers)
            if answer is None:
                continue
            if place:
                known[place - 1 : place + 1] = [each, known[place - 1]]
            result, suffices = answer
            return result if each.believed and suffices else None
        return None

    def learn(
        self,
        key: Hashable,
        numbers: Sequence[Number],
        found: T,
        trace: Callable[[], tuple[Function[T], T | None]],
    ) -> None:
        """Learn from what came of it, done in full.

        `trace` gives a function and what it comes to with these numbers, or raises where there
        is none.
        """
        for each in self._known.get(key, ()):
            answer = each.result(numbers)
            if answer is not None:
                each.believed = found == answer[0]
                if not each.believed:
                    self._forget()
                return
        self._times += 1
        if self._times <= WARM or self._room == 0:
            return
        self._room -= 1
        try:
            learnt, here = trace()
        except Exception:
            # Whatever comes of nonsense: it only says that this can't be traced.
            here = None
        if here == found:
            self._known.setdefault(key, []).insert(0, learnt)
            return
        self._refused += 1
        if self._refused >= MAX_REFUSED:
            self._room = 0

    def _forget(self) -> None:
        """Ask no function any more."""
        self.contradicted = True
        self._room = 0
        self._known.clear()
