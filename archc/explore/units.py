"""A program cut into units, each with the knobs that it can feel: steps, and single groups.

Carried out one after the other, the units do what the program does. A unit whose knobs and whose
entering state are those of an earlier time does what it did then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from archc.elaborate.group_values import GroupValues
from archc.elaborate.program import Block, BlockCall, Groups, Program, Row, Step, Steps
from archc.elaborate.scope import Frame, Stream
from archc.elaborate.values import Constant
from archc.explore.block_names import BlockNames
from archc.explore.costs import CountingInterpreter
from archc.explore.dependencies import (
    NeutralArgs,
    names_of,
    row_values,
    shared_values,
    step_values,
)
from archc.explore.groups import CountingGroups, SteadyGroup
from archc.explore.rates import RateCheck, is_rate

Run = Callable[[CountingInterpreter, Stream, Frame], Stream]


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of the network that is carried out at once.

    `names` are those that its values use; `learner` says that it needs to know where in the
    learner it stands.
    """

    run: Run
    names: frozenset[str]
    learner: bool


def units_of(
    program: Program, frame: Frame, args: frozenset[str], names: BlockNames, *, tags: bool
) -> tuple[Unit, ...]:
    """The units of a program. Without `tags` ids name no tensors, and are left out; `names`
    gets to know those of the learner's blocks.
    """
    cutter = _Cutter(program, frame, args, names, tags)
    return tuple(cutter.cut())


def needs_tags(program: Program, known: frozenset[str]) -> bool:
    """Whether any step of the spec itself takes an earlier step's tensor by its id.

    `known` are the names that are no ids: the spec's args, and what the language gives.
    """
    steps = [step for _, steps, _ in program.components for step in steps]
    return any(_takes_by_id(step, known) for step in _all_steps(steps))


class _Cutter:
    def __init__(
        self,
        program: Program,
        frame: Frame,
        args: frozenset[str],
        block_names: BlockNames,
        tags: bool,
    ) -> None:
        self._program = program
        self._block_names = block_names
        self._frame = frame
        self._args = args
        self._tags = tags
        self._neutral = NeutralArgs()

    def cut(self) -> Iterator[Unit]:
        for component, steps, _ in self._program.components:
            for step in steps:
                yield from self._step(step, component == "learner", steps)
        # Last, since they feel more knobs than what comes after the learner.
        for component, steps, _ in self._program.components:
            if component == "learner":
                yield from self._checks(steps)

    def _step(self, step: Step, in_learner: bool, steps: tuple[Step, ...]) -> Iterator[Unit]:
        groups = step.action
        plain = step.when is None and step.repeat is None and step.source is None
        if isinstance(groups, Groups) and plain and step.id is None and self._separable(groups):
            yield from self._groups(groups, steps)
            return
        lean = step if self._tags else replace(step, id=None)
        names = names_of(step_values(step))
        if in_learner and "learner" in names:
            names |= self._count_names(steps)
        run = _step_run(lean, tuple(_all_groups((step,))), self._block_names)
        yield Unit(run, names, in_learner and _has_groups(step))

    def _separable(self, groups: Groups) -> bool:
        """Whether one group can be carried out without the others."""
        policy = groups.stride_policy
        dilates = policy is not None and policy.output_stride is not None
        choices = [groups.block, *(row.block for row in groups.rows or ())]
        constant = all(isinstance(value, Constant) for c in choices if c for value in c.values)
        return constant and not dilates

    def _groups(self, groups: Groups, steps: tuple[Step, ...]) -> Iterator[Unit]:
        lean = self._lean(groups)
        count = GroupValues(groups, self._frame).count
        shared = names_of(shared_values(lean))
        note = self._block_names.register
        for group in range(count):
            row = lean.rows[group] if lean.rows else None
            names = shared | (names_of(row_values(row)) if row else frozenset())
            learner = "learner" in names
            if learner:
                names |= self._count_names(steps)
            steady = SteadyGroup(lean, group, self._args, tags=self._tags)
            run = _group_run(lean, group, count, steady, partial(note, groups))
            yield Unit(run, names, learner)

    def _lean(self, groups: Groups) -> Groups:
        """The groups less what costs don't feel: ids that nobody reads, and neutral args."""
        unfelt = self._unfelt(groups)
        rows = None
        if groups.rows is not None:
            rows = tuple([_row_without(row, unfelt) for row in groups.rows])
        values = {key: value for key, value in groups.values.items() if key not in unfelt}
        scaling = {key: value for key, value in groups.scaling.items() if key not in unfelt}
        identifier = groups.id if self._tags else None
        return replace(groups, values=values, rows=rows, scaling=scaling, id=identifier)

    def _unfelt(self, groups: Groups) -> frozenset[str]:
        """The keys that are neutral args of every block that may get them."""
        names = {
            str(value.value)
            for choice in (groups.block, *(row.block for row in groups.rows or ()))
            for value in (choice.values if choice is not None else ())
            if isinstance(value, Constant)
        }
        verbs = [groups.file.blocks.get(name) for name in names]
        blocks = [block for block in verbs if isinstance(block, Block)]
        if groups.computed_rows is not None or len(blocks) < len(verbs):
            return frozenset()
        keys = set(groups.values).union(*(row.values for row in groups.rows or ()))
        pairs = [pair for value in shared_values(groups) for pair in value.attributes]
        read = {key for name, key in pairs if name == "row"}
        return frozenset(
            key
            for key in keys - read
            if all(key in self._neutral.of(b) or key not in b.accepts for b in blocks)
            and any(key in block.accepts for block in blocks)
        )

    def _checks(self, steps: tuple[Step, ...]) -> Iterator[Unit]:
        """What the costs don't feel may still be wrong: a rate of 1, a division by zero."""
        checked = [(groups, self._unfelt(groups)) for groups in _all_groups(steps)]
        values = [
            table[key]
            for groups, keys in checked
            for table in (groups.values, *(row.values for row in groups.rows or ()))
            for key in keys & table.keys()
        ]
        beside = [each for groups, _ in checked for each in groups.values.values()]
        if any(isinstance(v, Constant) and not _holds(v.value, v in beside) for v in values):
            yield Unit(_unsure, frozenset(), False)
        elif not all(isinstance(value, Constant) for value in values):
            names = names_of(values) | self._count_names(steps)
            yield Unit(RateCheck(checked), names, False)

    def _count_names(self, steps: tuple[Step, ...]) -> frozenset[str]:
        """The names that say how many blocks the learner has."""
        found = list(_all_groups(steps))
        values = [
            table[key]
            for groups in found
            for table in (groups.values, groups.scaling, *(row.values for row in groups.rows or ()))
            for key in table
            if key == "blocks"
        ]
        return names_of(values)


def _step_run(step: Step, inside: tuple[Groups, ...], names: BlockNames) -> Run:
    def run(interpreter: CountingInterpreter, stream: Stream, frame: Frame) -> Stream:
        result = interpreter.run_steps((step,), stream, frame)
        for groups in inside:
            values = GroupValues(groups, frame)
            for group, count in enumerate(values.block_counts()):
                names.register(groups, values, group, count)
        return result

    return run


def _group_run(
    groups: Groups,
    group: int,
    count: int,
    steady: SteadyGroup,
    note: Callable[[GroupValues, int, int], None],
) -> Run:
    def run(interpreter: CountingInterpreter, stream: Stream, frame: Frame) -> Stream:
        runner = CountingGroups(interpreter, groups, frame, steady)
        # With another number of groups the units are others: this variant must be elaborated.
        interpreter.tally.lost |= runner.count != count
        if group >= runner.count:
            return stream
        note(runner.values, group, _count(runner.values, group))
        return runner.run_one(group, stream)

    return run


def _count(values: GroupValues, group: int) -> int:
    outer = values.frame.context
    try:
        return values.block_count(group)
    finally:
        values.frame.context = outer


def _holds(value: object, beside: bool) -> bool:
    """Whether a constant is a rate; beside the rows it may be a list that runs over them."""
    return all(map(is_rate, value)) if beside and isinstance(value, tuple) else is_rate(value)


def _unsure(interpreter: CountingInterpreter, stream: Stream, _frame: Frame) -> Stream:
    interpreter.tally.lost = True
    return stream


def _row_without(row: Row, keys: frozenset[str]) -> Row:
    kept = {key: value for key, value in row.values.items() if key not in keys}
    return replace(row, values=kept)


def _all_steps(steps: list[Step] | tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        match step.action:
            case Steps(inner):
                yield from _all_steps(inner)
            case Groups() as groups:
                yield from _all_steps((*groups.before, *groups.after))
            case _:
                for path in getattr(step.action, "paths", ()):
                    yield from _all_steps(path.steps)


def _all_groups(steps: tuple[Step, ...]) -> Iterator[Groups]:
    """The groups of the learner itself; a block's own are no part of its count."""
    for step in steps:
        if isinstance(step.action, Groups):
            yield step.action
        elif isinstance(step.action, Steps):
            yield from _all_groups(step.action.steps)


def _has_groups(step: Step) -> bool:
    return any(isinstance(each.action, Groups) for each in _all_steps([step]))


def _takes_by_id(step: Step, known: frozenset[str]) -> bool:
    used, keys = names_of(step_values(step)), frozenset[str]()
    if isinstance(step.action, Groups):
        groups = step.action
        keys = frozenset(groups.values).union(*(row.values for row in groups.rows or ()))
        inputs = {name for block in groups.file.blocks.values() for name in block.inputs}
        if keys & inputs or groups.computed_rows is not None:
            return True
    if isinstance(step.action, BlockCall):
        block = step.action.block
        if any(name in block.inputs for name in step.action.arguments):
            return True
    return step.source is not None or not used <= known | keys
