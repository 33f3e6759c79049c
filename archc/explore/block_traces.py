"""Blocks as functions of their numbers, for the recordings of units that call them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from archc.elaborate.program import Block
from archc.elaborate.scope import POISON, Stream, Tensor
from archc.explore.costs import Remembered
from archc.explore.forms import opened, refilled
from archc.explore.recipes import Recipe, compiled
from archc.explore.traced import (
    NotTraceable,
    Number,
    Recording,
    is_traced,
    plain,
)
from archc.layers import TensorShape

MAX_TRACES = 32
"""Traces of one block that differ only in what they decide."""


class BlockCall(NamedTuple):
    """A block with the args and the tensors that it gets; `inputs` are all of its inputs."""

    block: Block
    arguments: dict[str, object]
    inputs: dict[str, Tensor]
    stream: Stream

    @property
    def tensors(self) -> Stream:
        """The tensors that the block can see, each once."""
        return tuple({t.node: t for t in (*self.inputs.values(), *self.stream)}.values())

    def parts(self) -> tuple[Hashable, list[Number]]:
        """What is the same in all calls that one trace can serve, and the traced numbers."""
        numbers: list[Number] = []
        tensors = self.tensors
        if POISON in self.stream or POISON in self.inputs.values():
            raise NotTraceable
        places = {tensor.node: place for place, tensor in enumerate(tensors)}
        given = tuple([(n, opened(v, is_traced, numbers)) for n, v in self.arguments.items()])
        shapes = tuple([opened((*(t.shape or ()), t.stride), is_traced, numbers) for t in tensors])
        inputs = tuple([(name, places[t.node]) for name, t in self.inputs.items()])
        stream = tuple([places[t.node] for t in self.stream])
        return (self.block, given, shapes, inputs, stream), numbers

    def refilled(
        self, numbers: Sequence[Number], tensor: Callable[[TensorShape, int], Tensor]
    ) -> BlockCall:
        """The same call with other traced numbers, on new tensors."""
        others = iter(numbers)
        given = {n: refilled(v, is_traced, others) for n, v in self.arguments.items()}
        made: dict[int, Tensor] = {}
        for each in self.tensors:
            *sides, stride = [_number(n, others) for n in (*(each.shape or ()), each.stride)]
            made[each.node] = tensor(TensorShape(sides), stride)
        inputs = {name: made[each.node] for name, each in self.inputs.items()}
        return BlockCall(self.block, given, inputs, tuple([made[t.node] for t in self.stream]))


class BlockTrace(NamedTuple):
    """What a block comes to, its traced numbers left open, and the function that gives those."""

    recipe: Recipe
    remembered: Remembered

    def applied(self, recording: Recording, operands: Sequence[Number]) -> Remembered | None:
        """What the block comes to for these numbers; None where it would decide otherwise."""
        values = self.recipe(*[plain(operand) for operand in operands])
        if values is None:
            return None
        others = iter(recording.called(self.recipe, operands, values))
        return _with(self.remembered, lambda number: _number(number, others))


BlockTraces: TypeAlias = dict[Hashable, list[BlockTrace]]


def block_trace(recording: Recording, inputs: Sequence[str], remembered: Remembered) -> BlockTrace:
    """The trace of a block that came to this, in a recording with inputs of these names."""
    results: list[Number] = []
    _with(remembered, lambda number: _noted(number, results))
    return BlockTrace(compiled(recording, inputs, results), remembered)


def _with(remembered: Remembered, change: Callable[[int], int]) -> Remembered:
    """All numbers of what a block came to, changed in order."""
    params, trainable, macs = [change(number) for number in remembered.totals]
    made = change(remembered.made)
    results = [
        result
        if isinstance(result, int)
        else (TensorShape([change(side) for side in result[0]]), change(result[1]), result[2])
        for result in remembered.results
    ]
    return replace(remembered, totals=(params, trainable, macs), made=made, results=tuple(results))


def _noted(number: int, found: list[Number]) -> int:
    if is_traced(number):
        found.append(number)
    return number


def _number(number: int, others: Iterator[Number]) -> int:
    return next(others) if is_traced(number) else number  # type: ignore[return-value]
