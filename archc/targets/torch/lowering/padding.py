"""Windows and padding, lowered by what the spec says, never by what a symbol stands for just now.

A symbol for a number takes part in arithmetic; one for a whole list has no known numbers, and goes
only where a module takes the list as it is.
"""

from __future__ import annotations

from typing import TypeAlias

from archc.emission.symbols import SymbolicTuple
from archc.layers.attributes import AxisPads, axis_pads, sides
from archc.layers.window import Pairs
from archc.targets.torch.lowering.call import Argument, TorchCall, call, function, literal, per_axis

PerAxis: TypeAlias = int | tuple[int, ...]
"""A number for all axes, or a list with one for each, as a layer's attribute has it."""


def axes(value: PerAxis, rank: int, attribute: str = "") -> tuple[int, ...] | None:
    """One number for each axis; None where a symbol stands for the list."""
    return None if isinstance(value, SymbolicTuple) else sides(value, rank, attribute)


def written(value: PerAxis) -> PerAxis:
    """One number where all axes agree."""
    return per_axis(value) if isinstance(value, tuple) and type(value) is tuple else value


def ones(value: PerAxis) -> bool:
    """Whether it is 1 on every axis, whatever its symbols stand for."""
    return written(value) == 1


def pairs(padding: int | tuple[AxisPads, ...], rank: int) -> Pairs | None:
    """(before, after) of each axis; None where a symbol stands for a list."""
    if isinstance(padding, SymbolicTuple):
        return None
    found = axis_pads(padding, rank, "padding")
    return None if any(isinstance(pair, SymbolicTuple) for pair in found) else found


def even(found: Pairs | None) -> tuple[int, ...] | None:
    """The padding of each axis, if it is the same before and after."""
    if found is None or any(before != after for before, after in found):
        return None
    return tuple([before for before, _ in found])


def same_at_any_side(size: int, stride: int, dilation: int = 1) -> int | None:
    """What `same` puts before and after an axis, if that is one number for every side."""
    if size == 1:
        return 0
    if stride != 1 or not literal(size, dilation):
        return None
    reach = (size - 1) * dilation
    return None if reach % 2 else reach // 2


def symmetric(size: int, dilation: int) -> int:
    """PyTorch's usual padding of a convolution, as a person would write it."""
    if size == 1:
        return 0
    return size // 2 if dilation == 1 else (size - 1) * dilation // 2


def padding_list(found: Pairs) -> tuple[int, ...]:
    """PyTorch's list for `F.pad`: (before, after), the last axis first."""
    return tuple([side for pair in reversed(found) for side in pair])


def zero_padding(found: Pairs, suffix: str = "") -> TorchCall:
    """Zeros around the sides."""
    listed = padding_list(found)
    padding: Argument = listed[0] if len(set(listed)) == 1 else listed
    expression = function("F.pad", listed)
    return call(
        f"nn.ZeroPad{len(found)}d", ("padding", padding), expression=expression, suffix=suffix
    )
