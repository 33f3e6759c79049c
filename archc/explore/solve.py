"""The setting that meets a budget: the largest that does not exceed it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, product
from math import prod

from archc.analyses.quantity import parse_quantity
from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic, SourceText, Span, one_of
from archc.explore.check import check_knobs
from archc.explore.columns import TOTALS
from archc.explore.dials import Dial, Rounding, roundings
from archc.explore.inner_roundings import InnerRounding, inner_roundings
from archc.explore.knobs import Knob
from archc.explore.sweep import Sweep
from archc.explore.walk import Point
from archc.source.spelled import spelled_value

EXHAUSTIVE = 4_000
"""Combinations that are all tried; of more, a grid is, and then what lies around its best."""

KEPT = 8
"""How many of the best of a grid are looked around."""

Places = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A budget: a cost of a row, and what it may be at most."""

    name: str
    most: int
    text: str


@dataclass(frozen=True)
class Solution:
    """The settings found, what they come to, and what was rounded on the way.

    `roundings` are those of the settings, `inner_roundings` those that the spec's expressions
    made of them. `tried` of `combinations` were carried out: all of them where that was feasible.
    """

    settings: dict[str, object]
    point: Point
    roundings: tuple[Rounding, ...]
    inner_roundings: tuple[InnerRounding, ...]
    tried: int
    combinations: int

    @property
    def costs(self) -> tuple[int, ...]:
        """What the settings cost, in the order of `TOTALS`."""
        return tuple([_of(self.point, name) for name in TOTALS])


def parse_target(text: str) -> Target:
    """`macs=1.8G`. Raises `CompileError` (`target`)."""
    name, equals, given = text.partition("=")
    source = SourceText(f"--target {text}", text)
    if name.strip() not in TOTALS:
        span = Span(source, 0, max(1, len(name)))
        helps = (one_of(name.strip(), TOTALS, "costs"),)
        raise CompileError(
            [Diagnostic("target", f"unknown cost `{name.strip()}`", span, helps=helps)]
        )
    quantity = parse_quantity(given.strip())
    if not equals or quantity is None or quantity.value < 1:
        span = Span(source, len(name) + 1, max(len(text), len(name) + 2))
        message = (
            f"expected a quantity such as 1.8G, found `{given.strip()}`"
            if equals
            else (f"expected a cost and a quantity, such as `{name.strip()}=1.8G`")
        )
        raise CompileError(
            [Diagnostic("target", message, span if equals else Span(source, 0, len(text)))]
        )
    return Target(name.strip(), int(quantity.value), text)


def solve(spec: Spec, dials: Sequence[Dial], targets: Sequence[Target]) -> Solution:
    """Of all settings that exceed no target, the one with the most of the first target's cost.

    Of equals, the one with the smallest settings, the first dial's first. Up to `EXHAUSTIVE`
    combinations are all tried, so that nothing need be monotone. Raises `CompileError`
    (`target`) where nothing meets the targets, or all that there is stays below the first.
    """
    return _Search(spec, dials, targets).solution()


class _Search:
    def __init__(self, spec: Spec, dials: Sequence[Dial], targets: Sequence[Target]) -> None:
        paths = [path for dial in dials for path in dial.paths]
        first = [value for dial in dials for value in dial.settings[0]]
        knobs = tuple([Knob(p, (v,)) for p, v in zip(paths, first, strict=True)])
        check_knobs(spec, knobs)
        self._spec, self._dials, self._targets = spec, tuple(dials), tuple(targets)
        self._sweep = Sweep(
            spec, tuple([self._knob(d, i) for d in dials for i in range(len(d.paths))])
        )
        self._sizes = [len(dial.settings) for dial in dials]
        self._known: dict[Places, Point] = {}
        # Fewer in each direction where there are more of these, or their product is too much.
        self._ratio = {1: 8, 2: 4}.get(len(dials), 2)

    @staticmethod
    def _knob(dial: Dial, number: int) -> Knob:
        values = dict.fromkeys(settings[number] for settings in dial.settings)
        return Knob(dial.paths[number], tuple(values))

    def solution(self) -> Solution:
        if prod(self._sizes) <= EXHAUSTIVE:
            self._try(product(*map(range, self._sizes)))
        else:
            self._refine()
        best = self._best(1)
        if not best or self._all_below():
            raise self._impossible()
        places = best[0]
        told = [r for d, p in zip(self._dials, places, strict=True) for r in roundings(d, p)]
        point = self._known[places]
        settings = dict(zip([knob.path for knob in self._sweep.knobs], point.values, strict=True))
        inner = inner_roundings(self._spec.with_(settings))
        return Solution(settings, point, tuple(told), inner, len(self._known), prod(self._sizes))

    def _try(self, candidates: Iterable[Places]) -> bool:
        """Carry out what was not yet; whether there was any such."""
        before = len(self._known)
        for places in candidates:
            if places not in self._known:
                self._known[places] = self._sweep.point(self._values(places))
        return len(self._known) > before

    def _values(self, places: Places) -> tuple[object, ...]:
        parts = zip(self._dials, places, strict=True)
        return tuple([value for dial, place in parts for value in dial.settings[place]])

    def _refine(self) -> None:
        """A grid over everything, then ever finer ones around its best, down to every place."""
        steps = self._first_steps()
        self._try(
            product(*[_grid(size, step) for size, step in zip(self._sizes, steps, strict=True)])
        )
        while max(steps) > 1:
            finer = [max(1, step // self._ratio) for step in steps]
            for centre in self._promising():
                around = zip(centre, self._sizes, steps, finer, strict=True)
                axes = [_near(place, size, step, by) for place, size, step, by in around]
                self._try(product(*axes))
            steps = finer
        # What is left to gain lies beside the best, if nothing jumps.
        while self._try(chain(*[product(*self._beside(each)) for each in self._promising()])):
            pass

    def _first_steps(self) -> list[int]:
        """Steps of a first grid of about `EXHAUSTIVE / 4` combinations."""
        each = max(3, int((EXHAUSTIVE / 4) ** (1 / len(self._sizes))))
        return [max(1, -(-size // each)) for size in self._sizes]

    def _beside(self, places: Places) -> list[range]:
        return [
            range(max(0, p - 1), min(s, p + 2)) for p, s in zip(places, self._sizes, strict=True)
        ]

    def _promising(self) -> list[Places]:
        """The best that meet the targets, and the nearest of those that do not."""
        return [*self._best(KEPT), *self._nearest(KEPT)]

    def _best(self, count: int) -> list[Places]:
        meeting = (places for places, point in self._known.items() if self._meets(point))
        return heapq.nsmallest(count, meeting, key=lambda p: (-self._cost(self._known[p]), p))

    def _nearest(self, count: int) -> list[Places]:
        above = (
            p for p, point in self._known.items() if not point.problems and not self._meets(point)
        )
        return heapq.nsmallest(count, above, key=lambda p: (self._excess(self._known[p]), p))

    def _meets(self, point: Point) -> bool:
        return not point.problems and self._excess(point) <= 0

    def _excess(self, point: Point) -> float:
        """By how much of a target the worst is exceeded."""
        return max(_of(point, target.name) / target.most - 1 for target in self._targets)

    def _cost(self, point: Point) -> int:
        return _of(point, self._targets[0].name)

    def _all_below(self) -> bool:
        """Whether nothing reaches any target: the budget can't be spent."""
        feasible = [point for point in self._known.values() if not point.problems]
        return all(
            max(_of(point, target.name) for point in feasible) < target.most
            for target in self._targets
        )

    def _impossible(self) -> CompileError:
        feasible = {places: p for places, p in self._known.items() if not p.problems}
        if not feasible:
            problem = next(iter(self._known.values())).problems[0]
            message = "no setting makes a network"
            return CompileError([Diagnostic("target", message, notes=(problem.message,))])
        least = {t: min(_of(p, t.name) for p in feasible.values()) for t in self._targets}
        wrong = next((t for t in self._targets if least[t] > t.most), None)
        if wrong is None and not self._best(1):
            return self._never_together(feasible)
        target = wrong or self._targets[0]
        ends = sorted(feasible, key=lambda places: (_of(feasible[places], target.name), places))
        notes = [
            f"the {what} is {_of(feasible[end], target.name):,}, at {self._spelled(end)}"
            for what, end in (("least", ends[0]), ("most", ends[-1]))
        ]
        infeasible = len(self._known) - len(feasible)
        if infeasible:
            reason = next(p for p in self._known.values() if p.problems).problems[0].message
            notes.append(f"{infeasible:,} settings make no network: {reason}")
        if wrong is not None:
            message = f"no setting comes to {target.name} of {target.most:,} or less"
        else:
            message = f"no setting comes up to {target.name} of {target.most:,}"
        help_line = "give a wider range, or vary something else"
        return _impossible(target, message, tuple(notes), help_line)

    def _never_together(self, feasible: dict[Places, Point]) -> CompileError:
        nearest = min(feasible, key=lambda places: (self._excess(feasible[places]), places))
        reached = ", ".join(f"{t.name} {_of(feasible[nearest], t.name):,}" for t in self._targets)
        notes = (f"the nearest is {reached}, at {self._spelled(nearest)}",)
        message = "each target can be met, but no setting meets them all"
        return _impossible(self._targets[0], message, notes, "give another range, or fewer targets")

    def _spelled(self, places: Places) -> str:
        values = self._values(places)
        pairs = zip(self._sweep.knobs, values, strict=True)
        return " ".join(f"{knob.path}={spelled_value(value)}" for knob, value in pairs)


def _impossible(
    target: Target, message: str, notes: tuple[str, ...], help_line: str
) -> CompileError:
    span = Span(SourceText(f"--target {target.text}", target.text), 0, len(target.text))
    return CompileError([Diagnostic("target", message, span, notes=notes, helps=(help_line,))])


def _of(point: Point, name: str) -> int:
    value = TOTALS[name](point)
    assert isinstance(value, int)
    return value


def _grid(size: int, step: int) -> list[int]:
    """Every so many places, both ends among them."""
    return sorted({*range(0, size, step), size - 1})


def _near(place: int, size: int, reach: int, step: int) -> list[int]:
    """The places around one, up to the next of the grid before, in finer steps."""
    low, high = max(0, place - reach), min(size - 1, place + reach)
    return sorted({*range(low, high + 1, step), high, place})
