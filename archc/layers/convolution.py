"""Convolutions: plain and grouped, depthwise, and separable."""

from math import gcd, prod
from typing import ClassVar

from archc.layers.attributes import AxisPads, Count, Flag, Padding, Sides, sides
from archc.layers.base import Layer, ShapeError, Weight
from archc.layers.names import FusedActivation, Initializer
from archc.layers.shape import TensorShape
from archc.layers.window import Window, centred, explicit_padding, slide, spatial_rank


class Conv(Layer):
    """A convolution, in groups if asked: sides and channels in, sides and `filters` out.

    `standardize` gives each filter's weights mean 0 and variance 1 before they are used (weight
    standardisation, Qiao et al., 2019, arXiv:1903.10520). Kernel (…, channels / groups, filters).
    """

    verb: ClassVar[str] = "conv"
    main: ClassVar[str | None] = "filters"

    filters: Count
    kernel: Sides
    stride: Sides = 1
    padding: Padding = "same"
    dilation: Sides = 1
    groups: Count = 1
    bias: Flag = True
    activation: FusedActivation = "linear"
    init: Initializer = "glorot_uniform"
    standardize: Flag = False

    def window(self, rank: int) -> Window:
        return convolution_window(self.kernel, self.stride, self.dilation, self.padding, rank)

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        """Raises `ShapeError` where `groups` divide the channels or the filters not, too."""
        (shape,) = inputs
        window = self.window(spatial_rank(self.verb, shape))
        out = TensorShape((*slide(self.verb, window, shape), self.filters))
        if shape.channels % self.groups or self.filters % self.groups:
            raise self._groups_error(shape, out)
        return out

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        kernel = sides(self.kernel, shape.rank, "kernel")
        array = Weight("kernel", (*kernel, shape.channels // self.groups, self.filters))
        return (array, *bias(self.bias, self.filters))

    def macs(self, *inputs: TensorShape) -> int:
        (shape,) = inputs
        taps = prod(sides(self.kernel, shape.rank, "kernel"))
        return self.output_shape(shape).elements * taps * (shape.channels // self.groups)

    def _groups_error(self, shape: TensorShape, out: TensorShape) -> ShapeError:
        common = gcd(shape.channels, self.filters)
        help_line = f"`groups` divides both if it divides {common}"
        return ShapeError(
            "groups-divide",
            f"`conv` with groups {self.groups} needs channels and filters that {self.groups} "
            f"divides, found {shape.channels} channels and {self.filters} filters",
            helps=(help_line if common > 1 else "only `groups: 1` divides both",),
            shape=out,
        )


class DepthwiseConv(Layer):
    """A convolution of each channel by itself: `multiplier` channels out for each that comes in."""

    verb: ClassVar[str] = "depthwise_conv"
    main: ClassVar[str | None] = "kernel"

    kernel: Sides
    stride: Sides = 1
    padding: Padding = "same"
    dilation: Sides = 1
    multiplier: Count = 1
    bias: Flag = True
    activation: FusedActivation = "linear"
    init: Initializer = "glorot_uniform"

    def window(self, rank: int) -> Window:
        return convolution_window(self.kernel, self.stride, self.dilation, self.padding, rank)

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        window = self.window(spatial_rank(self.verb, shape))
        return TensorShape((*slide(self.verb, window, shape), shape.channels * self.multiplier))

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        kernel = sides(self.kernel, shape.rank, "kernel")
        array = Weight("kernel", (*kernel, shape.channels, self.multiplier))
        return (array, *bias(self.bias, shape.channels * self.multiplier))

    def macs(self, *inputs: TensorShape) -> int:
        (shape,) = inputs
        return self.output_shape(shape).elements * prod(sides(self.kernel, shape.rank, "kernel"))


class SeparableConv(Layer):
    """A depthwise convolution, then a 1×1 convolution to `filters` channels, nothing between."""

    verb: ClassVar[str] = "separable_conv"
    main: ClassVar[str | None] = "filters"

    filters: Count
    kernel: Sides
    stride: Sides = 1
    padding: Padding = "same"
    dilation: Sides = 1
    multiplier: Count = 1
    bias: Flag = True
    activation: FusedActivation = "linear"
    init: Initializer = "glorot_uniform"

    def window(self, rank: int) -> Window:
        return convolution_window(self.kernel, self.stride, self.dilation, self.padding, rank)

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        window = self.window(spatial_rank(self.verb, shape))
        return TensorShape((*slide(self.verb, window, shape), self.filters))

    def weights(self, *inputs: TensorShape) -> tuple[Weight, ...]:
        (shape,) = inputs
        kernel = sides(self.kernel, shape.rank, "kernel")
        hidden = shape.channels * self.multiplier
        return (
            Weight("depthwise_kernel", (*kernel, shape.channels, self.multiplier)),
            Weight("pointwise_kernel", (*(1,) * shape.rank, hidden, self.filters)),
            *bias(self.bias, self.filters),
        )

    def macs(self, *inputs: TensorShape) -> int:
        (shape,) = inputs
        taps = prod(sides(self.kernel, shape.rank, "kernel"))
        positions = prod(self.output_shape(shape).sides)
        hidden = shape.channels * self.multiplier
        return positions * hidden * (taps + self.filters)


def convolution_window(
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...],
    dilation: int | tuple[int, ...],
    padding: str | int | tuple[AxisPads, ...],
    rank: int,
) -> Window:
    """The window of a convolution. Raises `ShapeError` where a list does not fit `rank` axes."""
    size = sides(kernel, rank, "kernel")
    holes = sides(dilation, rank, "dilation")
    explicit = centred(size, holes) if padding == "symmetric" else explicit_padding(padding, rank)
    return Window(size, sides(stride, rank, "stride"), holes, explicit)


def bias(present: bool, channels: int) -> tuple[Weight, ...]:
    """The bias of a layer that gives `channels` channels, if it has one."""
    return (Weight("bias", (channels,)),) if present else ()
