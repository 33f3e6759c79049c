"""Which knobs a part of a program can feel: found in its text, before anything is evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archc.elaborate.program import (
    Block,
    BlockCall,
    BlockChoice,
    Groups,
    LayerCall,
    MergeCall,
    RoleCall,
    Row,
    Step,
    Steps,
    StridePolicy,
)
from archc.elaborate.values import Constant, Value, compile_value
from archc.source import Mapping, Node, Sequence

NEUTRAL_ATTRIBUTES = {"dropout": "rate", "drop_path": "rate"}
"""Attributes that change neither shape nor weights nor multiply-adds."""


def step_values(step: Step) -> Iterator[Value]:
    """Every value that carrying out a step evaluates in the body that it stands in."""
    yield from _given(step.id, step.source, step.when, step.repeat)
    match step.action:
        case LayerCall() as call:
            yield from (*call.attributes.values(), *call.defaults.values())
        case RoleCall() as role:
            yield from (*role.attributes.values(), *_given(role.kind))
        case BlockCall() as block:
            yield from block.arguments.values()
        case MergeCall() as merge:
            for path in merge.paths:
                yield from steps_values(path.steps)
        case Steps(steps):
            yield from steps_values(steps)
        case Groups() as groups:
            yield from groups_values(groups)
        case _:
            return


def _given(*values: Value | None) -> list[Value]:
    return [value for value in values if value is not None]


def steps_values(steps: Iterable[Step]) -> Iterator[Value]:
    for step in steps:
        yield from step_values(step)


def groups_values(groups: Groups) -> Iterator[Value]:
    """Every value of a `groups` step, those of its rows included."""
    yield from shared_values(groups)
    for row in groups.rows or ():
        yield from row_values(row)


def shared_values(groups: Groups) -> Iterator[Value]:
    """The values of a `groups` step that all of its groups share."""
    yield from groups.values.values()
    yield from groups.scaling.values()
    yield from steps_values(groups.before)
    yield from steps_values(groups.after)
    yield from _choice_values(groups.block)
    yield from _policy_values(groups.stride_policy)
    yield from _given(groups.id, groups.computed_rows)


def row_values(row: Row) -> Iterator[Value]:
    yield from row.values.values()
    yield from _choice_values(row.block)


def _choice_values(choice: BlockChoice | None) -> tuple[Value, ...]:
    return choice.values if choice is not None else ()


def _policy_values(policy: StridePolicy | None) -> Iterator[Value]:
    if policy is None:
        return
    yield from _given(policy.first_group, policy.other_groups, policy.strides, policy.output_stride)


def names_of(values: Iterable[Value]) -> frozenset[str]:
    """All names that any of the values uses."""
    names: set[str] = set()
    for value in values:
        names |= value.free_names
    return frozenset(names)


def names_in(node: Node) -> frozenset[str]:
    """All names that the expressions of a tree use, those inside mappings included."""
    names: set[str] = set()
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, Mapping):
            waiting += [entry.value for entry in at.entries.values()]
        elif isinstance(at, Sequence):
            waiting += at.items
        else:
            names |= compile_value(at, "").free_names
    return frozenset(names)


class NeutralArgs:
    """The args of blocks that reach only neutral attributes: whatever they are, costs stay."""

    def __init__(self) -> None:
        self._known: dict[Block, frozenset[str]] = {}

    def of(self, block: Block) -> frozenset[str]:
        """Args with a default that no shape, weight or condition inside the block feels."""
        if block not in self._known:
            felt = set(names_of(_felt(block.steps, self)))
            for arg in reversed(block.arguments):
                default = block.defaults.get(arg)
                if arg in felt and default is not None:
                    felt |= default.free_names
            # Who leaves an arg out gets its default, which must be a rate as well.
            neutral = [a for a, d in block.defaults.items() if a not in felt and _is_rate(d)]
            self._known[block] = frozenset(neutral)
        return self._known[block]


def _is_rate(default: Value) -> bool:
    return isinstance(default, Constant) and default.value == 0 and default.value is not False


def _felt(steps: Iterable[Step], neutral: NeutralArgs) -> Iterator[Value]:
    """The values of some steps less those that only reach neutral attributes."""
    for step in steps:
        yield from _given(step.id, step.source, step.when, step.repeat)
        match step.action:
            case LayerCall() as call:
                ignored = NEUTRAL_ATTRIBUTES.get(call.verb.name)
                yield from [v for name, v in call.attributes.items() if name != ignored]
                yield from call.defaults.values()
            case BlockCall() as call:
                unfelt = neutral.of(call.block)
                yield from [v for name, v in call.arguments.items() if name not in unfelt]
            case MergeCall() as merge:
                for path in merge.paths:
                    yield from _felt(path.steps, neutral)
            case Steps(inner):
                yield from _felt(inner, neutral)
            case _:
                yield from _rest(step)


def _rest(step: Step) -> Iterator[Value]:
    """What a role or groups evaluate, all of it felt."""
    if isinstance(step.action, RoleCall | Groups):
        yield from step_values(step)
