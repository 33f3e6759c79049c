"""Merges: two or three paths that end alike."""

from __future__ import annotations

from collections.abc import Callable

from archc.layers import TensorShape
from tests.strategies.body import Body
from tests.strategies.naive_parts import Data
from tests.strategies.words import PLAIN_IDS, ids

Steps = Callable[[Body, int], list[object]]


def merge(body: Body, steps: Steps) -> Data | None:
    """A merge whose paths fit one another; now and then squeeze-and-excitation."""
    if body.shape.rank and body.chance(5):
        return _excite(body)
    entering = body.stream
    paths: dict[str, object] = {}
    ends: list[TensorShape] = []
    verb = str(body.pick("add", "concat", "multiply", "average", "maximum"))
    for number in range(3 if body.chance(3) else 2):
        body.stream = entering
        path = [] if number == 0 and not body.chance(2) else _path(body, steps)
        if ends:
            path += _fitted(body, ends[0], concat=verb == "concat")
            if not _fits(body.shape, ends[0], concat=verb == "concat"):
                return None
        ends.append(body.shape)
        name = ids(body.choose, paths) if body.chance(3) else body.pick(*_open(paths))
        paths[name] = path[0] if len(path) == 1 and body.chance(4) else path
    return {verb: paths}


def _open(paths: dict[str, object]) -> list[str]:
    return [name for name in ("shortcut", "residual", *PLAIN_IDS) if name not in paths]


def _path(body: Body, steps: Steps) -> list[object]:
    start: list[object] = []
    if body.chance(5):
        source = {"from": body.pick("input", *filter(None, body.frame.tags), *body.frame.inputs)}
        start = [source] if body.take(source) else []
    return start + steps(body, 3)


def _fitted(body: Body, wanted: TensorShape, *, concat: bool) -> list[object]:
    """Steps that bring what flows to a shape that goes with the wanted one, carried out."""
    shape = body.shape
    if _fits(shape, wanted, concat=concat):
        return []
    fixes: list[object] = []
    if shape.rank and shape.sides != wanted.sides:
        fixes.append({"global_avg_pool": None})
    if shape.rank != wanted.rank or fixes:
        fixes.append({"reshape": [*[1] * wanted.rank, shape.channels]})
    if concat and fixes and wanted.rank:
        fixes.append({"upsample": list(wanted.sides)})
    if not concat:
        channels = body.place().value(wanted.channels, "units")
        fixes.append({"dense": channels})
    return [fix for fix in fixes if body.take(fix)]


def _fits(shape: TensorShape, wanted: TensorShape, *, concat: bool) -> bool:
    if concat:
        return shape.sides == wanted.sides
    if shape.rank != wanted.rank:
        return False
    return all(a == b or 1 in (a, b) for a, b in zip(shape, wanted, strict=True))


def _excite(body: Body) -> Data:
    channels = body.shape.channels
    reduced = body.place().value(max(1, channels // 2), "filters")
    gate = body.pick("sigmoid", "hard_sigmoid")
    return {
        "multiply": {
            "features": [],
            "weights": [
                {"id": body.new_id(), "global_avg_pool": {"keepdims": True}},
                {"conv": {"filters": reduced, "kernel": 1, "activation": "relu"}},
                {"conv": {"filters": "=input.channels", "kernel": 1, "activation": gate}}
                if body.frame.inputs and channels == body.names().get("input.channels")
                else {"conv": {"filters": channels, "kernel": 1, "activation": gate}},
            ],
        }
    }
