"""The transposed convolution."""

from math import prod
from typing import ClassVar

from archc.layers.attributes import Count, Flag, Padding, Sides, sides
from archc.layers.base import Layer, ShapeError, Weight
from archc.layers.convolution import bias, convolution_window
from archc.layers.names import FusedActivation, Initializer
from archc.layers.shape import TensorShape
from archc.layers.window import Pairs, Window, shown, spatial_rank


class ConvTranspose(Layer):
    """The convolution that goes the other way: each side about `stride` times as large.

    `same` gives side · stride; `valid` gives side · stride + max(extent − stride, 0), as Keras
    does; a number or a list is cut off what `valid` gives, as PyTorch's `padding` is.
    Kernel (…, filters, channels).
    """

    verb: ClassVar[str] = "conv_transpose"
    main: ClassVar[str | None] = "filters"

    filters: Count
    kernel: Sides
    stride: Sides = 1
    padding: Padding = "same"
    dilation: Sides = 1
    bias: Flag = True
    activation: FusedActivation = "linear"
    init: Initializer = "glorot_uniform"

    def window(self, rank: int) -> Window:
        """The window; its padding is what is cut off the output that `valid` gives."""
        window = convolution_window(self.kernel, self.stride, self.dilation, self.padding, rank)
        if window.explicit is not None:
            return window
        return Window(window.size, window.stride, window.dilation, _overlap(window))

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        window = self.window(spatial_rank(self.verb, shape))
        axes = zip(shape.sides, window.stride, window.extent, window.pads(shape.sides), strict=True)
        out = tuple(
            [
                side * stride + max(extent - stride, 0) - before - after
                for side, stride, extent, (before, after) in axes
            ]
        )
        if min(out) > 0:
            return TensorShape((*out, self.filters))
        raise ShapeError(
            "size-zero",
            f"`conv_transpose` with a window of {shown(window.extent)} and stride "
            f"{shown(window.stride)} leaves nothing of {shape} once its padding is cut off",
            helps=("`padding: same` gives every side times the stride",),
        )

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        kernel = sides(self.kernel, shape.rank, "kernel")
        array = Weight("kernel", (*kernel, self.filters, shape.channels))
        return (array, *bias(self.bias, self.filters))

    def macs(self, *inputs: TensorShape) -> int:
        """Every input element meets the whole kernel once; what is cut off counts."""
        (shape,) = inputs
        return shape.elements * prod(sides(self.kernel, shape.rank, "kernel")) * self.filters


def _overlap(window: Window) -> Pairs:
    """What `same` cuts off: by how much the window reaches beyond the stride."""
    overlaps = [max(e - s, 0) for e, s in zip(window.extent, window.stride, strict=True)]
    return tuple([(overlap // 2, overlap - overlap // 2) for overlap in overlaps])
