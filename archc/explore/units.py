"""A program cut into units, each with the knobs that it can feel: steps, and single groups.

Carried out one after the other, the units do what the program does. A unit whose knobs and whose
entering state are those of an earlier time does what it did then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from archc.elaborate.group_values import GroupValues
from archc.elaborate.program import Groups, Program, Step
from archc.elaborate.scope import Frame, Stream
from archc.elaborate.values import Constant
from archc.explore.block_names import BlockNames
from archc.explore.costs import CountingInterpreter
from archc.explore.dependencies import (
    names_of,
    row_values,
    shared_values,
    step_values,
)
from archc.explore.frames import Frames
from archc.explore.givens import Beside
from archc.explore.groups import CountingGroups, SteadyGroup
from archc.explore.lean import Lean
from archc.explore.learnt import LearntValue
from archc.explore.program_parts import all_groups, count_names, depth_names, has_groups
from archc.explore.rates import RateCheck, is_rate
from archc.explore.settled import settled

Run = Callable[[CountingInterpreter, Stream, Frame], Stream]
Check = Callable[[Frame, int], bool]
"""Looks at a variant, from its frame and the blocks of the learner so far."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of the network that is carried out at once.

    `names` are those that its values use; `learner` says that it needs to know where in the
    learner it stands. One with a `check` only looks, and says whether its costs can be trusted.
    """

    run: Run
    names: frozenset[str]
    learner: bool
    check: Check | None = None
    beside: Beside | None = None


def units_of(
    program: Program, frames: Frames, names: BlockNames, *, tags: bool
) -> tuple[Unit, ...]:
    """The units of a program. Without `tags` ids name no tensors, and are left out; `names`
    gets to know those of the learner's blocks.
    """
    cutter = _Cutter(program, frames, names, tags)
    return tuple(cutter.cut())


class _Cutter:
    def __init__(
        self,
        program: Program,
        frames: Frames,
        block_names: BlockNames,
        tags: bool,
    ) -> None:
        self._program = program
        self._block_names = block_names
        self._frames = frames
        self._tags = tags
        self._lean = Lean(tags=tags)

    def cut(self) -> Iterator[Unit]:
        learner: tuple[Step, ...] = ()
        for component, given, _ in self._program.components:
            steps = tuple([settled(step, self._frames) for step in given])
            for step in steps:
                yield from self._step(step, component == "learner", steps)
            if component == "learner":
                learner = steps
                if all(map(self._is_cut, steps)):
                    yield from self._checks(steps, by_total=True)
        # Last, since they feel more knobs than what comes after the learner.
        yield from self._checks(learner, by_total=False)

    def _step(self, step: Step, in_learner: bool, steps: tuple[Step, ...]) -> Iterator[Unit]:
        if isinstance(step.action, Groups) and self._is_cut(step):
            yield from self._groups(step.action, steps)
            return
        lean = step if self._tags else replace(step, id=None)
        names = names_of(step_values(step))
        if in_learner and "learner" in names:
            names |= count_names(steps)
        if has_groups(step):
            names |= self._block_names.args
        run = _step_run(lean, tuple(all_groups((step,))), self._block_names)
        yield Unit(run, names, in_learner and has_groups(step))

    def _is_cut(self, step: Step) -> bool:
        """Whether a step of the learner is groups that are carried out one by one."""
        plain = step.when is None and step.repeat is None and step.source is None
        groups = step.action
        return isinstance(groups, Groups) and plain and step.id is None and self._separable(groups)

    def _separable(self, groups: Groups) -> bool:
        """Whether one group can be carried out without the others."""
        policy = groups.stride_policy
        dilates = policy is not None and policy.output_stride is not None
        choices = [groups.block, *(row.block for row in groups.rows or ())]
        constant = all(isinstance(value, Constant) for c in choices if c for value in c.values)
        # How many blocks there are is told of all groups at once, where the first of them starts.
        return constant and not dilates and "here" not in depth_names(groups)

    def _groups(self, groups: Groups, steps: tuple[Step, ...]) -> Iterator[Unit]:
        lean = self._lean.groups(groups)
        count = GroupValues(groups, self._frames.first()).count
        shared = names_of(shared_values(lean)) | self._block_names.args
        beside = {
            key: self._frames.learnt(value)
            for key, value in lean.values.items()
            if self._frames.is_computed(value)
        }
        parts = [slice(group, group + 1) for group in range(count)]
        if groups.rows is None:
            # Lists say how many groups there are: of some variants there are more than at first.
            parts.append(slice(count, None))
        for part in parts:
            rows = lean.rows[part] if lean.rows else ()
            names = shared.union(*[names_of(row_values(row)) for row in rows])
            learner = "learner" in names
            if learner:
                names |= count_names(steps)
            steady = SteadyGroup(lean, part.start, self._frames.args, tags=self._tags)
            run = _group_run(lean, part, steady, partial(_note, self._block_names, groups))
            own = None if learner or not beside else self._beside(lean, part, beside)
            yield Unit(run, names, learner, beside=own)

    def _beside(self, groups: Groups, part: slice, found: Mapping[str, LearntValue]) -> Beside:
        rest = {key: value for key, value in groups.values.items() if key not in found}
        values = [*shared_values(replace(groups, values=rest))]
        for row in groups.rows[part] if groups.rows else ():
            values += row_values(row)
        return Beside(groups, part, found, names_of(values) | self._block_names.args)

    def _checks(self, steps: tuple[Step, ...], *, by_total: bool) -> Iterator[Unit]:
        """What the costs don't feel may still be wrong: a rate of 1, a division by zero.

        With `by_total` the checks that need to know no more than the place in the learner, which
        stand at its end; without it all others.
        """
        checked = [(groups, self._lean.unfelt(groups)) for groups in all_groups(steps)]
        values = [
            table[key]
            for groups, keys in checked
            for table in (groups.values, *(row.values for row in groups.rows or ()))
            for key in keys & table.keys()
        ]
        beside = [each for groups, _ in checked for each in groups.values.values()]
        wrong = [
            isinstance(v, Constant) and not _holds(v.value, beside=v in beside) for v in values
        ]
        check = RateCheck(checked)
        at_the_end = check.hangs_on_total and all(map(self._is_cut, steps))
        if any(wrong) or all(isinstance(value, Constant) for value in values):
            if any(wrong) and not by_total:
                yield Unit(nothing, frozenset(), learner=False, check=_unsure)
        elif at_the_end and by_total:
            yield Unit(nothing, names_of(values), learner=True, check=check.at_the_end)
        elif not at_the_end and not by_total:
            names = names_of(values) | count_names(steps)
            yield Unit(nothing, names, learner=False, check=check.everywhere)


def _step_run(step: Step, inside: tuple[Groups, ...], names: BlockNames) -> Run:
    def run(interpreter: CountingInterpreter, stream: Stream, frame: Frame) -> Stream:
        result = interpreter.run_steps((step,), stream, frame)
        for groups in inside:
            frame.here = stream
            values = GroupValues(groups, frame)
            for group, count in enumerate(values.block_counts()):
                interpreter.note(names, groups, values, group, count)
        return result

    return run


def _group_run(
    groups: Groups,
    part: slice,
    steady: SteadyGroup,
    note: Callable[[CountingInterpreter, GroupValues, int, int], None],
) -> Run:
    def run(interpreter: CountingInterpreter, stream: Stream, frame: Frame) -> Stream:
        runner = CountingGroups(interpreter, groups, frame, steady)
        # A network without groups is a matter of elaborating it.
        interpreter.tally.lost |= not runner.count
        for group in range(runner.count)[part]:
            note(interpreter, runner.values, group, _count(runner.values, group))
            stream = runner.run_one(group, stream)
        return stream

    return run


def _note(
    names: BlockNames,
    named: Groups,
    interpreter: CountingInterpreter,
    values: GroupValues,
    group: int,
    count: int,
) -> None:
    """Let the names of a group's blocks be known; `named` are the groups with their ids."""
    interpreter.note(names, named, values, group, count)


def _count(values: GroupValues, group: int) -> int:
    outer = values.frame.context
    try:
        return values.block_count(group)
    finally:
        values.frame.context = outer


def _holds(value: object, beside: bool) -> bool:
    """Whether a constant is a rate; beside the rows it may be a list that runs over them."""
    return all(map(is_rate, value)) if beside and isinstance(value, tuple) else is_rate(value)


def nothing(_interpreter: CountingInterpreter, stream: Stream, _frame: Frame) -> Stream:
    """A unit that does nothing."""
    return stream


def _unsure(_frame: Frame, _position: int) -> bool:
    return False
