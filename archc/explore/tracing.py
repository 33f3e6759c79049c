"""Units carried out with traced numbers, and what that comes to as a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from archc.analyses.cost import NodeCost
from archc.diagnostics import Findings
from archc.elaborate.group_values import GroupValues
from archc.elaborate.instantiate import block_inputs
from archc.elaborate.interpret import Interpreter, Place
from archc.elaborate.program import Block, Groups
from archc.elaborate.scope import Frame, Stream, Tensor
from archc.explore.block_names import BlockNames, Choice
from archc.explore.block_traces import (
    MAX_TRACES,
    BlockCall,
    BlockTrace,
    BlockTraces,
    block_trace,
)
from archc.explore.costs import CountingInterpreter, Tally, Totals, recall, record
from archc.explore.flow import Flow, Form, Gate
from archc.explore.frames import Lists
from archc.explore.learner import Function
from archc.explore.recipes import Recipe, asked, compiled
from archc.explore.traced import NotTraceable, Number, Recording, plain, traced
from archc.explore.units import Run
from archc.layers import Layer, TensorShape


class Outcome(NamedTuple):
    """What a unit did: what leaves it, what it cost, the layers it made, and whether something was
    left behind.
    """

    flow: Flow
    totals: Totals
    made: int
    lost: bool


class Noted(NamedTuple):
    """The blocks of a group, whose names must be known before a variant counts as exact."""

    names: BlockNames
    groups: Groups
    group: int
    choice: Choice
    blocks: int


class UnitTrace(Function[Outcome]):
    """A unit as a function of the numbers that enter it and of what it is given."""

    __slots__ = ("_form", "_lost", "_noted", "_recipe")

    def __init__(self, recipe: Recipe, form: Form, lost: bool, noted: tuple[Noted, ...]) -> None:
        super().__init__()
        self._recipe, self._form, self._lost, self._noted = recipe, form, lost, noted

    def result(self, numbers: Sequence[Number]) -> tuple[Outcome, bool] | None:
        found = asked(self._recipe, numbers)
        if found is None:
            return None
        counts = len(self._noted) + 4
        named = True
        for noted, count in zip(self._noted, found[4:counts], strict=True):
            named = named and count <= noted.names.known(noted.groups, noted.group, noted.choice)
        flow = Flow(self._form, found[counts:])
        return Outcome(flow, (found[0], found[1], found[2]), found[3], self._lost), named


class TracingInterpreter(CountingInterpreter):
    """Carries out steps on traced numbers of one recording, which no memory may keep.

    A block is traced for itself, once for all places where the same is decided inside it; what
    is recorded of each is a call.
    """

    remembers = False

    def __init__(self, findings: Findings, recording: Recording, blocks: BlockTraces) -> None:
        super().__init__(findings, _TracingTally(findings), {})
        self.noted: list[Noted] = []
        self._recording = recording
        self._blocks = blocks

    def note(
        self, names: BlockNames, groups: Groups, values: GroupValues, group: int, count: int
    ) -> None:
        self.noted.append(Noted(names, groups, group, names.choice(values.frame), count))

    def call_block(
        self,
        block: Block,
        arguments: dict[str, object],
        inputs: dict[str, Tensor],
        place: Place,
        stream: Stream,
        frame: Frame,
    ) -> Stream:
        named = block_inputs(block, inputs, stream, place.span)
        call = BlockCall(block, arguments, named, stream)
        key, numbers = call.parts()
        known = self._blocks.setdefault(key, [])
        for each in known:
            found = each.applied(self._recording, numbers)
            if found is not None:
                return recall(self.tally, found, call.tensors)
        if len(known) >= MAX_TRACES:
            raise NotTraceable
        known.append(self._trace_of(call, numbers, place, frame))
        found = known[-1].applied(self._recording, numbers)
        if found is None:
            raise NotTraceable
        return recall(self.tally, found, call.tensors)

    def _trace_of(
        self, call: BlockCall, numbers: Sequence[Number], place: Place, frame: Frame
    ) -> BlockTrace:
        """Carry a block out in a recording of its own."""
        recording = Recording()
        inputs = traced(recording, [plain(number) for number in numbers], "i")
        inner = TracingInterpreter(Findings(), recording, self._blocks)
        again = call.refilled(tuple(inputs.values()), inner.tally.tensor)
        run = partial(
            Interpreter.call_block,
            inner,
            call.block,
            again.arguments,
            again.inputs,
            place,
            again.stream,
            frame,
        )
        record(inner, (), again.tensors, run)
        if len(inner.findings):
            raise NotTraceable
        return block_trace(recording, tuple(inputs), inner.memory[()])


class _TracingTally(Tally):
    def output_shape(self, layer: Layer, inputs: tuple[TensorShape, ...]) -> TensorShape:
        return layer.output_shape(*inputs)

    def cost_of(self, layer: Layer, inputs: tuple[TensorShape, ...]) -> NodeCost:
        weights = layer.weights(*inputs)
        trainable = sum([weight.size for weight in weights if weight.trainable])
        fixed = sum([weight.size for weight in weights if not weight.trainable])
        return NodeCost(trainable + fixed, trainable, layer.macs(*inputs), 0)


def trace(
    run: Run,
    gate: Gate,
    flow: Flow,
    frame: Frame,
    lists: Lists,
    recording: Recording,
    inputs: Mapping[str, Number],
    known: BlockTraces,
) -> tuple[UnitTrace, Outcome]:
    """Carry out a unit with the traced numbers in a flow, a frame and what stands
    beside groups, by name the `inputs`.

    Gives the trace, and what came of it for the numbers as they are now. Raises whatever comes
    of it where the unit can't be carried out so.
    """
    findings = Findings()
    interpreter = TracingInterpreter(findings, recording, known)
    interpreter.lists = lists
    stream = run(interpreter, gate.enter(flow, frame, interpreter), frame)
    if len(findings):
        raise NotTraceable
    left, lost = gate.leave(interpreter, frame, stream)
    tally, noted = interpreter.tally, tuple(interpreter.noted)
    blocks = [each.blocks for each in noted]
    results = (*tally.totals, tally.made, *blocks, *left.numbers)
    recipe = compiled(recording, tuple(inputs), results)
    now = recipe(*[plain(number) for number in inputs.values()])
    if now is None or now != tuple([plain(number) for number in results]):
        raise NotTraceable
    flow = Flow(left.form, now[4 + len(noted) :])
    counted = tuple([each._replace(blocks=0) for each in noted])
    here = Outcome(flow, (now[0], now[1], now[2]), now[3], lost)
    return UnitTrace(recipe, left.form, lost, counted), here
