"""Program → nodes: an interpreter of steps, blocks, merges and layers.

A step that fails reports why and gives a poisoned tensor; what hangs on that tensor is still
checked as far as it can be, and says nothing more about it. So independent errors are all told
in one run, and none twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from archc.diagnostics import CompileError, Findings, Span
from archc.elaborate.instantiate import (
    bind,
    block_inputs,
    make_layer,
    resolve,
    role_layer,
    whole,
)
from archc.elaborate.left_out import leave_out, repetitions, step_name
from archc.elaborate.limits import MAX_DEPTH, MAX_STEPS, MAX_TOLD
from archc.elaborate.network import Network, TooLarge
from archc.elaborate.program import (
    Block,
    BlockCall,
    Broken,
    Groups,
    LayerCall,
    MergeCall,
    RoleCall,
    Step,
    Steps,
)
from archc.elaborate.report import error, located
from archc.elaborate.scope import POISONED, Frame, Position, Stream, Tensor
from archc.elaborate.values import Constant, Poisoned
from archc.graph import Instance, InstanceKind
from archc.layers import spelled

if TYPE_CHECKING:
    from archc.elaborate.groups import GroupsRunner


class Place(NamedTuple):
    """Where a block is called: its label in a trail, its name in the network, its span."""

    label: str
    name: str
    span: Span


class Interpreter:
    """Carries out steps; the network, the findings and the tree of instances grow as it goes."""

    def __init__(self, findings: Findings, network: Network | None = None) -> None:
        self.findings = findings
        self.network = network or Network(findings)
        self.group_outputs: list[Tensor] = []
        self.learner_position = 0
        self.learner_total: Callable[[], int] | None = None
        self._steps_done = 0
        self._depth = 0
        self._calls: list[Block] = []

    def run_steps(self, steps: tuple[Step, ...], stream: Stream, frame: Frame) -> Stream:
        """What the steps give one after the other, each checked and reported on its own."""
        if self._depth >= MAX_DEPTH:
            message = f"blocks, paths and sequences stand more than {MAX_DEPTH} deep in one another"
            raise self.network.too_large(message, steps[0].span if steps else frame.instance.span)
        self._depth += 1
        try:
            for step in steps:
                stream = self._run_or_report(step, stream, frame)
        finally:
            self._depth -= 1
        return stream

    def report(self, problem: CompileError, frame: Frame) -> None:
        """Add the problem's diagnostics with the way to the frame."""
        for each in problem.diagnostics:
            known = each in self.findings
            self.findings.add(each if known else located(each, frame.instance))
        if self.findings.enough or self.findings.told >= MAX_TOLD:
            raise TooLarge

    def _run_or_report(self, step: Step, stream: Stream, frame: Frame) -> Stream:
        try:
            return self._run(step, stream, frame)
        except Poisoned:
            pass
        except CompileError as problem:
            self.report(problem, frame)
        if isinstance(step.id, Constant):
            frame.tags[str(step.id.value)] = POISONED
        return POISONED

    def _run(self, step: Step, stream: Stream, frame: Frame) -> Stream:
        self.spend(step.span)
        each_time = step.when is not None and "repeat" in step.when.free_names
        if not each_time and not self._holds(step, stream, frame):
            leave_out(step, repetitions(step, frame), frame, self.spend)
            return stream
        entering = stream if step.source is None else resolve(step.source, frame)
        if step.repeat is None:
            return self._run_once(step, entering, frame)
        frame.here = entering
        count = whole(step.repeat.evaluate(frame), "repeat", step.repeat.span, least=0)
        return self._run_repeated(step, count, entering, frame) if count else stream

    def _run_repeated(self, step: Step, count: int, stream: Stream, frame: Frame) -> Stream:
        outer = frame.context
        try:
            for index in range(int(count)):
                self.spend(step.span)
                frame.context = {**outer, "repeat": Position(index, count)}
                if self._holds(step, stream, frame):
                    stream = self._run_once(step, stream, frame)
                else:
                    leave_out(step, 1, frame, self.spend)
        finally:
            frame.context = outer
        return stream

    def _holds(self, step: Step, stream: Stream, frame: Frame) -> bool:
        if step.when is None:
            return True
        frame.here = stream
        if step.source is not None and "here" in step.when.free_names:
            frame.here = resolve(step.source, frame)
        value = step.when.evaluate(frame)
        if value is None or isinstance(value, int | float):
            return bool(value)
        message = f"`when`: expected a condition that is true or false, found {spelled(value)}"
        helps = (f"an expression starts with `=`: `when: ={value}`",)
        raise error("wrong-type", message, step.when.span, *helps[: isinstance(value, str)])

    def _run_once(self, step: Step, stream: Stream, frame: Frame) -> Stream:
        frame.here = stream
        name = step_name(step, frame)
        result = self._act(step, name, stream, frame)
        if step.id is not None:
            frame.tags[name] = result
        return result

    def spend(self, span: Span) -> None:
        """Count a step; beyond the limit nothing is elaborated any more."""
        self._steps_done += 1
        if self._steps_done > MAX_STEPS:
            raise self.network.too_large(f"the network has more than {MAX_STEPS:,} steps", span)

    def _act(self, step: Step, name: str, stream: Stream, frame: Frame) -> Stream:
        match step.action:
            case None:
                return stream
            case Broken():
                raise Poisoned
            case LayerCall() as call:
                layer = make_layer(call, step.span, frame)
            case RoleCall() as call:
                role = role_layer(call, step.span, frame)
                if role is None:
                    return stream
                layer = role
            case BlockCall() as call:
                return self._run_block(call, step, name, stream, frame)
            case MergeCall() as merge:
                return self._run_merge(merge, step, name, stream, frame)
            case Steps(steps):
                return self._scoped(
                    step, name, frame, partial(self.run_steps, steps, stream, frame)
                )
            case Groups() as groups:
                run = partial(self.groups_runner(groups, frame).run, stream)
                return self._scoped(step, name, frame, run)
        add = self.network.add_layer
        tensor = add(layer, frame.full(name), stream[0], step.span, frame.instance)
        # A layer that does nothing hands on all that flows, as a step that is left out does.
        return stream if tensor is stream[0] else (tensor,)

    def groups_runner(self, groups: Groups, frame: Frame) -> GroupsRunner:
        """What carries out a `groups` step."""
        from archc.elaborate.groups import GroupsRunner

        return GroupsRunner(self, groups, frame)

    def _run_merge(
        self, merge: MergeCall, step: Step, name: str, stream: Stream, frame: Frame
    ) -> Stream:
        ends: list[Tensor] = []
        for path in merge.paths:
            run = partial(self.run_steps, path.steps, stream, frame)
            ends.append(self.within("path", path.name, frame.prefix, path.span, frame, run)[0])
        full = frame.full(name)
        return (self.network.add_merge(merge, full, ends, step.span, frame.instance),)

    def _scoped(self, step: Step, name: str, frame: Frame, run: Callable[[], Stream]) -> Stream:
        """A sequence with an id is a scope of names inside the body's scope of tensors."""
        if step.id is None:
            return run()
        prefix, counters = frame.prefix, frame.counters
        frame.prefix, frame.counters = frame.full(name), {}
        try:
            return self.within("steps", name, frame.prefix, step.span, frame, run)
        finally:
            frame.prefix, frame.counters = prefix, counters

    def within(
        self,
        kind: InstanceKind,
        label: str,
        name: str,
        span: Span | None,
        frame: Frame,
        run: Callable[[], Stream],
    ) -> Stream:
        """Run something as a part of the network with a place of its own in the tree."""
        outer = frame.instance
        frame.instance = self._enter(Instance(kind, label, name, span, outer))
        try:
            return self._leave(frame.instance, run())
        finally:
            frame.instance = outer

    def _enter(self, instance: Instance) -> Instance:
        assert instance.parent is not None
        instance.parent.children.append(instance)
        instance.start = instance.stop = self.network.size
        return instance

    def _leave(self, instance: Instance, result: Stream) -> Stream:
        instance.stop = self.network.size
        instance.output = result[0].node if result[0].shape is not None else None
        return result

    def _run_block(
        self, call: BlockCall, step: Step, name: str, stream: Stream, frame: Frame
    ) -> Stream:
        arguments: dict[str, object] = {}
        inputs: dict[str, Tensor] = {}
        for key, value in call.arguments.items():
            if key in call.block.inputs:
                inputs[key] = resolve(value, frame)[0]
            else:
                arguments[key] = value.evaluate(frame)
        place = Place(name or step.verb, frame.full(name), step.span)
        return self.call_block(call.block, arguments, inputs, place, stream, frame)

    def call_block(
        self,
        block: Block,
        arguments: dict[str, object],
        inputs: dict[str, Tensor],
        place: Place,
        stream: Stream,
        frame: Frame,
    ) -> Stream:
        """The block's body on the stream; `inputs` are those given by name."""
        self.spend(place.span)
        if block in self._calls:
            message = f"`{block.name}` uses itself: blocks can't be recursive"
            help_line = "repeat steps with `repeat:`, blocks with `groups:`"
            raise error("recursion", message, place.span, help_line)
        entering = block_inputs(block, inputs, stream, place.span)
        instance = self._enter(
            Instance(
                "block", place.label, place.name, place.span, frame.instance, block.name, arguments
            )
        )
        self._calls.append(block)
        try:
            inner = Frame({}, entering, place.name, instance, stream, inside_block=True)
            bind(block, arguments, inner, place.span)
            result = self.run_steps(block.steps, tuple(entering.values()), inner)
            if block.outputs:
                result = tuple([resolve(output, inner)[0] for output in block.outputs])
        finally:
            self._calls.pop()
        return self._leave(instance, result)
