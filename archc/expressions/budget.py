"""The steps that all expressions of one spec may take together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from archc.expressions.limits import MAX_STEPS_TOGETHER


class Budget:
    """How many steps are left to those who share them."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


SHARED: ContextVar[Budget | None] = ContextVar("shared_steps", default=None)
"""The steps that are shared at the moment; None where each evaluation has its own alone."""


@contextmanager
def shared_steps() -> Iterator[None]:
    """Within the block all evaluations together take at most `MAX_STEPS_TOGETHER` steps.

    A block inside a block shares the outer one's.
    """
    if SHARED.get() is not None:
        yield
        return
    token = SHARED.set(Budget(MAX_STEPS_TOGETHER))
    try:
        yield
    finally:
        SHARED.reset(token)
