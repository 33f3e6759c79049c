"""Blocks of `define`: those of papers, stages of groups, and such as come by chance."""

from __future__ import annotations

from archc.layers import TensorShape
from tests.strategies.archetypes import SPATIAL, VECTOR, Archetype
from tests.strategies.body import Body, Signature
from tests.strategies.calls import argument
from tests.strategies.choices import Chooser
from tests.strategies.expressions import written
from tests.strategies.naive import Elaboration
from tests.strategies.naive_parts import Data, File, Frame, Unit
from tests.strategies.steps import steps
from tests.strategies.values import Refused
from tests.strategies.words import ABOUTS, identifiers, ids

MOST_STEPS = 5
ROOM = 14
"""Layers of one block, by itself."""


def block(
    choose: Chooser, file: File, signatures: list[Signature], shape: TensorShape
) -> tuple[Signature, Data] | None:
    """A block that works at least on this shape, declared in the file; None if it came to nothing.

    It may call those whose signatures are given.
    """
    name = identifiers(choose, file.units)
    kind = choose.pick(0, 1, 2, 3)
    if kind < 2:
        makers = SPATIAL if shape.rank else VECTOR
        made = choose.pick(*makers)(choose, shape.rank)
    elif kind == 2:
        made = _by_chance(choose, file, signatures, shape)
    else:
        made = _stage(choose, signatures)
    if made is None:
        return None
    if choose.chance(4):
        made.body = {"about": choose.pick(*ABOUTS), **made.body}
    signature = _signature(name, made)
    file.units[name] = Unit(name, made.body, file)
    if _works(file.units[name], made, shape):
        return signature, made.body
    del file.units[name]
    return None


def _signature(name: str, made: Archetype) -> Signature:
    args = made.body.get("args", {})
    optional = frozenset(key for key, default in args.items() if default != "required")
    outputs = len(made.body.get("outputs", ())) or 1
    return Signature(name, made.kinds, optional, tuple(made.body.get("inputs", ())), outputs)


def _works(unit: Unit, made: Archetype, shape: TensorShape) -> bool:
    elaboration = Elaboration()
    inputs = {name: elaboration.add_input(name, shape) for name in unit.inputs}
    examples = {"filters": 4, "growth": 4, "units": 4, "depth": 1, **made.examples}
    given = {key: value for key, value in examples.items() if key in unit.args}
    try:
        elaboration.call(unit, given, inputs, "block", tuple(inputs.values()))
    except Refused:
        return False
    return len(elaboration.nodes) <= ROOM


def _by_chance(
    choose: Chooser, file: File, signatures: list[Signature], shape: TensorShape
) -> Archetype | None:
    elaboration = Elaboration()
    names = _input_names(choose)
    inputs = {name: elaboration.add_input(name, shape) for name in names or ("input",)}
    stream = tuple(inputs.values())
    frame = Frame(file, {}, inputs, "block", stream, inside_unit=True)
    body = Body(choose, elaboration, frame, stream, signatures, ROOM)
    args, kinds = _args(body)
    written_steps = steps(body, MOST_STEPS)
    if not written_steps:
        return None
    data: Data = {"args": args, "steps": written_steps}
    if names:
        data = {"inputs": list(names), **data}
    outputs = _outputs(body)
    if outputs:
        data["outputs"] = outputs
    if not args:
        del data["args"]
    return Archetype(data, kinds, dict(frame.args))


def _input_names(choose: Chooser) -> tuple[str, ...]:
    if not choose.chance(5):
        return ()
    first = identifiers(choose)
    return (first, identifiers(choose, {first})) if choose.chance(2) else (first,)


def _args(body: Body) -> tuple[dict[str, object], dict[str, str]]:
    """Args with their defaults and kinds; in the frame each has a value to draw with."""
    args: dict[str, object] = {}
    kinds: dict[str, str] = {}
    while len(args) < 4 and body.choose.more(2):
        name = identifiers(body.choose, {*args, *body.frame.inputs})
        kind = str(body.pick("filters", "flag", "activation", "rate", "kernel", "times", "text"))
        value = argument(body, kind)
        required = value is not None and body.chance(2)
        args[name] = "required" if required else written(body.choose, value, name, body.names())
        kinds[name] = kind
        body.frame.args[name] = value
    return args, kinds


def _outputs(body: Body) -> list[str]:
    """Now and then two ids, of two tensors."""
    tags = [name for name in body.frame.tags if name]
    if len(tags) < 2 or not body.chance(3):
        return []
    one, other = body.pick(*tags), body.pick(*tags)
    return [str(one), str(other)] if body.frame.tags[one] != body.frame.tags[other] else []


def _stage(choose: Chooser, signatures: list[Signature]) -> Archetype | None:
    """Groups of another block, inside a block."""
    inner = [s for s in signatures if "filters" in s.kinds and len(s.inputs) < 2 and s.outputs == 1]
    if not inner:
        return None
    chosen = choose.pick(*inner)
    groups: Data = {"block": chosen.name, "blocks": "=depth", "filters": "="}
    args: Data = {"filters": "required", "depth": 2}
    kinds = {"filters": "filters", "depth": "times"}
    if "stride" in chosen.kinds:
        groups["stride_policy"] = choose.pick("=stride", {"first_group": "=stride"})
        args["stride"], kinds["stride"] = 1, "stride"
    if choose.chance(3):
        groups["id"] = f"{ids(choose)}_$(block.number)"
    return Archetype({"args": args, "steps": [{"groups": groups}, *choose.pick(*_ENDS)]}, kinds)


_ENDS = ([], ["relu"], [{"id": "", "batch_norm": None}])
