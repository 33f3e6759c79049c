"""Units carried out again and again, each as what was learnt of it where that will do."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import TypeAlias

from archc.diagnostics import CompileError, Diagnostic, Findings
from archc.elaborate.network import TooLarge
from archc.elaborate.values import Poisoned
from archc.explore.block_traces import BlockTraces
from archc.explore.costs import MAX_REMEMBERED, BlockKey, CountingInterpreter, Remembered, Tally
from archc.explore.flow import Flow, Gate
from archc.explore.givens import Given, Givens
from archc.explore.learner import Learner
from archc.explore.learnt import LearntValue
from archc.explore.traced import Recording, traced
from archc.explore.tracing import Outcome, UnitTrace, trace
from archc.explore.units import Check, Run

Memory: TypeAlias = dict[BlockKey, Remembered]
"""The blocks that were carried out."""

Result: TypeAlias = Outcome | tuple[Diagnostic, ...]
"""What a unit did, or why it can't."""


class ArgChecker:
    """Evaluates a part of an arg, whoever feels it, so that one that can't be says so."""

    contradicted = False

    def __init__(self, value: LearntValue, givens: Givens) -> None:
        self.felt = givens.places
        self._value = value
        self._givens = givens

    def carry(self, flow: Flow, values: Sequence[object], _memory: Memory) -> Result:
        """The flow as it is, or what is wrong with the arg."""
        try:
            frame, _ = self._givens.world(values)
            self._value.evaluate(frame)
        except CompileError as problem:
            return tuple(problem.diagnostics)
        return Outcome(flow, (0, 0, 0), 0, lost=False)


class Carrier:
    """Carries out one unit; `felt` are the places of the knobs that it feels."""

    def __init__(self, run: Run, givens: Givens, gate: Gate, blocks: BlockTraces) -> None:
        self.felt = givens.places
        self._run = run
        self._givens = givens
        self._gate = gate
        self._blocks = blocks
        self._learner: Learner[Outcome] = Learner()

    @property
    def contradicted(self) -> bool:
        """Whether anything that was learnt ever turned out to be wrong."""
        return self._learner.contradicted

    def carry(self, flow: Flow, values: Sequence[object], memory: Memory) -> Result:
        """What the unit does to a flow, or why it can't."""
        try:
            given = self._givens.of(values)
        except (CompileError, Poisoned):
            return self._in_full(flow, values, memory)
        if given is None:
            return Outcome(flow, (0, 0, 0), 0, lost=False)
        key = (flow.form, given.form)
        numbers = flow.numbers + given.numbers
        known = self._learner.recall(key, numbers)
        if known is not None:
            return known
        found = self._in_full(flow, values, memory)
        if isinstance(found, Outcome):
            trace = partial(self._trace, flow, values, given)
            self._learner.learn(key, numbers, found, trace)
        return found

    def _in_full(self, flow: Flow, values: Sequence[object], memory: Memory) -> Result:
        findings = Findings()
        tally = Tally(findings)
        try:
            frame, lists = self._givens.world(values)
            interpreter = CountingInterpreter(findings, tally, memory)
            interpreter.lists = lists
            stream = self._run(interpreter, self._gate.enter(flow, frame, interpreter), frame)
        except CompileError as problem:
            findings.extend(problem.diagnostics)
        except (Poisoned, TooLarge):
            pass
        if len(findings):
            return tuple(findings)
        left, lost = self._gate.leave(interpreter, frame, stream)
        return Outcome(left, tally.totals, tally.made, lost)

    def _trace(
        self, flow: Flow, values: Sequence[object], given: Given
    ) -> tuple[UnitTrace, Outcome]:
        recording = Recording()
        numbers = traced(recording, flow.numbers, "i")
        varying = traced(recording, given.numbers, "k")
        frame, lists = self._givens.with_numbers(values, varying.values())
        entering = Flow(flow.form, tuple(numbers.values()))  # type: ignore[arg-type]
        inputs = numbers | varying
        return trace(self._run, self._gate, entering, frame, lists, recording, inputs, self._blocks)


class Checker:
    """Looks at what a check looks at, once for each choice of what it feels."""

    contradicted = False

    def __init__(self, check: Check, givens: Givens) -> None:
        self.felt = givens.places
        self._check = check
        self._givens = givens
        self._known: dict[Hashable, bool] = {}

    def carry(self, flow: Flow, values: Sequence[object], _memory: Memory) -> Outcome:
        """The flow as it is, but for the place in the learner, which nothing needs any more."""
        position = flow.numbers[-1]
        key = (position, self._givens.of(values))
        if key not in self._known:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            frame, _ = self._givens.world(values)
            self._known[key] = self._check(frame, position)
        left = Flow(flow.form, (*flow.numbers[:-1], 0))
        return Outcome(left, (0, 0, 0), 0, not self._known[key])


AnyCarrier: TypeAlias = ArgChecker | Carrier | Checker
