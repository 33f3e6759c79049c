"""A sweep: every variant of a product of knobs with its costs, as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from archc.analyses import analyse
from archc.api import Spec
from archc.diagnostics import CompileError
from archc.explore.engines import Engines
from archc.explore.knobs import Knob
from archc.explore.sample import shuffled
from archc.explore.walk import Point
from archc.layers import TensorShape


@dataclass(frozen=True)
class Sweep:
    """The variants of a spec over the product of some knobs, the last knob the fastest.

    Points come one at a time, whatever their number: memory stays constant. A point has the
    same totals as `analyse(spec.with_(its values).graph())`. Points are numbered from 0.
    """

    spec: Spec
    knobs: tuple[Knob, ...]

    @property
    def count(self) -> int:
        """The number of points."""
        return prod(len(knob.values) for knob in self.knobs)

    def __iter__(self) -> Iterator[Point]:
        """All points in order. Raises `CompileError` where a path leads nowhere."""
        axes = [knob.values for knob in self.knobs]
        step, at = self._engines.step, self.at
        places = [0] * len(axes)
        values = [axis[0] for axis in axes]
        changed: int | None = None
        while True:
            given = tuple(values)
            yield step(given, changed) or at(given)
            changed = len(axes) - 1
            while changed >= 0 and places[changed] == len(axes[changed]) - 1:
                places[changed] = 0
                values[changed] = axes[changed][0]
                changed -= 1
            if changed < 0:
                return
            places[changed] += 1
            values[changed] = axes[changed][places[changed]]

    def sample(self, size: int, seed: int = 0) -> Iterator[tuple[int, Point]]:
        """Points drawn at random, each with its number; none twice, so at most all of them."""
        for number in shuffled(self.count, size, seed):
            yield number, self.point(self.values_at(number))

    def values_at(self, number: int) -> tuple[object, ...]:
        """The knobs' values at the point of a number."""
        values: list[object] = []
        for knob in reversed(self.knobs):
            number, place = divmod(number, len(knob.values))
            values.append(knob.values[place])
        return tuple(reversed(values))

    def point(self, values: tuple[object, ...]) -> Point:
        """One point of any values, fast. Raises `CompileError` where a path leads nowhere."""
        return self._engines.step(values, None) or self.at(values)

    def variant(self, values: Sequence[object]) -> Spec:
        """The spec of one point. Raises `CompileError` where a path leads nowhere."""
        paths = [knob.path for knob in self.knobs]
        return self.spec.with_(dict(zip(paths, values, strict=True)))

    def at(self, values: tuple[object, ...]) -> Point:
        """One point, elaborated in full."""
        try:
            graph = self.variant(values).graph()
        except CompileError as problem:
            return Point(values, (0, 0, 0), (), problem.diagnostics, True)
        total = analyse(graph).total
        outputs = tuple([graph.nodes[output.node].shape for output in graph.outputs])
        totals = (total.params, total.trainable, total.macs)
        return Point(values, totals, tuple(map(TensorShape, outputs)), (), True)

    @cached_property
    def _engines(self) -> Engines:
        return Engines(self.spec, self.knobs)
