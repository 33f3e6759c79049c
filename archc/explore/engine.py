"""Many variants of one spec, costed fast: what did not change is never carried out again.

The spec is linked once, with a knob as an arg wherever a value varies. Its units are carried out
in order; each remembers, by the knobs that it can feel and the state that enters it, the state
that leaves it and what it costs. A variant that differs in its last group alone is one look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archc.diagnostics import Diagnostic, Findings
from archc.elaborate.link import link
from archc.explore.block_names import BlockNames
from archc.explore.block_traces import BlockTraces
from archc.explore.carrier import AnyCarrier, ArgChecker, Carrier, Checker
from archc.explore.costs import (
    MAX_REMEMBERED,
    BlockKey,
    Remembered,
    Totals,
)
from archc.explore.dependencies import names_in
from archc.explore.flow import START, Flow, Gate
from archc.explore.frames import Frames
from archc.explore.givens import Givens
from archc.explore.program_parts import id_names, needs_tags
from archc.explore.step_names import may_clash
from archc.explore.tracing import Outcome
from archc.explore.units import Unit, nothing, units_of
from archc.layers import TensorShape
from archc.spec import Assembled

LANGUAGE_NAMES = frozenset(
    {"input", "here", "variant", "group", "block", "learner", "row", "repeat"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a stage did: the state that leaves it and its cost, or why it can't be carried out."""

    state: int
    totals: Totals
    made: int = 0
    lost: bool = False
    problems: tuple[Diagnostic, ...] = ()


class _Stage:
    """Units that feel the same knobs, and what they did so far."""

    def __init__(self, carriers: Sequence[AnyCarrier], knobs: Sequence[int]) -> None:
        self.carriers = tuple(carriers)
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
        self._knobs = tuple(knobs)
        document = assembled.document
        frames = self._frames = Frames(assembled, knobs, values)
        findings = Findings()
        frame = frames.first()
        program = link(assembled, findings, frame)
        findings.raise_if_any()
        self._blocks: dict[BlockKey, Remembered] = {}
        self._ends: dict[int, tuple[tuple[TensorShape, ...], bool]] = {}
        tags = bool(document.outputs) or needs_tags(program, frames.args | LANGUAGE_NAMES)
        self.block_names = BlockNames(frames.behind(id_names(program)) & frames.args)
        self.block_names.clash = may_clash(program, frames)
        units = units_of(program, frames, self.block_names, tags=tags)
        start = Unit(nothing, names_in(document.input), learner=False)
        self._gate = Gate(document, program, tags=tags, positions=any(u.learner for u in units))
        carriers = self._carriers((start, *units), frames)
        self.stages = _fused(carriers)
        self._reset()

    def _carriers(self, units: Sequence[Unit], frames: Frames) -> list[AnyCarrier]:
        blocks: BlockTraces = {}
        carriers: list[AnyCarrier] = []
        for unit in units:
            felt = frames.behind(unit.names)
            givens = Givens(felt, self._knobs, frames, unit.beside)
            if unit.check is not None:
                carriers.append(Checker(unit.check, givens))
            else:
                carriers.append(Carrier(unit.run, givens, self._gate, blocks))
        for value in frames.varying():
            givens = Givens(frames.behind(value.free_names), self._knobs, frames, None)
            checker = ArgChecker(value, givens)
            # Beside a unit that feels the same knobs it is no stage of its own.
            alike = (place for place, each in enumerate(carriers) if each.felt == checker.felt)
            carriers.insert(next(alike, len(carriers)), checker)
        return carriers

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
            entry = at.memory[key] = self._find_out(at.carriers, self._states[state], values)
        return entry

    def end(self, state: int) -> tuple[tuple[TensorShape, ...], bool]:
        """The output shapes of a network that ends in a state, and whether anything else is left
        over that nothing takes.
        """
        known = self._ends.get(state)
        if known is None:
            known = self._ends[state] = self._gate.end(self._states[state])
        return known

    def forget_if_full(self) -> bool:
        """Empty all memories where the states have become too many; says whether it did."""
        if len(self._states) < MAX_REMEMBERED:
            return False
        self._reset()
        return True

    @property
    def contradicted(self) -> bool:
        """Whether anything that was learnt of a unit ever turned out to be wrong."""
        carriers = [carrier for stage in self.stages for carrier in stage.carriers]
        return self._frames.contradicted or any(carrier.contradicted for carrier in carriers)

    def _reset(self) -> None:
        self._states = [START]
        self._numbers = {START: 0}
        self._ends.clear()
        self._blocks.clear()
        for stage in self.stages:
            stage.memory.clear()

    def _find_out(
        self, carriers: Sequence[AnyCarrier], flow: Flow, values: Sequence[object]
    ) -> Entry:
        params = trainable = macs = made = 0
        lost = False
        for carrier in carriers:
            found = carrier.carry(flow, values, self._blocks)
            if not isinstance(found, Outcome):
                return Entry(0, (0, 0, 0), problems=found)
            flow, more, layers, left = found
            params, trainable, macs = params + more[0], trainable + more[1], macs + more[2]
            made, lost = made + layers, lost or left
        state = self._numbers.setdefault(flow, len(self._states))
        if state == len(self._states):
            self._states.append(flow)
        return Entry(state, (params, trainable, macs), made, lost)


def _fused(carriers: Sequence[AnyCarrier]) -> list[_Stage]:
    """The units as stages: one that feels what the stage before it feels, or nothing, joins it.

    The first unit only starts the network: what comes after is worth remembering without it.
    """
    stages: list[tuple[list[AnyCarrier], list[int]]] = []
    for carrier in carriers:
        same = bool(stages) and carrier.felt == stages[-1][1]
        if same or (len(stages) > 1 and not carrier.felt):
            stages[-1][0].append(carrier)
        else:
            stages.append(([carrier], carrier.felt))
    return [_Stage(together, knobs) for together, knobs in stages]
