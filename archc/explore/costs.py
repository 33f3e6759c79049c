"""Costs without nodes: an interpreter that counts, and remembers every block that it has seen.

A block knows its args and its inputs alone, so a block with the same args on inputs of the same
shapes costs the same and gives the same shapes, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn, TypeAlias

from archc.analyses.cost import NodeCost, layer_cost
from archc.diagnostics import CompileError, Findings, Span
from archc.elaborate.group_values import GroupValues
from archc.elaborate.instantiate import block_inputs
from archc.elaborate.interpret import Interpreter, Place
from archc.elaborate.limits import MAX_NODES
from archc.elaborate.network import Network, TooLarge
from archc.elaborate.program import Block, Groups
from archc.elaborate.scope import Frame, Stream, Tensor, tensor_key
from archc.elaborate.strides import strided
from archc.explore.block_names import BlockNames
from archc.graph import Instance
from archc.layers import Layer, ShapeError, TensorShape
from archc.layers.kinds import kinds_of

Totals: TypeAlias = tuple[int, int, int]
"""Parameters, trainable parameters, multiply-adds."""

BlockKey: TypeAlias = tuple[object, ...]

MAX_REMEMBERED = 200_000
"""Entries of one memory; a full memory is emptied, so that a sweep of any length fits."""


class Tally(Network):
    """A network that keeps counts instead of nodes.

    `loose` are the tensors that nothing has taken yet: what is loose at the end and no output
    costs nothing, since the network leaves it out. `lost` says that some such tensor is behind
    a remembered block, where it can't be told apart any more.
    """

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings)
        self.totals: Totals = (0, 0, 0)
        self.made = 0
        self.next_tensor = 0
        self.loose: set[int] = set()
        self.lost = False

    @property
    def size(self) -> int:
        return self.made

    def count(self, totals: Totals, made: int) -> None:
        """Add what a remembered part costs."""
        params, trainable, macs = self.totals
        self.totals = (params + totals[0], trainable + totals[1], macs + totals[2])
        self.made += made

    def tensor(self, shape: TensorShape | None, stride: int) -> Tensor:
        """A new tensor that nothing has taken yet."""
        number = self.next_tensor
        self.next_tensor = number + 1
        self.loose.add(number)
        return Tensor(number, shape, stride)

    def cost_of(self, layer: Layer, inputs: tuple[TensorShape, ...]) -> NodeCost:
        """The cost of a layer. Raises `ShapeError` where it does not fit."""
        return layer_cost(layer, inputs)

    def _add(
        self,
        name: str,
        layer: Layer,
        inputs: tuple[Tensor, ...],
        shape: TensorShape,
        span: Span,
        instance: Instance,
    ) -> Tensor:
        if self.made >= MAX_NODES:
            raise self.too_large(f"the network has more than {MAX_NODES:,} layers", span)
        shapes = tuple([tensor.shape for tensor in inputs if tensor.shape is not None])
        # A layer that does not fit was reported, and costs nothing that anyone will see.
        with suppress(ShapeError):
            cost = self.cost_of(layer, shapes)
            self.count((cost.params, cost.trainable, cost.macs), 1)
        for tensor in inputs:
            self.loose.discard(tensor.node)
        return self.tensor(shape, strided(layer, inputs[0].stride) if inputs else 1)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a block came to: its cost, the inputs it takes, and what it gives.

    A result is the position of the input that it is, or the shape and stride of a new tensor and
    whether the block itself takes it.
    """

    totals: Totals
    made: int
    taken: tuple[int, ...]
    results: tuple[int | tuple[TensorShape, int, bool], ...]
    lost: bool


class CountingInterpreter(Interpreter):
    """Carries out steps on a `Tally`; `memory` outlives it and serves others."""

    remembers = True
    """Whether what was carried out may be looked up."""

    def __init__(
        self, findings: Findings, tally: Tally, memory: dict[BlockKey, Remembered]
    ) -> None:
        super().__init__(findings, tally)
        self.tally = tally
        self.memory = memory
        self.lists: dict[Groups, dict[str, object]] = {}
        """What stands beside groups, as far as it is known for the variant at hand."""
        self.called: BlockKey | None = None
        """The latest block and its args; None where it was given inputs by their names."""

    def report(self, problem: CompileError, frame: Frame) -> NoReturn:
        """One error makes a variant infeasible: what else is wrong with it is not looked for."""
        super().report(problem, frame)
        raise TooLarge

    def note(
        self, names: BlockNames, groups: Groups, values: GroupValues, group: int, count: int
    ) -> None:
        """Let the names of a group's blocks be known. Raises what evaluating an id raises."""
        names.register(groups, values, group, count)

    def call_block(
        self,
        block: Block,
        arguments: dict[str, object],
        inputs: dict[str, Tensor],
        place: Place,
        stream: Stream,
        frame: Frame,
    ) -> Stream:
        self.called = None
        call = super().call_block
        kinds = kinds_of(arguments.values())
        if kinds is None:
            return call(block, arguments, inputs, place, stream, frame)
        entering = tuple(block_inputs(block, inputs, stream, place.span).values())
        # `true` is no 1 to a layer, and equal to it as a key.
        called = (block, tuple(arguments.items()), kinds)
        key = (*called, tensor_key(entering))
        known = self.memory.get(key)
        if known is not None:
            self.called = None if inputs else called
            return recall(self.tally, known, entering)
        run = partial(call, block, arguments, inputs, place, stream, frame)
        result = record(self, key, entering, run)
        self.called = None if inputs else called
        return result

    def call_again(self, stream: Stream) -> Stream | None:
        """What the latest block gives for a stream, where that is remembered."""
        if self.called is None:
            return None
        block = self.called[0]
        assert isinstance(block, Block)
        if len(block.inputs) > len(stream):
            return None
        entering = stream[: len(block.inputs)]
        known = self.memory.get((*self.called, tensor_key(entering)))
        return recall(self.tally, known, entering) if known is not None else None


def recall(tally: Tally, known: Remembered, entering: Stream) -> Stream:
    """Count what is remembered, and give its results as tensors of the tally."""
    tally.count(known.totals, known.made)
    tally.lost = tally.lost or known.lost
    for position in known.taken:
        tally.loose.discard(entering[position].node)
    return tuple([_recalled(tally, result, entering) for result in known.results])


def _recalled(
    tally: Tally, result: int | tuple[TensorShape, int, bool], entering: Stream
) -> Tensor:
    if isinstance(result, int):
        return entering[result]
    shape, stride, taken = result
    tensor = tally.tensor(shape, stride)
    if taken:
        tally.loose.discard(tensor.node)
    return tensor


def record(
    interpreter: CountingInterpreter, key: BlockKey, entering: Stream, run: Callable[[], Stream]
) -> Stream:
    """Carry something out and remember what it came to, unless it failed."""
    problems = interpreter.findings.told
    note = _Record(interpreter.tally, entering)
    result = run()
    remembered = note.close(result)
    if interpreter.findings.told == problems:
        if len(interpreter.memory) >= MAX_REMEMBERED:
            interpreter.memory.clear()
        interpreter.memory[key] = remembered
    return result


class _Record:
    """What happens to a tally while a block is carried out."""

    def __init__(self, tally: Tally, entering: tuple[Tensor, ...]) -> None:
        self._tally = tally
        self._entering = {t.node: p for p, t in reversed(list(enumerate(entering)))}
        self._totals, self._made, self._first = tally.totals, tally.made, tally.next_tensor
        self._lost = tally.lost
        # An input counts as loose meanwhile, or it would not show that the block takes it.
        self._before = {node for node in self._entering if node in tally.loose}
        tally.loose |= self._entering.keys()
        tally.lost = False

    def close(self, result: Stream) -> Remembered:
        tally = self._tally
        taken = tuple([p for node, p in self._entering.items() if node not in tally.loose])
        tally.loose -= self._entering.keys() - self._before
        given = {tensor.node for tensor in result}
        inside = any(n >= self._first and n not in given for n in tally.loose)
        lost = tally.lost or inside
        tally.lost = lost or self._lost
        spent = tuple([now - then for now, then in zip(tally.totals, self._totals, strict=True)])
        totals = (spent[0], spent[1], spent[2])
        results = tuple([self._result(tensor) for tensor in result])
        return Remembered(totals, tally.made - self._made, taken, results, lost)

    def _result(self, tensor: Tensor) -> int | tuple[TensorShape, int, bool]:
        if tensor.node in self._entering or tensor.shape is None:
            return self._entering.get(tensor.node, 0)
        return tensor.shape, tensor.stride, tensor.node not in self._tally.loose
