"""The args of a block as its unit has them: parameters, locals, or folded constants."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from archc.elaborate.program import (
    Block,
    BlockCall,
    Groups,
    LayerCall,
    MergeCall,
    RoleCall,
    Step,
    Steps,
)
from archc.elaborate.values import Computed, Constant, Value
from archc.emission.symbols import Code
from archc.emission.translate import NoCode, constant_code
from archc.layers import ROLES


def inner_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    """All steps of a body, those in sequences, paths and around groups included."""
    for step in steps:
        yield step
        match step.action:
            case Steps(steps=inside):
                yield from inner_steps(inside)
            case MergeCall(paths=paths):
                for path in paths:
                    yield from inner_steps(path.steps)
            case Groups() as groups:
                yield from inner_steps((*groups.before, *groups.after))


def default_code(block: Block, name: str) -> Code | None:
    """The literal that stands for an arg that is not given; None where there is none.

    A default of `null` hands "not given" on: what then holds is what the arg's uses all say.
    """
    default = block.defaults.get(name)
    if not isinstance(default, Constant):
        return None
    if default.value is not None:
        return _literal(default.value)
    return _handed_on(block, name)


def _handed_on(block: Block, name: str) -> Code | None:
    found: dict[str, Code] = {}
    for value, meant in _uses(block, name):
        bare = isinstance(value, Computed) and value.expression.text.strip() == name
        if not bare or meant is None:
            return None
        found[ast.dump(meant)] = meant
    return next(iter(found.values())) if len(found) == 1 else None


def _uses(block: Block, name: str) -> Iterator[tuple[Value, Code | None]]:
    """Every value that reads the arg, with what an attribute is where that value is null."""
    for other in block.defaults.values():
        if name in other.free_names:
            yield other, None
    for step in inner_steps(block.steps):
        for value in (step.id, step.source, step.when, step.repeat):
            if value is not None and name in value.free_names:
                yield value, None
        yield from _uses_in_action(step, name)


def _uses_in_action(step: Step, name: str) -> Iterator[tuple[Value, Code | None]]:
    match step.action:
        case LayerCall() as call:
            yield from _uses_in_layer(call, name)
        case RoleCall() as role:
            yield from _uses_in_role(role, name)
        case BlockCall(block=inner, arguments=arguments):
            for key, value in _reading(arguments, name):
                yield value, default_code(inner, key)
        case Groups() as groups:
            for _, value in _reading(groups.values, name):
                yield value, None


def _reading(values: dict[str, Value], name: str) -> list[tuple[str, Value]]:
    return [(key, value) for key, value in values.items() if name in value.free_names]


def _uses_in_layer(call: LayerCall, name: str) -> Iterator[tuple[Value, Code | None]]:
    for key, value in _reading(call.attributes, name):
        default = call.defaults.get(key)
        given = default.value if isinstance(default, Constant) else None
        own = call.verb.layer.model_fields[key].default
        yield value, _literal(given if given is not None else own)


def _uses_in_role(call: RoleCall, name: str) -> Iterator[tuple[Value, Code | None]]:
    if call.kind is not None and name in call.kind.free_names:
        written = call.file.defaults.get(call.role, {}).get("kind")
        default = written.value if isinstance(written, Constant) else ROLES[call.role]
        yield call.kind, _literal(default)
    for _, value in _reading(call.attributes, name):
        yield value, None


def _literal(value: object) -> Code | None:
    if value is None:
        return None
    try:
        return constant_code(value)
    except (NoCode, TypeError):
        return None
