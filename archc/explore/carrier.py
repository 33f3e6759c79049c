"""One unit carried out again and again: by what was learnt of it where that will do.

The first times a unit is carried out in full. Then it is traced as well: what it did becomes a
function of its numbers, which serves wherever the same would be decided. A function is believed
once it has agreed with the unit itself on other numbers.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeGuard

from archc.diagnostics import CompileError, Diagnostic, Findings
from archc.elaborate.network import TooLarge
from archc.elaborate.values import Poisoned
from archc.explore.block_traces import BlockTraces
from archc.explore.costs import MAX_REMEMBERED, BlockKey, CountingInterpreter, Remembered, Tally
from archc.explore.flow import Flow, Gate
from archc.explore.frames import Frames
from archc.explore.traced import Number, Recording
from archc.explore.tracing import Outcome, Trace, trace, traced
from archc.explore.units import Check, Run

WARM = 3
"""Times that a unit is carried out in full before it is traced."""

MAX_TRACES = 64
"""Traces of one unit: with more of them, carrying it out is no slower than asking them all."""

MAX_REFUSED = 4
"""Attempts to trace a unit that may fail."""


class _Known:
    """A trace, and whether it has been seen to be right."""

    __slots__ = ("believed", "trace")

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.believed = False


class Carrier:
    """Carries out one unit, which feels the knobs at these places and what hangs on them.

    `contradicted` says that a trace once came to something else than the unit itself: then none
    is asked any more.
    """

    def __init__(
        self,
        run: Run,
        felt: frozenset[str],
        knobs: Sequence[str],
        frames: Frames,
        gate: Gate,
        blocks: BlockTraces,
    ) -> None:
        self.felt = [place for place, knob in enumerate(knobs) if knob in felt]
        self.contradicted = False
        self._run = run
        self._knobs = tuple(knobs)
        self._shared = frames.shared
        self._frame = frames.maker(felt)
        self._gate = gate
        self._blocks = blocks
        self._known: dict[Hashable, list[_Known]] = {}
        self._times = 0
        self._room = MAX_TRACES
        self._refused = 0

    def carry(
        self, flow: Flow, values: Sequence[object], memory: dict[BlockKey, Remembered]
    ) -> Outcome | tuple[Diagnostic, ...]:
        """What the unit does to a flow, or why it can't."""
        given = [values[place] for place in self.felt]
        # Only numbers vary within a trace, and 1, 1.0 and true are not the same.
        kinds = [type(v) if _varies(v) else (type(v), v) for v in given]
        key = (flow.form, *kinds)
        inputs = [*flow.numbers, *[v for v in given if _varies(v)]]
        known = self._known.get(key)
        if known is not None:
            outcome = self._recalled(known, inputs, flow, values, memory)
            if outcome is not None:
                return outcome
        found = self._in_full(flow, values, memory)
        self._times += 1
        if self._times > WARM and self._room > 0 and isinstance(found, Outcome):
            self._learn(key, flow, values, found)
        return found

    def _recalled(
        self,
        known: list[_Known],
        inputs: Sequence[object],
        flow: Flow,
        values: Sequence[object],
        memory: dict[BlockKey, Remembered],
    ) -> Outcome | tuple[Diagnostic, ...] | None:
        for place, each in enumerate(known):
            outcome = each.trace.outcome(inputs)
            if outcome is None:
                continue
            if place:
                known[place - 1 : place + 1] = [each, known[place - 1]]
            if each.believed and outcome.named:
                return outcome
            found = self._in_full(flow, values, memory)
            each.believed = found == outcome._replace(named=True)
            if not each.believed:
                self._forget()
            return found
        return None

    def _in_full(
        self, flow: Flow, values: Sequence[object], memory: dict[BlockKey, Remembered]
    ) -> Outcome | tuple[Diagnostic, ...]:
        findings = Findings()
        tally = Tally(findings)
        try:
            knobs = {self._knobs[place]: values[place] for place in self.felt}
            shared = self._shared(values)
            frame = self._frame(knobs, shared.args)
            interpreter = CountingInterpreter(findings, tally, memory)
            interpreter.lists = shared.lists
            stream = self._run(interpreter, self._gate.enter(flow, frame, interpreter), frame)
        except CompileError as problem:
            findings.extend(problem.diagnostics)
        except (Poisoned, TooLarge):
            pass
        if len(findings):
            return tuple(findings)
        left, lost = self._gate.leave(interpreter, frame, stream)
        return Outcome(left, tally.totals, tally.made, lost)

    def _learn(self, key: Hashable, flow: Flow, values: Sequence[object], found: Outcome) -> None:
        self._room -= 1
        try:
            learnt, here = self._trace(flow, values)
        except Exception:
            # Whatever comes of nonsense: it only says that this can't be traced.
            here = None
        if here == found:
            self._known.setdefault(key, []).insert(0, _Known(learnt))
            return
        self._refused += 1
        if self._refused >= MAX_REFUSED:
            self._room = 0

    def _trace(self, flow: Flow, values: Sequence[object]) -> tuple[Trace, Outcome]:
        recording = Recording()
        numbers = traced(recording, flow.numbers, "i")
        knobs = {self._knobs[place]: values[place] for place in self.felt}
        varying = {name: v for name, v in knobs.items() if _varies(v)}
        given = traced(recording, list(varying.values()), "k")
        frame = self._frame({**knobs, **dict(zip(varying, given.values(), strict=True))}, {})
        entering = Flow(flow.form, tuple(numbers.values()))  # type: ignore[arg-type]
        inputs = numbers | given
        return trace(self._run, self._gate, entering, frame, recording, inputs, self._blocks)

    def _forget(self) -> None:
        """Ask no trace any more."""
        self.contradicted = True
        self._room = 0
        self._known.clear()


class Checker:
    """Looks at what a check looks at, once for each choice of what it feels."""

    contradicted = False

    def __init__(
        self, check: Check, felt: frozenset[str], knobs: Sequence[str], frames: Frames
    ) -> None:
        self.felt = [place for place, knob in enumerate(knobs) if knob in felt]
        self._check = check
        self._knobs = tuple(knobs)
        self._shared = frames.shared
        self._frame = frames.maker(felt)
        self._known: dict[Hashable, bool] = {}

    def carry(
        self, flow: Flow, values: Sequence[object], _memory: dict[BlockKey, Remembered]
    ) -> Outcome:
        """The flow as it is, but for the place in the learner, which nothing needs any more."""
        position = flow.numbers[-1]
        given = [values[place] for place in self.felt]
        key = (position, *[(type(value), value) for value in given])
        if key not in self._known:
            knobs = [self._knobs[place] for place in self.felt]
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            frame = self._frame(dict(zip(knobs, given, strict=True)), self._shared(values).args)
            self._known[key] = self._check(frame, position)
        left = Flow(flow.form, (*flow.numbers[:-1], 0))
        return Outcome(left, (0, 0, 0), 0, not self._known[key])


def _varies(value: object) -> TypeGuard[Number]:
    """Whether a trace may leave a value open: only numbers, and `true` is none."""
    return type(value) is int or type(value) is float
