"""Pooling over windows, and over all positions at once."""

from typing import ClassVar

from archc.layers.attributes import AxisPads, Flag, Padding, Sides, sides
from archc.layers.base import Layer, ShapeError
from archc.layers.shape import TensorShape
from archc.layers.window import Pairs, Window, explicit_padding, shown, slide, spatial_rank


class MaxPool(Layer):
    """The largest value of each window; padding counts as −∞. `stride` None means `size`."""

    verb: ClassVar[str] = "max_pool"
    main: ClassVar[str | None] = "size"

    size: Sides = 2
    stride: Sides | None = None
    padding: Padding = "same"

    @property
    def strides(self) -> int | tuple[int, ...]:
        """The stride in effect."""
        return self.size if self.stride is None else self.stride

    def window(self, rank: int) -> Window:
        return _pooling_window(self.size, self.strides, self.padding, rank)

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return _pooled(self.verb, self.window(spatial_rank(self.verb, shape)), shape)


class AvgPool(Layer):
    """The mean of each window, of which padding is no part. `stride` None means `size`."""

    verb: ClassVar[str] = "avg_pool"
    main: ClassVar[str | None] = "size"

    size: Sides = 2
    stride: Sides | None = None
    padding: Padding = "same"

    @property
    def strides(self) -> int | tuple[int, ...]:
        """The stride in effect."""
        return self.size if self.stride is None else self.stride

    def window(self, rank: int) -> Window:
        return _pooling_window(self.size, self.strides, self.padding, rank)

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return _pooled(self.verb, self.window(spatial_rank(self.verb, shape)), shape)


class GlobalAvgPool(Layer):
    """The mean of each channel over all positions; `keepdims` keeps the sides, as 1."""

    verb: ClassVar[str] = "global_avg_pool"
    main: ClassVar[str | None] = "keepdims"

    keepdims: Flag = False

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return _global(self.verb, self.keepdims, shape)


class GlobalMaxPool(Layer):
    """The largest value of each channel over all positions; `keepdims` keeps the sides, as 1."""

    verb: ClassVar[str] = "global_max_pool"
    main: ClassVar[str | None] = "keepdims"

    keepdims: Flag = False

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        (shape,) = inputs
        return _global(self.verb, self.keepdims, shape)


def _pooling_window(
    size: int | tuple[int, ...],
    stride: int | tuple[int, ...],
    padding: str | int | tuple[AxisPads, ...],
    rank: int,
) -> Window:
    widths = sides(size, rank, "size")
    explicit = _half(widths) if padding == "symmetric" else explicit_padding(padding, rank)
    return Window(widths, sides(stride, rank, "stride"), (1,) * rank, explicit)


def _half(size: tuple[int, ...]) -> Pairs:
    """PyTorch's usual padding of a pool: size // 2 on each side."""
    return tuple([(width // 2, width // 2) for width in size])


def _pooled(verb: str, window: Window, shape: TensorShape) -> TensorShape:
    out = shape.with_sides(slide(verb, window, shape))
    axes = zip(
        shape.sides, out.sides, window.pads(shape.sides), window.size, window.stride, strict=True
    )
    for side, count, (before, _), size, stride in axes:
        if before >= size or (count - 1) * stride - before >= side:
            raise ShapeError(
                "window-padding",
                f"`{verb}` with a window of {shown(window.size)} and this padding has windows "
                f"of nothing but padding on {shape}",
                helps=("make `padding` smaller than the window",),
                shape=out,
            )
    return out


def _global(verb: str, keepdims: bool, shape: TensorShape) -> TensorShape:
    rank = spatial_rank(verb, shape)
    return (
        TensorShape((*(1,) * rank, shape.channels)) if keepdims else TensorShape((shape.channels,))
    )
