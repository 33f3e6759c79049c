"""What stands where among the steps of a program, found without carrying them out."""

from __future__ import annotations

from collections.abc import Iterator

from archc.elaborate.program import BlockCall, Groups, Program, Step, Steps
from archc.explore.dependencies import names_of, step_values


def needs_tags(program: Program, known: frozenset[str]) -> bool:
    """Whether any step of the spec itself takes an earlier step's tensor by its id.

    `known` are the names that are no ids: the spec's args, and what the language gives.
    """
    steps = [step for _, steps, _ in program.components for step in steps]
    return any(_takes_by_id(step, known) for step in all_steps(steps))


def id_names(program: Program) -> frozenset[str]:
    """The names that the ids of the learner's blocks hang on."""
    found = [
        groups.id
        for component, steps, _ in program.components
        if component == "learner"
        for groups in all_groups(steps)
        if groups.id is not None
    ]
    return names_of(found)


def count_names(steps: tuple[Step, ...]) -> frozenset[str]:
    """The names that say how many blocks the learner has."""
    return frozenset[str]().union(*map(count_names_of, all_groups(steps)))


def count_names_of(groups: Groups) -> frozenset[str]:
    """The names that stand in the depths of groups."""
    tables = (groups.values, groups.scaling, *(row.values for row in groups.rows or ()))
    return names_of([table["blocks"] for table in tables if "blocks" in table])


def depth_names(groups: Groups) -> frozenset[str]:
    """The names that the depths of groups hang on, through other keys of theirs as well."""
    tables = (groups.values, groups.scaling, *(row.values for row in groups.rows or ()))
    keys = frozenset[str]().union(*tables)
    names, done, waiting = frozenset[str](), set[str](), {"blocks"}
    while waiting:
        key = waiting.pop()
        done.add(key)
        values = [table[key] for table in tables if key in table]
        names |= names_of(values)
        read = {attribute for v in values for name, attribute in v.attributes if name == "row"}
        scaled = groups.scaling[key].free_names & keys if key in groups.scaling else frozenset()
        waiting |= (read | scaled) - done
    return names


def all_steps(steps: list[Step] | tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        match step.action:
            case Steps(inner):
                yield from all_steps(inner)
            case Groups() as groups:
                yield from all_steps((*groups.before, *groups.after))
            case _:
                for path in getattr(step.action, "paths", ()):
                    yield from all_steps(path.steps)


def all_groups(steps: tuple[Step, ...]) -> Iterator[Groups]:
    """The groups of the learner itself; a block's own are no part of its count."""
    for step in steps:
        if isinstance(step.action, Groups):
            yield step.action
        elif isinstance(step.action, Steps):
            yield from all_groups(step.action.steps)


def has_groups(step: Step) -> bool:
    return any(isinstance(each.action, Groups) for each in all_steps([step]))


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
