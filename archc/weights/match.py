"""An array of the graph and the one of a file that is to fill it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from archc.weights.weight_file import StoredArray

if TYPE_CHECKING:
    import numpy as np

Shape: TypeAlias = tuple[int, ...]
Convert: TypeAlias = "Callable[[np.ndarray], np.ndarray]"


@dataclass(frozen=True, slots=True)
class Match:
    """The array `weight` (`node/kernel`) of `shape`, which a file should have as `name`.

    `stored` is what it has there, and `wanted` the shape that this should have; `convert` makes
    the one the other, and is called only where the shapes agree.
    """

    weight: str
    shape: Shape
    name: str
    wanted: Shape
    stored: StoredArray | None
    convert: Convert

    @property
    def node(self) -> str:
        return self.weight.partition("/")[0]

    @property
    def fits(self) -> bool:
        """Whether the file has it with numbers in the right shape; axes of length 1 don't count."""
        return (
            self.stored is not None
            and self.stored.numeric
            and without_ones(self.stored.shape) == without_ones(self.wanted)
        )


def without_ones(shape: Iterable[int]) -> Shape:
    return tuple([side for side in shape if side != 1])
