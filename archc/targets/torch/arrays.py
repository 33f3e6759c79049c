"""Arrays of archc, which have Keras's layout, as parameters of PyTorch's modules and back.

Every layout is a transposition and then a reshape; the way back undoes both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archc.targets.torch.lowering.call import Layout

if TYPE_CHECKING:
    import numpy as np

Shape = tuple[int, ...]


def parameter_shape(layout: Layout, shape: Shape) -> Shape:
    """The shape of the parameter that an array of `shape` becomes.

    What the layout `same` becomes may have further axes of length 1, or fewer.
    """
    turned = _transposed(layout, shape)
    match layout:
        case "depthwise":
            return (turned[0] * turned[1], 1, *turned[2:])
        case "query":
            return (turned[0] * turned[1], *turned[2:])
        case "attention_output":
            return (turned[0], turned[1] * turned[2])
        case "same" | "conv" | "conv_transpose" | "dense":
            return turned


def to_parameter(layout: Layout, array: np.ndarray) -> np.ndarray:
    """The values of a parameter from those of archc's array."""
    shape = parameter_shape(layout, array.shape)
    return array.transpose(_axes(layout, array.ndim)).reshape(shape)


def from_parameter(layout: Layout, values: np.ndarray, shape: Shape) -> np.ndarray:
    """The array of archc, of `shape`, from the values of a parameter."""
    axes = _axes(layout, len(shape))
    back = sorted(range(len(axes)), key=axes.__getitem__)
    return values.reshape(_transposed(layout, shape)).transpose(back)


def fits(layout: Layout, shape: Shape, found: Shape) -> bool:
    """Whether a parameter of the shape `found` can hold an array of `shape`."""
    wanted = parameter_shape(layout, shape)
    if layout == "same":
        return _without_ones(wanted) == _without_ones(found)
    return wanted == found


def _transposed(layout: Layout, shape: Shape) -> Shape:
    return tuple([shape[axis] for axis in _axes(layout, len(shape))])


def _axes(layout: Layout, rank: int) -> tuple[int, ...]:
    """For each axis after the transposition, which of archc's it was."""
    match layout:
        case "conv" | "conv_transpose" | "dense":
            return (rank - 1, rank - 2, *range(rank - 2))
        case "depthwise":
            return (rank - 2, rank - 1, *range(rank - 2))
        case "query":
            return (1, 2, 0) if rank == 3 else (0, 1)
        case "attention_output":
            return (2, 0, 1)
        case "same":
            return tuple(range(rank))


def _without_ones(shape: Shape) -> Shape:
    return tuple([side for side in shape if side != 1])
