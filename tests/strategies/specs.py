"""Whole specs: what is drawn is valid, and says its network in many ways."""

from __future__ import annotations

from hypothesis import strategies as st

from archc.layers import TensorShape
from tests.strategies.blocks import block
from tests.strategies.body import Body, Signature
from tests.strategies.calls import argument
from tests.strategies.choices import Chooser
from tests.strategies.expressions import written
from tests.strategies.groups import groups
from tests.strategies.libraries import signatures_of
from tests.strategies.naive import Elaboration
from tests.strategies.naive_parts import Data
from tests.strategies.naive_spec import LIBRARIES, enter, network, spec_frame
from tests.strategies.settings import draw_defaults, draw_variants
from tests.strategies.steps import steps
from tests.strategies.values import Refused
from tests.strategies.words import ABOUTS, SPEC_NAMES, identifiers

ROOMS = {"stem": 12, "learner": 36, "task": 42}
"""Layers up to the end of each component, those that no output needs included."""


@st.composite
def spec_data(draw: st.DrawFn) -> Data:
    """The plain data of a valid spec."""
    choose = Chooser(draw)
    data: Data = {"name": choose.pick(*SPEC_NAMES)}
    if choose.chance(3):
        data["about"] = choose.pick(*ABOUTS)
    rank = int(choose.pick(2, 2, 2, 1, 1, 3, 0))
    data["input"] = _inputs(choose, rank)
    data["args"] = _knobs(choose)
    data["defaults"] = draw_defaults(choose, data["args"]) if choose.chance(3) else {}
    if choose.chance(4) and rank:
        data["use"] = [choose.pick(*LIBRARIES)]
    data["define"] = {}
    _components(choose, data, rank)
    numbers = [name for name, value in data["args"].items() if type(value) is int]
    if numbers and choose.chance(6):
        data["about"] = f"of $({choose.pick(*numbers)} + 1)"
    if choose.chance(3):
        draw_variants(choose, data)
    return {key: value for key, value in data.items() if value or key == "input"}


def _inputs(choose: Chooser, rank: int) -> object:
    shape = _shape(choose, rank)
    if not choose.chance(4):
        return shape
    first = identifiers(choose)
    given = {first: shape}
    while len(given) < 3 and choose.chance(2):
        other = list(shape) if choose.chance(2) else _shape(choose, rank)
        given[identifiers(choose, given)] = other
    return given


def _shape(choose: Chooser, rank: int) -> list[int]:
    sides = range(4, 7) if rank == 3 else range(4, 21)
    return [*(choose.pick(*sides) for _ in range(rank)), choose.pick(3, 4, 1, 8, 6)]


def _knobs(choose: Chooser) -> dict[str, object]:
    """The spec's args; each may be said by those before it."""
    args: dict[str, object] = {}
    known: dict[str, object] = {}
    kinds = {
        "filters": (4, 8, 12, 6),
        "flag": (False, True),
        "rate": (0.1, 0, 0.5),
        "activation": ("relu", "silu"),
        "list": ([2, 1], [4, 8, 12], [1, 2]),
        "classes": (3, 10),
    }
    while len(args) < 4 and choose.more(2):
        name = identifiers(choose, args)
        value = choose.pick(*kinds[choose.pick(*sorted(kinds))])
        args[name] = written(choose, value, name, known)
        known[name] = value
    return args


def _components(choose: Chooser, data: Data, rank: int) -> None:
    """Blocks, the three components and the outputs, added to the data."""
    try:
        frame = spec_frame(data)
        elaboration = Elaboration()
        stream = enter(elaboration, frame, data["input"])
    except Refused:
        return
    signatures = signatures_of(data.get("use", ()))
    _define(choose, data, frame.file, signatures, _example(choose, rank))
    body = Body(choose, elaboration, frame, stream, signatures, ROOMS["stem"], knobs=data["args"])
    body.seen_ids |= {"input"}
    data["stem"] = steps(body, 6)
    body.room = ROOMS["learner"]
    data["learner"] = _learner(body)
    body.room = ROOMS["task"]
    data["task"] = steps(body, 5)
    data["outputs"] = _outputs(body)


def _example(choose: Chooser, rank: int) -> TensorShape:
    return TensorShape((*(choose.pick(6, 5, 4) for _ in range(rank)), 4))


def _define(
    choose: Chooser,
    data: Data,
    file: object,
    signatures: list[Signature],
    shape: TensorShape,
) -> None:
    for _ in range(int(choose.pick(0, 2, 3, 1, 4))):
        made = block(choose, file, signatures, shape)
        if made is not None:
            signature, data["define"][signature.name] = made
            signatures.append(signature)


def _learner(body: Body) -> object:
    """The mapping of groups, or steps."""
    body.elaboration.learner_count = 4
    made = groups(body, steps) if body.pick(False, True, True) else None
    if made is not None:
        body.take({"groups": made})
    else:
        made = steps(body, 6)
    body.elaboration.learner_count = None
    return made


def _outputs(body: Body) -> list[object]:
    """Some ids of different tensors, or none: then it is what the last step gives."""
    tags = [*filter(None, body.frame.tags)]
    if not tags or not body.chance(4):
        return []
    # What comes late needs most of the network.
    names = [*tags[-3:] * 3, *tags, *body.frame.inputs]
    chosen: dict[object, str] = {}
    for _ in range(body.pick(2, 1, 3)):
        name = str(body.pick(*names))
        chosen.setdefault(body.elaboration.source(name, body.frame)[0], name)
    return list(chosen.values())


def is_valid(data: Data) -> bool:
    """Whether the naive elaboration allows the spec at all of its variants."""
    try:
        for variant in data.get("variants", (None,)):
            network(data, variant)
    except Refused:
        return False
    return True


__all__ = ["argument", "is_valid", "spec_data"]
