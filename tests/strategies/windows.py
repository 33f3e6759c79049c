"""Kernels, strides and paddings that leave something of a shape."""

from __future__ import annotations

from collections.abc import Callable

from archc.layers import TensorShape
from tests.strategies.choices import Chooser

Wrap = Callable[[object, str], object]


def sides(choose: Chooser, rank: int, choices: tuple[int, ...]) -> object:
    """One number for all axes, or now and then a list with one for each."""
    one = choose.pick(*choices)
    if not choose.chance(5):
        return one
    return [choose.pick(*choices) for _ in range(rank)]


def convolution(
    choose: Chooser,
    shape: TensorShape,
    wrap: Wrap,
    *,
    equal_strides: bool = False,
    transposed: bool = False,
) -> dict[str, object]:
    """The window of a convolution. No stride stands with a dilation: no target has both."""
    least = min(shape.sides)
    kernel = sides(choose, shape.rank, tuple(k for k in (3, 1, 2, 5) if k <= max(least, 1)))
    given = {"kernel": wrap(kernel, "kernel")}
    if choose.chance(3):
        stride = 2 if equal_strides or transposed else sides(choose, shape.rank, (2, 1, 3))
        given["stride"] = wrap(stride, "stride")
    elif choose.chance(6):
        given["dilation"] = wrap(2, "dilation")
    if choose.chance(3):
        given["padding"] = _padding(choose, shape.rank, kernel, least, cuts=transposed)
    return given


def pool(choose: Chooser, shape: TensorShape, wrap: Wrap) -> object:
    """What stands behind a pooling: its size alone, or more."""
    least = min(shape.sides)
    size = sides(choose, shape.rank, tuple(k for k in (2, 3, 1) if k <= max(least, 1)))
    given: dict[str, object] = {"size": wrap(size, "size")}
    if choose.chance(2):
        given["stride"] = wrap(choose.pick(1, 2), "stride")
    if choose.chance(3):
        given["padding"] = _padding(choose, shape.rank, size, least)
    return given if len(given) > 1 else given["size"]


def _padding(choose: Chooser, rank: int, size: object, least: int, *, cuts: bool = False) -> object:
    smallest = min(size) if isinstance(size, list) else size
    reach = min(smallest // 2, 1 if cuts else least)
    words = ["same", "valid", "symmetric"]
    pairs = [[reach, max(reach - 1, 0)], *[[0, reach]] * (rank - 1)]
    return choose.pick(*[*words, reach, pairs, [reach] * rank])
