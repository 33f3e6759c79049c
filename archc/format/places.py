"""What a collection is in the language, which says how it is laid out and how its keys stand."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, TypeAlias

from archc.format.nodes import Collection, Item
from archc.layers import MERGES


class Place(Enum):
    ROOT = auto()
    DEFINE = auto()
    BLOCK = auto()
    VARIANTS = auto()
    WEIGHTS = auto()
    GROUPS = auto()
    STEPS = auto()
    STEP = auto()
    PATHS = auto()
    NAMED = auto()
    """Args and scaling: names with what they are worth."""
    VALUE = auto()
    """Anything else: attributes, rows, shapes, …"""


_HEAD: Final = (
    "extends",
    "name",
    "about",
    "use",
    "args",
    "variants",
    "defaults",
    "input",
    "preprocess",
)
_BODY: Final = ("define", "stem", "learner", "task", "outputs", "expect", "weights")

Order: TypeAlias = Mapping[Place, tuple[tuple[str, ...], tuple[str, ...]]]

ORDER: Final[Order] = {
    Place.ROOT: ((*_HEAD, *_BODY), ()),
    Place.BLOCK: (("about", "inputs", "outputs", "args", "steps"), ()),
    Place.STEP: (("id", "from"), ("when", "repeat")),
}
"""The keys that come first and those that come last, in this order; others stay as they are."""

_INSIDE: Final[dict[Place, dict[str, Place]]] = {
    Place.ROOT: {
        "define": Place.DEFINE,
        "args": Place.NAMED,
        "stem": Place.STEPS,
        "learner": Place.GROUPS,
        "task": Place.STEPS,
        "variants": Place.VARIANTS,
        "weights": Place.WEIGHTS,
    },
    Place.BLOCK: {"args": Place.NAMED, "steps": Place.STEPS},
    Place.GROUPS: {"scaling": Place.NAMED, "before": Place.STEPS, "after": Place.STEPS},
    Place.STEP: {
        "steps": Place.STEPS,
        "groups": Place.GROUPS,
        **dict.fromkeys(MERGES, Place.PATHS),
    },
}
_EVERY: Final = {
    Place.DEFINE: Place.BLOCK,
    Place.WEIGHTS: Place.WEIGHTS,
    Place.STEPS: Place.STEP,
    Place.PATHS: Place.STEPS,
}


def place_inside(place: Place, item: Item) -> Place:
    """The place of an item's value, where the item is in a collection of `place`."""
    key = item.key.value if item.key else ""
    inside = _EVERY.get(place) or _INSIDE.get(place, {}).get(key, Place.VALUE)
    if isinstance(item.value, Collection):
        # A learner is groups or steps; a path of one step needs no list.
        if inside is Place.GROUPS and not item.value.mapping:
            return Place.STEPS
        if inside is Place.STEPS and item.value.mapping:
            return Place.STEP
    return inside


def put_in_order(document: Item) -> None:
    """Sort the keys that have an order; not where there are anchors, which must come first."""
    root = document.value
    if isinstance(root, Collection):
        header = _taken_header(root)
        _arrange(root, Place.ROOT, ORDER if not _has_anchor(root) else {})
        if root.items:
            root.items[0].leading[:0] = header


def _taken_header(root: Collection) -> list[str]:
    """The comments at the top of the file, which stay there whatever key comes first."""
    if not root.items:
        return []
    header, root.items[0].leading = root.items[0].leading, []
    return header


def _arrange(collection: Collection, place: Place, order: Order) -> None:
    if collection.mapping and place in order:
        first, last = order[place]
        if place is Place.STEP and _is_named_behind(collection):
            last = ("id", *last)
        collection.items.sort(key=lambda item: _rank(item, first, last))
    for item in collection.items:
        if isinstance(item.value, Collection):
            _arrange(item.value, place_inside(place, item), order)
            _lift_comments(item, item.value)


def _is_named_behind(step: Collection) -> bool:
    """Whether the id of a step stands behind a merge whose paths have lines of their own.

    There the verb may come first: what is merged is read before what it is called.
    """
    merged = False
    for item in step.items:
        key, value = item.key.value if item.key else "", item.value
        if key == "id":
            return merged
        merged = merged or (key in MERGES and isinstance(value, Collection) and not value.flow)
    return False


def _lift_comments(item: Item, value: Collection) -> None:
    """Put above the dash of an element what is above its first line: there is one place."""
    if item.key is None and value.items and not value.anchor:
        item.leading += filter(None, value.items[0].leading)
        value.items[0].leading = []


def _rank(item: Item, first: tuple[str, ...], last: tuple[str, ...]) -> tuple[int, int]:
    key = item.key.value if item.key else ""
    if key in last:
        return 2, last.index(key)
    return (0, first.index(key)) if key in first else (1, 0)


def _has_anchor(node: Collection) -> bool:
    return bool(node.anchor) or any(
        (item.key is not None and bool(item.key.anchor))
        or (_has_anchor(item.value) if isinstance(item.value, Collection) else False)
        or (not isinstance(item.value, Collection) and bool(item.value and item.value.anchor))
        for item in node.items
    )
