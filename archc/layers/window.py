"""The arithmetic of a window that slides over the spatial axes.

Sources: TensorFlow's `SAME` padding (tensorflow.org, "tf.nn: notes on padding"), and the output
formula of PyTorch's `Conv2d` and `MaxPool2d`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from archc.layers.attributes import AxisPads, axis_pads
from archc.layers.base import ShapeError
from archc.layers.shape import TensorShape

Pairs = tuple[tuple[int, int], ...]


class Window(NamedTuple):
    """A window with its numbers for each spatial axis.

    `explicit` is the padding as (before, after); None for `same`, whose padding depends on the
    side it slides over.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    explicit: Pairs | None

    @property
    def extent(self) -> tuple[int, ...]:
        """How far the window reaches: its size with the holes of dilation."""
        return tuple([(k - 1) * d + 1 for k, d in zip(self.size, self.dilation, strict=True)])

    def pads(self, in_sides: tuple[int, ...]) -> Pairs:
        """(before, after) of each axis, for the sides that come in."""
        if self.explicit is not None:
            return self.explicit
        axes = zip(in_sides, self.extent, self.stride, strict=True)
        return tuple([_same(side, extent, stride) for side, extent, stride in axes])

    def output_sides(self, in_sides: tuple[int, ...]) -> tuple[int, ...]:
        """How often the window fits along each axis; 0 or less where it does not."""
        axes = zip(in_sides, self.pads(in_sides), self.extent, self.stride, strict=True)
        return tuple(
            [
                (side + before + after - extent) // stride + 1
                for side, (before, after), extent, stride in axes
            ]
        )


class Sliding(Protocol):
    """A layer that slides a window."""

    def window(self, rank: int) -> Window: ...


def pads(layer: Sliding, in_sides: tuple[int, ...]) -> Pairs:
    """The padding of a layer as (before, after) of each axis, `same` by TensorFlow's rule.

    For a transposed convolution: what is cut off the output that `valid` gives. Raises
    `ShapeError` where an attribute does not fit the number of sides.
    """
    return layer.window(len(in_sides)).pads(in_sides)


def explicit_padding(padding: str | int | tuple[AxisPads, ...], rank: int) -> Pairs | None:
    """`padding` as (before, after) of each axis; None for `same` and `symmetric`."""
    if padding == "valid":
        return ((0, 0),) * rank
    return None if isinstance(padding, str) else axis_pads(padding, rank, "padding")


def centred(size: tuple[int, ...], dilation: tuple[int, ...]) -> Pairs:
    """PyTorch's usual padding of a convolution: (kernel − 1) · dilation / 2 on each side."""
    reach = [(k - 1) * d for k, d in zip(size, dilation, strict=True)]
    if any(r % 2 for r in reach):
        raise ShapeError(
            "symmetric-padding",
            f"symmetric padding needs an odd kernel, found {shown(size)}",
            helps=("write the padding of each axis: `padding: [[before, after], …]`",),
        )
    return tuple([(r // 2, r // 2) for r in reach])


def spatial_rank(verb: str, shape: TensorShape) -> int:
    """The number of spatial axes, 1 to 3. Raises `ShapeError` (`input-rank`) for any other."""
    if 1 <= shape.rank <= 3:
        return shape.rank
    if shape.rank == 0:
        raise ShapeError(
            "input-rank",
            f"`{verb}` needs spatial axes, found a vector of {shape}",
            helps=("put it before `flatten` or the global pooling",),
        )
    raise ShapeError("input-rank", f"`{verb}` works on 1 to 3 spatial axes, found {shape}")


def slide(verb: str, window: Window, shape: TensorShape) -> tuple[int, ...]:
    """The sides that a window leaves. Raises `ShapeError` (`size-zero`) where none is left."""
    out = window.output_sides(shape.sides)
    if min(out) > 0:
        return out
    step = f" and stride {shown(window.stride)}" if max(window.stride) > 1 else ""
    raise ShapeError(
        "size-zero",
        f"`{verb}` with a window of {shown(window.extent)}{step} leaves nothing of {shape}",
        helps=("`padding: same` keeps every side at 1 or more", "start from a larger input"),
    )


def shown(numbers: tuple[int, ...]) -> str:
    """`3` for 3 on every axis, else `3×1`."""
    return str(numbers[0]) if len(set(numbers)) == 1 else "×".join(map(str, numbers))


def _same(side: int, extent: int, stride: int) -> tuple[int, int]:
    total = max((-(-side // stride) - 1) * stride + extent - side, 0)
    return total // 2, total - total // 2
