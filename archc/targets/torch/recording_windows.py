"""Padding of PyTorch's convolutions and pools as numbers for every side, at the sizes at hand."""

from __future__ import annotations

from archc.layers import ShapeError, TensorShape, Window
from archc.layers.attributes import axis_pads, sides
from archc.layers.window import Pairs
from archc.targets.torch.recording_signatures import Arguments

SAME = "same at run time"
"""The padding of what pads as TensorFlow does, by the size that it finds."""


def own_pads(
    arguments: Arguments, rank: int, shape: TensorShape | None, zeros: Pairs
) -> Pairs | str:
    """What a module itself pads of a tensor around which `zeros` stand; a text if that is unknown.

    Raises `TypeError` for numbers that do not fit.
    """
    window = _window(arguments, rank)
    padding = arguments.get("padding", 0)
    if padding == "valid":
        return nothing(rank)
    if padding == "symmetric":
        return _half(window)
    if isinstance(padding, str) and set(window.stride) == {1}:
        # It reaches as far beyond the sides of every size.
        return window.pads((1,) * rank)
    wider = _wider(shape, zeros)
    if isinstance(padding, str):
        return padding if padding != SAME or wider is None else window.pads(wider)
    pairs = _pairs(padding, rank)
    if not arguments.get("ceil_mode"):
        return pairs
    return "ceil_mode" if wider is None else _rounded_up(window, pairs, wider)


def cut(arguments: Arguments, rank: int, *, adds: bool) -> Pairs:
    """What a transposed convolution leaves out of all that its windows reach.

    It is below 0 where more is given than they reach: by `output_padding`, or where the module
    itself `adds` what a stride beyond the window lacks. Raises `TypeError`.
    """
    window = _window(arguments, rank)
    padding = arguments.get("padding", 0)
    added = _axes(arguments.get("output_padding", 0), rank)
    if adds:
        reaches = zip(window.stride, window.extent, strict=True)
        added = tuple([max(stride - extent, 0) for stride, extent in reaches])
    return added_up(_cut_by(padding, window), tuple([(0, -side) for side in added]))


def nothing(rank: int) -> Pairs:
    """No padding."""
    return ((0, 0),) * rank


def added_up(some: Pairs, more: Pairs) -> Pairs:
    """What two paddings put around together."""
    both = zip(some, more, strict=True)
    return tuple([(before + first, after + last) for (before, after), (first, last) in both])


def _cut_by(padding: object, window: Window) -> Pairs:
    if not isinstance(padding, str):
        return _pairs(padding, len(window.size))
    if padding == SAME:
        beyond = [max(e - s, 0) for e, s in zip(window.extent, window.stride, strict=True)]
        return tuple([(reach // 2, reach - reach // 2) for reach in beyond])
    return _half(window) if padding == "symmetric" else nothing(len(window.size))


def _half(window: Window) -> Pairs:
    return tuple([(extent // 2, extent // 2) for extent in window.extent])


def _rounded_up(window: Window, pairs: Pairs, in_sides: tuple[int, ...]) -> Pairs:
    """The padding that `ceil_mode` makes of it: a last window may reach beyond the end.

    It must not begin there (PyTorch, `MaxPool2d`).
    """
    found = []
    axes = zip(in_sides, pairs, window.extent, window.stride, strict=True)
    for side, (before, after), extent, stride in axes:
        last = -(-(side + before + after - extent) // stride)
        if last * stride >= side + before:
            last -= 1
        found.append((before, max(after, last * stride + extent - side - before)))
    return tuple(found)


def _wider(shape: TensorShape | None, zeros: Pairs) -> tuple[int, ...] | None:
    if shape is None or shape.rank != len(zeros):
        return None
    return tuple([side + sum(pair) for side, pair in zip(shape.sides, zeros, strict=True)])


def _window(arguments: Arguments, rank: int) -> Window:
    size, stride = arguments.get("kernel_size"), arguments.get("stride", 1)
    dilation = arguments.get("dilation", 1)
    return Window(_axes(size, rank), _axes(stride, rank), _axes(dilation, rank), None)


def _axes(value: object, rank: int) -> tuple[int, ...]:
    try:
        return sides(value, rank)  # type: ignore[arg-type]
    except (ShapeError, TypeError) as error:
        raise TypeError(f"{value!r} says no number for {rank} axes") from error


def _pairs(value: object, rank: int) -> Pairs:
    try:
        return axis_pads(value, rank)  # type: ignore[arg-type]
    except (ShapeError, TypeError) as error:
        raise TypeError(f"{value!r} says no padding for {rank} axes") from error
