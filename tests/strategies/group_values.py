"""Values that differ from group to group and block to block, by expressions over their places."""

from __future__ import annotations

from collections.abc import Callable

from tests.strategies.body import Body
from tests.strategies.calls import argument

_WHOLE = ("=4 * group.number", "=8 if block.first else 6", "=6 if group.last else 4")

_OF_LEARNER = ("=4 + learner.index", "=4 + learner.count", "=8 if learner.last else 4") * 2

WAYS: dict[str, Callable[[Body], tuple[object, ...]]] = {
    "filters": lambda body: (
        *_WHOLE,
        "=here.channels",
        "=here.channels + 2",
        "=2 ** (group.index + 1)",
        "=[4, 6, 8, 10][group.index]",
        "=input.channels + block.index",
        *(_OF_LEARNER if _in_learner(body) else ()),
    ),
    "rate": lambda body: (
        "=0.1 * group.index",
        "=0.2 * block.index / block.count",
        *(("=0.2 * learner.index / learner.count",) * 3 if _in_learner(body) else ()),
    ),
    "kernel": lambda _: ("=3 if group.first else 1", "=2 * (block.index % 2) + 1"),
    "flag": lambda _: ("=group.first", "=not block.last", "=here.channels > 4", "=row.blocks == 2"),
    "times": lambda _: ("=1 if group.first else 2", "=min(block.number, 2)", "=group.number"),
    "ratio": lambda _: ("=1 if block.first else 2", "=group.number"),
    "activation": lambda _: ('="relu" if group.first else "silu"',),
    "divisor": lambda _: ("=here.channels", "=1 if group.first else here.channels"),
    "padding": lambda _: ('="same" if block.first else "symmetric"',),
    "text": lambda _: ("g$(group.number)", "$(letter(block.index))"),
    "norm": lambda _: ('="batch_norm" if group.first else "layer_norm"',),
}


def computed(body: Body, kind: str) -> object:
    """A value for an arg of this kind, worked out for each block."""
    ways = WAYS[kind](body) if kind in WAYS else (argument(body, kind),)
    return body.pick(*ways)


def _in_learner(body: Body) -> bool:
    return body.elaboration.learner_count is not None and not body.frame.inside_unit
