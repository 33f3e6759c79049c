"""The shape of a tensor without its batch axis, channels last."""

from __future__ import annotations

from math import prod


class TensorShape(tuple[int, ...]):
    """The spatial sides and then the channels: `TensorShape((56, 56, 256))`, shown `56×56×256`.

    A vector has no sides: `TensorShape((1000,))`. A sequence of tokens has one: `(197, 768)`.
    """

    __slots__ = ()

    @property
    def channels(self) -> int:
        return self[-1]

    @property
    def sides(self) -> tuple[int, ...]:
        """The spatial sides: (length,), (height, width) or (depth, height, width)."""
        return self[:-1]

    @property
    def rank(self) -> int:
        """The number of spatial axes: 0 for a vector."""
        return len(self) - 1

    @property
    def elements(self) -> int:
        return prod(self)

    def with_sides(self, sides: tuple[int, ...]) -> TensorShape:
        return TensorShape((*sides, self[-1]))

    def with_channels(self, channels: int) -> TensorShape:
        return TensorShape((*self[:-1], channels))

    def __str__(self) -> str:
        return "×".join(map(str, self))
