"""Groups in every form: rows, lists beside them, rows that are computed, policies, scaling."""

from __future__ import annotations

from collections.abc import Callable

from tests.strategies.body import Body, Signature
from tests.strategies.calls import argument
from tests.strategies.group_ids import block_id
from tests.strategies.group_values import computed
from tests.strategies.naive_groups import OWN_KEYS
from tests.strategies.naive_parts import Data
from tests.strategies.strides import stride_policy

Steps = Callable[[Body, int], list[object]]

LAYERS = {
    "conv": {"filters": "filters", "kernel": "kernel", "activation": "activation"},
    "separable_conv": {"filters": "filters", "kernel": "kernel"},
    "depthwise_conv": {"kernel": "kernel"},
    "dense": {"units": "filters"},
    "batch_norm": {},
    "dropout": {"rate": "rate"},
    "relu": {},
}
"""Layers that may stand for a block, and what groups give them."""
_NEEDED = {"filters", "kernel", "units", "rate"}


def groups(body: Body, steps: Steps) -> Data | None:
    """What stands behind `groups`, allowed here; None where nothing was found."""
    for _ in range(3):
        made = _drawn(body, _signatures(body), steps)
        for key in ("", "before", "after", "scaling", "id", "stride_policy"):
            made.pop(key, None)
            if body.allows({"groups": made}):
                return made
    return None


def _signatures(body: Body) -> list[Signature]:
    """One to three blocks, or a layer, that the groups are made of."""
    flat = [s for s in body.signatures if len(s.inputs) < 2 and s.outputs == 1]
    if not flat or body.chance(4):
        verbs = ["dense", "batch_norm", "dropout", "relu"] if body.shape.rank == 0 else [*LAYERS]
        verb = str(body.pick(*verbs))
        kinds: dict[str, str] = LAYERS[verb]
        return [Signature(verb, kinds, frozenset(set(kinds) - _NEEDED))]
    chosen = [body.pick(*flat)]
    while len(chosen) < 3 and body.chance(2):
        chosen.append(body.pick(*flat))
    return chosen


def _drawn(body: Body, chosen: list[Signature], steps: Steps) -> Data:
    count = int(body.pick(2, 1, 3, 2, 4))
    given: Data = {"block": _block(body, chosen)}
    form = body.pick("rows", "beside", "computed" if body.knobs is not None else "rows")
    beside, rows = _values(body, chosen, count, with_rows=form != "beside")
    given |= beside
    if form == "beside" and not any(isinstance(v, list) for v in beside.values()):
        given["blocks"] = _depths(body, [int(body.pick(1, 2, 1, 3)) for _ in range(count)])
    if form == "rows":
        given["groups"] = rows
    if form == "computed":
        given["groups"] = _knob(body, "rows", rows)
    given |= stride_policy(body, count, chosen)
    if body.chance(3):
        given["id"] = block_id(body, rows, beside)
    if body.chance(3):
        given |= _scaling(body, given, rows)
    for key in ("before", "after"):
        if body.chance(5):
            given[key] = _around(body, steps)
    return given


def _block(body: Body, chosen: list[Signature]) -> object:
    names = [signature.name for signature in chosen]
    if len(names) == 1:
        return names[0] if not body.chance(6) else f'="{names[0]}"'
    if body.chance(3):
        condition = body.pick("group.first", "block.last", "group.index % 2 == 0")
        return f'="{names[0]}" if {condition} else "{names[1]}"'
    places = ("rest", "first", "last") if len(names) == 3 else ("rest", body.pick("first", "last"))
    return dict(zip(map(str, places), names, strict=True))


def _values(
    body: Body, chosen: list[Signature], count: int, *, with_rows: bool
) -> tuple[Data, list[Data]]:
    """What stands beside the rows, and the rows."""
    beside: Data = {}
    rows: list[Data] = [{} for _ in range(count)]
    for name, kind in _kinds(chosen).items():
        needed = any(name in s.kinds and name not in s.optional for s in chosen)
        if needed or body.chance(2):
            _spread(body, name, kind, beside, rows, with_rows=with_rows)
    if not with_rows:
        return beside, rows
    if "filters" in _kinds(chosen) and body.chance(4):
        beside["filters"] = body.pick("=2 * row.base", "=row.base if block.first else row.base + 2")
        for row in rows:
            row.pop("filters", None)
            row["base"] = body.pick(4, 3, 6)
    for row in rows:
        _own(body, row, chosen)
    if body.chance(5):
        beside["blocks"] = 2
    return beside, rows


def _spread(
    body: Body, name: str, kind: str, beside: Data, rows: list[Data], *, with_rows: bool
) -> None:
    """Values of one arg for all groups, in one of the ways that there are."""
    where = body.pick("each", "one", "list", "computed", "computed")
    if where == "each" and with_rows:
        for row in rows:
            row[name] = _value(body, kind, name)
    elif where in ("each", "list"):
        beside[name] = [_value(body, kind, name) for _ in rows]
    else:
        beside[name] = computed(body, kind) if where == "computed" else _value(body, kind, name)
        if with_rows and body.chance(3):
            body.pick(*rows)[name] = body.pick(_value(body, kind, name), None)


def _own(body: Body, row: Data, chosen: list[Signature]) -> None:
    """What a row may say of its group besides the args."""
    if body.chance(2):
        row["blocks"] = body.pick(2, 1, 2, 3)
    if body.chance(6) and len(chosen) > 1:
        row["block"] = body.pick(*chosen).name
    if body.chance(6) and any("stride" in s.kinds for s in chosen):
        row["stride"] = body.pick(2, 1, None)


def _kinds(chosen: list[Signature]) -> dict[str, str]:
    """The args of all the blocks, those that the policy gives left out."""
    kinds = {name: kind for signature in chosen for name, kind in signature.kinds.items()}
    given = {name: kind for name, kind in kinds.items() if kind not in ("stride", "dilation")}
    return {name: kind for name, kind in given.items() if name not in (*OWN_KEYS, "blocks")}


def _value(body: Body, kind: str, name: str) -> object:
    return body.place().value(argument(body, kind), name)


def _depths(body: Body, depths: list[int]) -> object:
    return _knob(body, "depths", depths) if body.chance(4) else depths


def _knob(body: Body, name: str, value: object) -> object:
    """The value as an arg of the spec, where the body is the spec's; else the value itself."""
    if body.knobs is None or name in body.names() or name in body.frame.tags:
        return value
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        ways = [f"={name}", f"={name}[:]", f"=[r for r in {name}]", f"={name}[:1] + {name}[1:]"]
    else:
        ways = [f"={name}", f"=[max(1, d) for d in {name}]", f"={name}[0:{len(value)}]"]
    body.knobs[name] = value
    body.frame.args[name] = tuple(value)
    return body.pick(*ways)


def _scaling(body: Body, given: Data, rows: list[Data]) -> Data:
    keys = {key for row in rows for key in row} | set(given)
    scaled: Data = {}
    if "filters" in keys:
        scaled["filters"] = body.pick(
            "=divisible(filters * 1.5, 4)",
            "=divisible(filters * 0.7, d=2)",
            "=max(1, filters // 2)",
            "=filters + 2 * group.index",
            "=filters + sum([i for i in range(group.number)])",
        )
    if "blocks" in keys and body.chance(2):
        scaled["blocks"] = body.pick("=ceil(blocks * 0.6)", "=int(blocks * 1.2)", "=min(blocks, 2)")
    return {"scaling": scaled} if scaled else {}


def _around(body: Body, steps: Steps) -> list[object]:
    last = body.pick("=not group.last", "=group.first", "=here.rank > 0", True)
    templates: tuple[object, ...] = (
        {"max_pool": 2, "when": last},
        {"dense": "=here.channels"},
        {"id": "around$(group.number)", "dense": "=max(1, here.channels // 2)", "when": last},
        {"dropout": "=0.1 * group.index"},
        {"add": {"a": [], "b": "relu"}},
        "batch_norm",
    )
    chosen = [body.pick(*templates)]
    if body.chance(3):
        with body.inside():
            chosen += steps(body, 1)
    return chosen
