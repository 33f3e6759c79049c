"""Where one text does not fit all instances: what is told, and what is then done otherwise."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
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


class Hidden:
    """The tensors of rounds and of blocks in a loop: by their ids nothing outside can take them."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._loops: dict[str, Hashable] = {}

    def hide(self, names: Iterable[str], loop: Hashable) -> None:
        self._loops |= dict.fromkeys(names, loop)

    def wanted(self, name: str | None = None) -> None:
        """A tensor is taken, by its id if that is known: the loop that has it is written out.

        Raises `Retry` if there is such a loop.
        """
        loops = set(self._loops.values()) if name is None else {self._loops.get(name)} - {None}
        if loops - self._choices.unrolled:
            self._choices.unrolled |= loops
            raise Retry


@dataclass(slots=True)
class Choices:
    """What earlier attempts have shown: which call goes to which version of its block, which
    groups are written out, which have a first block of their own. Without `loops` all are.
    `fixed` are the args of the spec that its structure hangs on.
    """

    versions: dict[Hashable, Hashable] = field(default_factory=dict)
    inlined: set[Hashable] = field(default_factory=set)
    unrolled: set[Hashable] = field(default_factory=set)
    first_apart: set[Hashable] = field(default_factory=set)
    carried: set[Hashable] = field(default_factory=set)
    loops: bool = True
    fixed: set[str] = field(default_factory=set)
