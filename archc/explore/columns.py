"""What a row of a sweep has: the knobs' values and the costs, each under a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from archc.explore.knobs import Knob
from archc.explore.walk import Point

Getter: TypeAlias = Callable[[Point], object]

TOTALS: dict[str, Getter] = {
    "params": lambda point: point.totals[0],
    "trainable": lambda point: point.totals[1],
    "macs": lambda point: point.totals[2],
    "flops": lambda point: 2 * point.totals[2],
}
"""The costs of a row: all parameters, those that are trained, multiply-adds, and two for each."""


def short_names(paths: Sequence[str]) -> list[str]:
    """For each path its last keys: as few as tell it from the others and from the costs."""
    keys = [path.removeprefix("args.").split(".") for path in paths]
    return [_short(own, [other for other in keys if other is not own]) for own in keys]


def _short(own: list[str], others: list[list[str]]) -> str:
    for length in range(1, len(own)):
        name = own[-length:]
        if ".".join(name) not in TOTALS and all(other[-length:] != name for other in others):
            return ".".join(name)
    return ".".join(own)


def getters(knobs: Sequence[Knob]) -> dict[str, Getter]:
    """Every name that a row knows and how its value is found: the costs, and each knob's path
    or as many of its last keys as no other knob has.
    """
    found: dict[str, list[int]] = {}
    paths = [knob.path for knob in knobs]
    # First the names that are shown, so that a message lists them first.
    for axis, short in enumerate(short_names(paths)):
        found[short] = [axis]
    for axis, path in enumerate(paths):
        keys = path.split(".")
        for start in range(len(keys)):
            axes = found.setdefault(".".join(keys[start:]), [])
            axes += [axis] if axis not in axes else []
    knob_names = {name: axes[0] for name, axes in found.items() if len(axes) == 1}
    own = {name: _knob_getter(axis) for name, axis in knob_names.items() if name not in TOTALS}
    return TOTALS | own


def _knob_getter(axis: int) -> Getter:
    return lambda point: point.values[axis]
