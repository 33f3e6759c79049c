"""A product of knobs, variant by variant, starting each where it first differs from the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archc.diagnostics import Diagnostic
from archc.explore.costs import Totals
from archc.explore.engine import Engine
from archc.layers import TensorShape


class Point(NamedTuple):
    """One variant: the knobs' values, its totals and output shapes, or why it is infeasible."""

    values: tuple[object, ...]
    totals: Totals
    outputs: tuple[TensorShape, ...]
    problems: tuple[Diagnostic, ...]
    exact: bool


class Walk:
    """Costs variants one after the other; what they share with the one before is kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        count = len(engine.stages)
        self._states = [0] * (count + 1)
        self._totals: list[Totals] = [(0, 0, 0)] * (count + 1)
        self._lost = [False] * (count + 1)
        self._failed: tuple[int, tuple[Diagnostic, ...]] | None = None

    def step(self, values: tuple[object, ...], first: int) -> Point:
        """The variant of these values, which agrees with the one before it up to stage `first`."""
        engine = self._engine
        if engine.forget_if_full():
            first, self._failed = 0, None
        if self._failed is not None:
            if first > self._failed[0]:
                return Point(values, (0, 0, 0), (), self._failed[1], True)
            self._failed = None
        states, totals, lost = self._states, self._totals, self._lost
        for number in range(first, len(engine.stages)):
            entry = engine.carry_out(number, states[number], values)
            if entry.problems:
                self._failed = (number, entry.problems)
                return Point(values, (0, 0, 0), (), entry.problems, True)
            states[number + 1] = entry.state
            params, trainable, macs = totals[number]
            more = entry.totals
            totals[number + 1] = (params + more[0], trainable + more[1], macs + more[2])
            lost[number + 1] = lost[number] or entry.lost
        outputs, loose = engine.end(states[-1])
        return Point(values, totals[-1], outputs, (), not (lost[-1] or loose))


def walk(engine: Engine, axes: Sequence[Sequence[object]]) -> Iterator[Point]:
    """Every variant of the product of the axes, the last axis the fastest, in constant memory."""
    steps = Walk(engine)
    changed_from = _changed_from(engine)
    places = [0] * len(axes)
    values = [axis[0] for axis in axes]
    first = 0
    while True:
        yield steps.step(tuple(values), first)
        axis = len(axes) - 1
        while axis >= 0 and places[axis] == len(axes[axis]) - 1:
            places[axis] = 0
            values[axis] = axes[axis][0]
            axis -= 1
        if axis < 0:
            return
        places[axis] += 1
        values[axis] = axes[axis][places[axis]]
        first = changed_from[axis]


def _changed_from(engine: Engine) -> list[int]:
    """For each axis the first stage that a change of it, or of any later axis, reaches."""
    firsts = engine.first_stages()
    return [min(firsts[axis:]) for axis in range(len(firsts))]
