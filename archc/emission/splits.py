"""Where one text does not fit all instances: what is told, and what is then done otherwise."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field


class CannotKeep(Exception):
    """The structure can't be kept here; the plainest plan is always right."""


class Split(Exception):
    """The lanes of the unit at hand need different texts: `keys` are equal where one text does."""

    def __init__(self, keys: Sequence[Hashable]) -> None:
        self.keys = list(keys)
        self.origin: list[int] | None = None
        super().__init__("the instances of a unit differ")

    def attach(self, origin: list[int]) -> None:
        """Say which lanes of the unit the keys are of: the innermost scope knows best."""
        if self.origin is None and len(origin) == len(self.keys):
            self.origin = list(origin)

    def by_lane(self, lanes: int) -> list[Hashable]:
        """A key for each lane of the unit; None for those that are not told apart."""
        found: list[list[Hashable]] = [[] for _ in range(lanes)]
        for key, lane in zip(self.keys, self.origin or range(lanes), strict=False):
            found[lane].append(key)
        return [tuple(keys) if keys else None for keys in found]


class Unroll(Exception):
    """A `groups` step can't be a table and a loop."""

    def __init__(self, groups: Hashable) -> None:
        self.groups = groups
        super().__init__("groups can't be a loop")


class Retry(Exception):
    """A difference has been decided: attempt again."""


@dataclass(slots=True)
class Choices:
    """What earlier attempts have shown: which call goes to which version of its block, which
    groups are written out, which have a first block of their own.
    """

    versions: dict[Hashable, Hashable] = field(default_factory=dict)
    inlined: set[Hashable] = field(default_factory=set)
    unrolled: set[Hashable] = field(default_factory=set)
    first_apart: set[Hashable] = field(default_factory=set)
    carried: set[Hashable] = field(default_factory=set)
