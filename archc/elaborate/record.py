"""An elaboration that remembers what it did, step by step, for source that keeps the structure.

The records stand in one another as the steps do: a body has its steps in order, a step its rounds,
a round what was carried out inside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from archc.diagnostics import Findings, Span
from archc.elaborate.groups import GroupsRunner
from archc.elaborate.interpret import Interpreter, Place
from archc.elaborate.network import Network
from archc.elaborate.program import Block, Groups, Step
from archc.elaborate.scope import Frame, Stream, Tensor
from archc.elaborate.strides import GroupStride
from archc.graph import Instance
from archc.layers import Layer


@dataclass(slots=True, eq=False)
class Round:
    """One time that a step was carried out, or left out by its `when`.

    `name` is its name in its scope; `layer` the layer, also one that does nothing; `inside` are the
    bodies of a sequence or of a merge's paths; `call` is that of a block, `groups` those of groups.
    """

    held: bool
    entering: Stream
    result: Stream = ()
    name: str = ""
    layer: Layer | None = None
    inside: list[Body] = field(default_factory=list)
    call: Call | None = None
    groups: GroupsRecord | None = None


@dataclass(slots=True, eq=False)
class StepRecord:
    """A step in a body: as many rounds as `repeat` says, none where `when` leaves all out."""

    step: Step
    rounds: list[Round] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Body:
    """Steps carried out in a frame on a stream."""

    frame: Frame
    entering: Stream
    steps: list[StepRecord] = field(default_factory=list)
    result: Stream = ()


@dataclass(slots=True, eq=False)
class Call:
    """A block carried out: what it was given, and its body."""

    block: Block
    arguments: dict[str, object]
    inputs: dict[str, Tensor]
    entering: Stream
    body: Body | None = None
    result: Stream = ()


@dataclass(slots=True, eq=False)
class GroupBlock:
    """One block of a group, or one layer where the groups are of layers."""

    index: int
    verb: Block | str
    given: dict[str, object]
    name: str
    entering: Stream
    call: Call | None = None
    layer: Layer | None = None
    result: Stream = ()


@dataclass(slots=True, eq=False)
class GroupRecord:
    """One group: what came before its blocks, the blocks, what came after."""

    count: int
    entering: Stream
    stride: GroupStride | None = None
    around: list[Body] = field(default_factory=list)
    blocks: list[GroupBlock] = field(default_factory=list)
    result: Stream = ()


@dataclass(slots=True, eq=False)
class GroupsRecord:
    """A `groups` step carried out; the runner has the values of the rows."""

    runner: GroupsRunner
    first_position: int
    groups: list[GroupRecord] = field(default_factory=list)


class RecordingNetwork(Network):
    """Remembers the last layer that was asked for, also where it does nothing."""

    last: Layer | None = None

    def add_layer(
        self, layer: Layer, name: str, tensor: Tensor, span: Span, instance: Instance
    ) -> Tensor:
        self.last = layer
        return super().add_layer(layer, name, tensor, span, instance)


class RecordingInterpreter(Interpreter):
    """Carries out steps and keeps a record of each; `bodies` are those of the components."""

    def __init__(self, findings: Findings) -> None:
        self.watched = RecordingNetwork(findings)
        super().__init__(findings, self.watched)
        self.bodies: list[Body] = []
        self._place: list[Body] = self.bodies
        self._step: StepRecord | None = None
        self._round: Round | None = None
        self._call: Call | None = None

    def run_steps(self, steps: tuple[Step, ...], stream: Stream, frame: Frame) -> Stream:
        body = Body(frame, stream)
        call, self._call = self._call, None
        if call is not None:
            call.body = body
        else:
            self._place.append(body)
        step, around = self._step, self._round
        try:
            for each in steps:
                self._step = StepRecord(each)
                body.steps.append(self._step)
                stream = super().run_steps((each,), stream, frame)
        finally:
            self._step, self._round = step, around
        body.result = stream
        return stream

    def _holds(self, step: Step, stream: Stream, frame: Frame) -> bool:
        held = super()._holds(step, stream, frame)
        if not held and self._step is not None:
            self._step.rounds.append(Round(False, stream, stream))
        return held

    def _act(self, step: Step, name: str, stream: Stream, frame: Frame) -> Stream:
        assert self._step is not None
        made = Round(True, stream, name=name)
        self._step.rounds.append(made)
        around, place = self._round, self._place
        self._round, self._place = made, made.inside
        self.watched.last = None
        try:
            made.result = super()._act(step, name, stream, frame)
        finally:
            self._round, self._place = around, place
        if not made.inside and made.call is None and made.groups is None:
            made.layer = self.watched.last
        return made.result

    def call_block(
        self,
        block: Block,
        arguments: dict[str, object],
        inputs: dict[str, Tensor],
        place: Place,
        stream: Stream,
        frame: Frame,
    ) -> Stream:
        call = Call(block, dict(arguments), dict(inputs), stream)
        if self._round is not None and self._round.groups is None:
            self._round.call = call
        else:
            assert self._round is not None
            assert self._round.groups is not None
            self._round.groups.groups[-1].blocks[-1].call = call
        self._call = call
        call.result = super().call_block(block, arguments, inputs, place, stream, frame)
        return call.result

    def groups_runner(self, groups: Groups, frame: Frame) -> GroupsRunner:
        runner = _RecordingGroups(self, groups, frame)
        assert self._round is not None
        runner.record = GroupsRecord(runner, self.learner_position)
        self._round.groups = runner.record
        return runner

    def collecting(self, place: list[Body], run: Callable[[], Stream]) -> Stream:
        """Carry out something whose bodies belong to `place`."""
        outer, self._place = self._place, place
        try:
            return run()
        finally:
            self._place = outer

    @property
    def last_layer(self) -> Layer | None:
        return self.watched.last


class _RecordingGroups(GroupsRunner):
    record: GroupsRecord

    def _run_group(self, group: int, count: int, stream: Stream) -> Stream:
        made = GroupRecord(count, stream)
        self.record.groups.append(made)
        recorder = self._recorder
        made.result = recorder.collecting(
            made.around, lambda: super(_RecordingGroups, self)._run_group(group, count, stream)
        )
        return made.result

    def stride(self, group: int, stream: Stream) -> GroupStride:
        found = super().stride(group, stream)
        self.record.groups[-1].stride = found
        return found

    def _call_block(
        self,
        block: Block,
        given: dict[str, object],
        group: int,
        place: Place,
        stream: Stream,
    ) -> Stream:
        made = self._begin(block, given, place, stream)
        made.result = super()._call_block(block, given, group, place, stream)
        return made.result

    def _call_layer(
        self, verb: str, given: dict[str, object], group: int, place: Place, stream: Stream
    ) -> Stream:
        made = self._begin(verb, given, place, stream)
        made.result = super()._call_layer(verb, given, group, place, stream)
        made.layer = self._recorder.last_layer
        return made.result

    def _begin(
        self, verb: Block | str, given: dict[str, object], place: Place, stream: Stream
    ) -> GroupBlock:
        blocks = self.record.groups[-1].blocks
        prefix = self.frame.prefix
        name = place.name.removeprefix(f"{prefix}_") if prefix else place.name
        blocks.append(GroupBlock(len(blocks), verb, dict(given), name, stream))
        return blocks[-1]

    @property
    def _recorder(self) -> RecordingInterpreter:
        assert isinstance(self._interpreter, RecordingInterpreter)
        return self._interpreter
