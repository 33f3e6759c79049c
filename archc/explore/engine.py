"""Many variants of one spec, costed fast: what did not change is never carried out again.

The spec is linked once, with a knob as an arg wherever a value varies. Its units are carried out
in order; each remembers, by the knobs that it can feel and the state that enters it, the state
that leaves it and what it costs. A variant that differs in its last group alone is one look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from archc.diagnostics import CompileError, Diagnostic, Findings
from archc.elaborate.elaborate import add_inputs, learner_blocks
from archc.elaborate.link import link
from archc.elaborate.network import TooLarge
from archc.elaborate.scope import Frame, Stream, Tensor
from archc.elaborate.values import Poisoned, compile_value
from archc.explore.block_names import BlockNames
from archc.explore.costs import (
    MAX_REMEMBERED,
    BlockKey,
    CountingInterpreter,
    Remembered,
    Tally,
    Totals,
)
from archc.explore.dependencies import names_in
from archc.explore.units import Run, needs_tags, units_of
from archc.graph import Instance
from archc.layers import TensorShape
from archc.spec import Assembled

LANGUAGE_NAMES = frozenset(
    {"input", "here", "variant", "group", "block", "learner", "row", "repeat"}
)

Shapes: TypeAlias = tuple[tuple[TensorShape | None, int, bool], ...]
"""The tensors of a state: shape, stride, and whether nothing has taken it yet."""


@dataclass(frozen=True, slots=True)
class State:
    """What flows from unit to unit: tensors, and which of them are the stream and have names."""

    tensors: Shapes
    inputs: tuple[tuple[str, int], ...]
    stream: tuple[int, ...]
    tags: tuple[tuple[str, tuple[int, ...]], ...]
    position: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What a unit did: the state that leaves it and its cost, or why it can't be carried out."""

    state: int
    totals: Totals
    lost: bool = False
    problems: tuple[Diagnostic, ...] = ()


class _Stage:
    """A unit with the knobs that it feels, and what it did so far."""

    def __init__(self, run: Run, knobs: Sequence[int]) -> None:
        self.run = run
        self.knobs = tuple(knobs)
        self.memory: dict[object, Entry] = {}

    def key(self, state: int, values: Sequence[object]) -> object:
        knobs = self.knobs
        if not knobs:
            return state
        if len(knobs) == 1:
            return state, values[knobs[0]]
        return state, *[values[knob] for knob in knobs]


class Engine:
    """Costs variants of an assembled spec whose `knobs` are args of it.

    Raises `CompileError` where the spec can't be linked with the first `values`.
    """

    def __init__(
        self, assembled: Assembled, knobs: Sequence[str], values: Sequence[object]
    ) -> None:
        self._assembled = assembled
        self._document = assembled.document
        self._knobs = tuple(knobs)
        self._args = {name: compile_value(node, name) for name, node in self._document.args.items()}
        self._behind = {name: names_in(node) for name, node in self._document.args.items()}
        self._latest: tuple[Sequence[object], dict[str, object]] | None = None
        findings = Findings()
        frame = self._frame(values)
        program = link(assembled, findings, frame)
        findings.raise_if_any()
        self._blocks: dict[BlockKey, Remembered] = {}
        self._ends: dict[int, tuple[tuple[TensorShape, ...], bool]] = {}
        self._learner = [steps for name, steps, _ in program.components if name == "learner"]
        known = frozenset(self._args) | LANGUAGE_NAMES
        self._tags = bool(self._document.outputs) or needs_tags(program, known)
        self.block_names = BlockNames()
        args = frozenset(self._args)
        units = units_of(program, frame, args, self.block_names, tags=self._tags)
        self._positions = any(unit.learner for unit in units)
        parts: list[tuple[Run, list[int]]] = [(_nothing, self._felt(self._start_names()))]
        parts += [(unit.run, self._felt(unit.names)) for unit in units]
        self.stages = _fused(parts)
        self._reset()

    def first_stages(self) -> list[int]:
        """For each knob the first stage that feels it, the number of stages if none does."""
        count = len(self.stages)
        return [
            next((i for i, stage in enumerate(self.stages) if knob in stage.knobs), count)
            for knob in range(len(self._knobs))
        ]

    def carry_out(self, stage: int, state: int, values: Sequence[object]) -> Entry:
        """What a stage does to a state, remembered or found out now."""
        at = self.stages[stage]
        key = at.key(state, values)
        entry = at.memory.get(key)
        if entry is None:
            if len(at.memory) >= MAX_REMEMBERED:
                at.memory.clear()
            entry = at.memory[key] = self._find_out(at.run, self._states[state], values)
        return entry

    def end(self, state: int) -> tuple[tuple[TensorShape, ...], bool]:
        """The output shapes of a network that ends in a state, and whether anything else is left
        over that nothing takes.
        """
        known = self._ends.get(state)
        if known is None:
            known = self._ends[state] = self._end(self._states[state])
        return known

    def forget_if_full(self) -> bool:
        """Empty all memories where the states have become too many; says whether it did."""
        if len(self._states) < MAX_REMEMBERED:
            return False
        self._reset()
        return True

    def _reset(self) -> None:
        start = State((), (), (), (), 0)
        self._states = [start]
        self._numbers = {start: 0}
        self._ends.clear()
        self._blocks.clear()
        for stage in self.stages:
            stage.memory.clear()

    def _start_names(self) -> frozenset[str]:
        """The names that the network's inputs and the args themselves hang on."""
        own = [names for name, names in self._behind.items() if name not in self._knobs]
        return names_in(self._document.input).union(*own)

    def _felt(self, names: frozenset[str]) -> list[int]:
        """The knobs that names hang on, through args that hang on others."""
        felt, waiting = set(names), list(names)
        while waiting:
            more = self._behind.get(waiting.pop(), frozenset()) - felt
            felt |= more
            waiting += more
        return [i for i, knob in enumerate(self._knobs) if knob in felt]

    def _frame(self, values: Sequence[object]) -> Frame:
        """The spec's names for one variant. Raises `CompileError`."""
        root = Instance("model", "", "", self._document.origin.span)
        frame = Frame({}, {}, "", root, ())
        if self._latest is None or self._latest[0] is not values:
            frame.args["variant"] = self._assembled.variant
            given = dict(zip(self._knobs, values, strict=True))
            for name, value in self._args.items():
                frame.args[name] = given[name] if name in given else value.evaluate(frame)
            # The stages of one variant share its args, which nothing changes any more.
            self._latest = (values, frame.args)
        frame.args = self._latest[1]
        return frame

    def _find_out(self, run: Run, state: State, values: Sequence[object]) -> Entry:
        findings = Findings()
        tally = Tally(findings)
        try:
            frame = self._frame(values)
            interpreter = CountingInterpreter(findings, tally, self._blocks)
            stream = self._enter(state, frame, interpreter)
            stream = run(interpreter, stream, frame)
        except CompileError as problem:
            findings.extend(problem.diagnostics)
        except (Poisoned, TooLarge):
            pass
        if len(findings):
            return Entry(0, (0, 0, 0), problems=tuple(findings))
        return self._leave(tally, frame, stream, interpreter)

    def _enter(self, state: State, frame: Frame, interpreter: CountingInterpreter) -> Stream:
        tally = interpreter.tally
        if self._positions and self._learner:
            interpreter.learner_total = partial(learner_blocks, self._learner[0], frame)
        if not state.inputs:
            add_inputs(self._document, tally, frame)
            return (next(iter(frame.inputs.values())),)
        tensors = [tally.tensor(shape, stride) for shape, stride, _ in state.tensors]
        tally.loose = {
            t.node for t, (_, _, loose) in zip(tensors, state.tensors, strict=True) if loose
        }
        frame.inputs.update({name: tensors[i] for name, i in state.inputs})
        frame.tags.update({name: tuple([tensors[i] for i in at]) for name, at in state.tags})
        interpreter.learner_position = state.position
        return tuple([tensors[i] for i in state.stream])

    def _leave(
        self, tally: Tally, frame: Frame, stream: Stream, interpreter: CountingInterpreter
    ) -> Entry:
        numbers: dict[int, int] = {}
        tensors: list[tuple[TensorShape | None, int, bool]] = []

        def number(tensor: Tensor) -> int:
            if tensor.node not in numbers:
                numbers[tensor.node] = len(tensors)
                tensors.append((tensor.shape, tensor.stride, tensor.node in tally.loose))
            return numbers[tensor.node]

        inputs = tuple([(name, number(tensor)) for name, tensor in frame.inputs.items()])
        flowing = tuple([number(tensor) for tensor in stream])
        tags = frame.tags.items() if self._tags else ()
        named = tuple([(name, tuple([number(t) for t in at])) for name, at in tags])
        position = interpreter.learner_position if self._positions else 0
        state = State(tuple(tensors), inputs, flowing, named, position)
        found = self._numbers.setdefault(state, len(self._states))
        if found == len(self._states):
            self._states.append(state)
        return Entry(found, tally.totals, tally.lost or not tally.loose <= numbers.keys())

    def _end(self, state: State) -> tuple[tuple[TensorShape, ...], bool]:
        """The shapes of the outputs, and whether anything else is left that nothing takes."""
        tags, inputs = dict(state.tags), dict(state.inputs)
        ends = [state.stream[0]]
        if self._document.outputs:
            names = [name for name in self._document.outputs if name in tags or name in inputs]
            ends = [tags[name][0] if name in tags else inputs[name] for name in names]
            if len(names) < len(self._document.outputs):
                return (), True
        own = {*ends, *inputs.values()}
        loose = any(free and i not in own for i, (_, _, free) in enumerate(state.tensors))
        shapes = [state.tensors[i][0] for i in ends]
        return tuple([shape for shape in shapes if shape is not None]), loose


def _fused(parts: list[tuple[Run, list[int]]]) -> list[_Stage]:
    """The parts as stages: one that feels what the stage before it feels, or nothing, joins it.

    The first part only starts the network: what comes after is worth remembering without it.
    """
    stages: list[tuple[list[Run], list[int]]] = []
    for run, knobs in parts:
        same = bool(stages) and knobs == stages[-1][1]
        if same or (len(stages) > 1 and not knobs):
            stages[-1][0].append(run)
        else:
            stages.append(([run], knobs))
    return [_Stage(partial(_in_turn, tuple(runs)), knobs) for runs, knobs in stages]


def _in_turn(
    runs: tuple[Run, ...], interpreter: CountingInterpreter, stream: Stream, frame: Frame
) -> Stream:
    for run in runs:
        stream = run(interpreter, stream, frame)
    return stream


def _nothing(_interpreter: CountingInterpreter, stream: Stream, _frame: Frame) -> Stream:
    return stream
