"""Variant after variant on one engine: each starts where it first differs from the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archc.diagnostics import Diagnostic
from archc.explore.costs import Totals
from archc.explore.engine import Engine
from archc.layers import TensorShape

MANY_LAYERS = 80_000
"""A network of more may be beyond what is elaborated, which only elaborating it tells."""


class Point(NamedTuple):
    """One variant: the knobs' values, its totals and output shapes, or why it is infeasible."""

    values: tuple[object, ...]
    totals: Totals
    outputs: tuple[TensorShape, ...]
    problems: tuple[Diagnostic, ...]
    exact: bool


class Walk:
    """Costs variants one after the other; what they share with the one before is kept.

    `axes` are the places of the engine's knobs among all knobs of the sweep.
    """

    def __init__(self, engine: Engine, axes: Sequence[int], total: int) -> None:
        self._engine = engine
        self._axes = None if len(axes) == total else tuple(axes)
        self._changed_from = _changed_from(engine, axes, total)
        self._names = engine.block_names
        count = len(engine.stages)
        self._states = [0] * (count + 1)
        self._totals: list[Totals] = [(0, 0, 0)] * (count + 1)
        self._made = [0] * (count + 1)
        self._lost = [False] * (count + 1)
        self._failed: tuple[int, tuple[Diagnostic, ...]] | None = None

    def step(self, values: tuple[object, ...], axis: int | None) -> Point:
        """The variant of these values, which agrees with the one before it up to the knob at
        `axis`; None where the one before it was another walk's, or there is none.
        """
        engine = self._engine
        first = 0 if axis is None else self._changed_from[axis]
        own = values if self._axes is None else tuple([values[place] for place in self._axes])
        if engine.forget_if_full():
            first = 0
        if self._failed is not None:
            if first > self._failed[0]:
                return Point(values, (0, 0, 0), (), self._failed[1], True)
            self._failed = None
        states, totals, made, lost = self._states, self._totals, self._made, self._lost
        for number in range(first, len(engine.stages)):
            entry = engine.carry_out(number, states[number], own)
            if entry.problems:
                self._failed = (number, entry.problems)
                return Point(values, (0, 0, 0), (), entry.problems, True)
            states[number + 1] = entry.state
            params, trainable, macs = totals[number]
            more = entry.totals
            totals[number + 1] = (params + more[0], trainable + more[1], macs + more[2])
            made[number + 1] = made[number] + entry.made
            lost[number + 1] = lost[number] or entry.lost
        outputs, loose = engine.end(states[-1])
        unsure = lost[-1] or loose or self._names.clash or made[-1] > MANY_LAYERS
        return Point(values, totals[-1], outputs, (), not unsure)


def _changed_from(engine: Engine, axes: Sequence[int], total: int) -> list[int]:
    """For each knob the first stage that a change of it, or of any later knob, reaches."""
    count = len(engine.stages)
    firsts = [count] * total
    for axis, first in zip(axes, engine.first_stages(), strict=True):
        firsts[axis] = first
    return [min(firsts[axis:]) for axis in range(total)]
