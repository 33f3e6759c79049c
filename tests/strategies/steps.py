"""Steps of every kind, drawn for the body that they stand in."""

from __future__ import annotations

from collections.abc import Callable

from archc.layers import ACTIVATIONS
from tests.strategies.body import Body, listed
from tests.strategies.calls import call
from tests.strategies.expressions import condition, written
from tests.strategies.groups import groups
from tests.strategies.layers import layer, verbs_for
from tests.strategies.merges import merge
from tests.strategies.naive_parts import Data, verb_of

Step = object


def step(body: Body) -> Step | None:
    """A step of any kind, with modifiers; None where this one does not work out."""
    kind = body.pick(*KINDS)
    modifiers = body.pick(*MODIFIERS)
    source = _source(body) if "from" in (kind, *modifiers) else None
    stream = body.elaboration.source(source, body.frame) if source is not None else body.stream
    given: Data = {} if source is None else {"from": source}
    if kind == "from":
        return given
    with body.inside(stream):
        count = int(body.pick(2, 1, 3, 0)) if "repeat" in modifiers else None
        if count is not None:
            given["repeat"] = written(body.choose, count, "repeat", body.names())
            body.repeat(count)
        made = MAKERS[kind](body)
        if made is None:
            return None
        given |= made
        if "when" in modifiers:
            given["when"] = condition(body.choose, body.names())
        if "id" in modifiers:
            given["id"] = _id(body, count)
    return _as_word(body, given)


def steps(body: Body, most: int) -> list[object]:
    """Several steps, one after the other."""
    return listed(body, step, most)


def _layer(body: Body) -> Data:
    verb = str(body.pick(*verbs_for(body.shape)))
    return {verb: layer(body.place(), verb)}


def _role(body: Body) -> Data:
    role = str(body.pick("norm", "activation"))
    norms = ("batch_norm", "layer_norm", "none")
    kinds = norms if role == "norm" else ("linear", "silu", *ACTIVATIONS)
    kind = body.pick(None, *kinds)
    if kind is None:
        return {role: None}
    if role == "norm" and body.chance(4):
        return {role: {"kind": "group_norm", "groups": body.place().divisor()}}
    value = body.place().value(kind, "kind")
    return {role: {"kind": value} if body.chance(4) else value}


def _sequence(body: Body) -> Data | None:
    if body.depth > 2:
        return None
    inner = steps(body, 3)
    return {"steps": inner} if inner or body.chance(5) else None


def _groups(body: Body) -> Data | None:
    if body.depth > 2 or body.left < 4:
        return None
    made = groups(body, steps)
    return None if made is None else {"groups": made}


def _merge(body: Body) -> Data | None:
    return merge(body, steps) if body.depth < 3 else None


MAKERS: dict[str, Callable[[Body], Data | None]] = {
    "layer": _layer,
    "role": _role,
    "merge": _merge,
    "call": call,
    "steps": _sequence,
    "groups": _groups,
}
MODIFIERS: tuple[tuple[str, ...], ...] = (
    *[()] * 12,
    *[("id",)] * 8,
    *[("when",)] * 2,
    *[("id", "when")] * 2,
    *[("repeat",)] * 2,
    *[("from",), ("from", "id"), ("id", "repeat"), ("repeat", "when"), ("from", "id", "when")],
)
"""What stands beside a verb, as often as it should."""
KINDS = (*["layer"] * 7, *["call"] * 4, *["merge"] * 3, "role", "steps", "groups", "from")


def _source(body: Body) -> object | None:
    """An earlier tensor: by its id, as an input, or chosen by an expression."""
    frame = body.frame
    name = body.pick("input", *filter(None, frame.tags), *frame.inputs)
    plain = body.names_of_tensors()
    if not plain or not body.chance(5):
        return name
    one, other = body.pick(*plain), body.pick(*plain)
    return f"={one} if {body.pick('True', 'not True', 'input.rank == 1')} else {other}"


def _id(body: Body, count: int | None) -> object:
    name = body.new_id()
    if count is not None:
        ends = ("$(repeat.number)", "$(letter(repeat.index))", "_$(repeat.index + 1)")
        return f"{name}{body.pick(*ends)}"
    texts = {key: str(value) for key, value in body.names().items() if type(value) in (int, str)}
    short = [key for key, shown in texts.items() if len(shown) < 9]
    if short and body.chance(5):
        return f"{name}_$({body.pick(*short)})"
    return int(name) if name in ("0", "1", "2") and body.chance(2) else name


def _as_word(body: Body, given: Data) -> Step:
    """A verb alone, where it has nothing beside it."""
    verb = verb_of(given)
    if len(given) == 1 and given.get(verb) is None and verb and not body.chance(4):
        return verb
    return given
