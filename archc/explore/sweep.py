"""A sweep: every variant of a product of knobs with its costs, as a stream."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from archc.analyses import analyse
from archc.api import Spec, setting
from archc.diagnostics import CompileError, SourceText
from archc.explore.engine import Engine
from archc.explore.knobs import Knob
from archc.explore.walk import Point, Walk, walk
from archc.layers import TensorShape
from archc.source import Node, compose
from archc.spec import Assembled


@dataclass(frozen=True)
class Sweep:
    """The variants of a spec over the product of some knobs, the last knob the fastest.

    Points come one at a time, whatever their number: memory stays constant. A point has the
    same totals as `analyse(spec.with_(its values).graph())`.
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
        engine = self._engine
        if engine is None:
            return (self.at(values) for values in _product(axes))
        return (point if point.exact else self.at(point.values) for point in walk(engine, axes))

    def sample(self, size: int, seed: int = 0) -> Iterator[Point]:
        """Points drawn at random, each by itself, so that one may come twice."""
        draw = random.Random(seed)
        engine = self._engine
        steps = Walk(engine) if engine is not None else None
        for _ in range(size):
            values = tuple([draw.choice(knob.values) for knob in self.knobs])
            point = steps.step(values, 0) if steps is not None else self.at(values)
            yield point if point.exact else self.at(values)

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
    def _engine(self) -> Engine | None:
        """The fast way, where each knob can be an expression; None where one can't.

        Raises `CompileError` where the spec, or a path, is wrong whatever the values.
        """
        first = [knob.values[0] for knob in self.knobs]
        names = [f"knob_{number}" for number in range(len(self.knobs))]
        try:
            return Engine(self._with_knobs(names), self._arg_names(names), first)
        except CompileError:
            # The spec as it is says whether the fault is in it or in the way it is varied.
            self.spec.graph()
            self.variant(first).assembled  # noqa: B018
            return None

    def _arg_names(self, names: list[str]) -> list[str]:
        args = self.spec.assembled.document.args
        paths = [knob.path.removeprefix("args.") for knob in self.knobs]
        return [path if path in args else name for path, name in zip(paths, names, strict=True)]

    def _with_knobs(self, names: list[str]) -> Assembled:
        """The spec with an arg of its own for each knob, and its use where the path leads."""
        own = self._arg_names(names)
        paths = {
            knob.path: name
            for knob, name, arg in zip(self.knobs, names, own, strict=True)
            if name == arg
        }
        settings = tuple([setting(path, f"={name}") for path, name in paths.items()])
        spec = replace(self.spec, settings=(*self.spec.settings, *settings))
        assembled = spec.assembled
        nothing = compose(SourceText("--vary", "null"))
        added: dict[str, Node] = dict.fromkeys(paths.values(), nothing)
        args = {**added, **assembled.document.args}
        document = assembled.document.model_copy(update={"args": args})
        return replace(assembled, document=document)


def _product(axes: Sequence[Sequence[object]]) -> Iterator[tuple[object, ...]]:
    """The product of the axes without holding them as `itertools.product` does."""
    places = [0] * len(axes)
    while True:
        yield tuple([axis[place] for axis, place in zip(axes, places, strict=True)])
        axis = len(axes) - 1
        while axis >= 0 and places[axis] == len(axes[axis]) - 1:
            places[axis] = 0
            axis -= 1
        if axis < 0:
            return
        places[axis] += 1
