"""A smaller spec that still shows what a large one does: parts are left out while it shows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from tests.strategies.naive_parts import Data

Path = tuple[str | int, ...]


def reduced(data: Data, shows: Callable[[Data], bool], tries: int = 400) -> Data:
    """The data without what is not needed for `shows` to hold; at most so many tries."""
    found = True
    while found and tries > 0:
        found = False
        for path in sorted(_paths(data, ()), key=len):
            for smaller in _without(data, path):
                tries -= 1
                if tries < 0:
                    return data
                if shows(smaller):
                    data, found = smaller, True
                    break
    return data


def _paths(node: object, path: Path) -> Iterator[Path]:
    """The way to every part, the whole left out."""
    parts = node.items() if isinstance(node, dict) else enumerate(node)
    for key, part in list(parts):
        yield (*path, key)
        if isinstance(part, dict | list):
            yield from _paths(part, (*path, key))


def _without(data: Data, path: Path) -> Iterator[Data]:
    """The data without that part, and with the part in the place of what holds it."""
    if _part(data, path) is None:
        return
    bare = copy.deepcopy(data)
    del _part(bare, path[:-1])[path[-1]]
    yield bare
    part = _part(data, path)
    if isinstance(part, list) and len(path) > 1 and isinstance(path[-2], int):
        # A list of steps inside a step may stand in that step's place.
        flat = copy.deepcopy(data)
        _part(flat, path[:-2])[path[-2] : path[-2] + 1] = copy.deepcopy(part)
        yield flat


def _part(data: object, path: Path) -> object:
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
