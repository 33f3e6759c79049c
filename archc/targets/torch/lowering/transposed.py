"""The transposed convolution."""

from __future__ import annotations

from archc.layers import ConvTranspose, TensorShape
from archc.targets.torch.lowering.activation import fused
from archc.targets.torch.lowering.call import (
    Optional,
    TorchCall,
    TorchWeight,
    call,
    literal,
    per_axis,
)
from archc.targets.torch.lowering.convolution import bias
from archc.targets.torch.lowering.padding import even, pairs, written


def conv_transpose(layer: ConvTranspose, shape: TensorShape) -> tuple[TorchCall, ...]:
    cut = _even_cut(layer, shape.rank)
    padding: tuple[Optional, ...] = (("padding", layer.padding, "same"),)
    constructor = f"PaddedConvTranspose{shape.rank}d"
    if cut is not None:
        constructor = f"nn.ConvTranspose{shape.rank}d"
        padding = (("padding", per_axis(cut), 0), ("output_padding", _added(layer, shape.rank), 0))
    main = call(
        constructor,
        ("in_channels", shape.channels),
        ("out_channels", layer.filters),
        ("kernel_size", written(layer.kernel)),
        optional=(
            ("stride", written(layer.stride), 1),
            *padding,
            ("bias", layer.bias, True),
            ("dilation", written(layer.dilation), 1),
        ),
        weights=(TorchWeight("kernel", "weight", "conv_transpose"), *bias(layer.bias)),
    )
    return (main, *fused(layer.activation))


def _even_cut(layer: ConvTranspose, rank: int) -> tuple[int, ...] | None:
    """What is cut off before and after each axis, where PyTorch's `padding` can say it."""
    if not literal(layer.kernel, layer.stride, layer.dilation):
        return None
    if isinstance(layer.padding, str):
        return even(layer.window(rank).explicit) if literal(layer.padding) else None
    return even(pairs(layer.padding, rank))


def _added(layer: ConvTranspose, rank: int) -> int | tuple[int, ...]:
    """What PyTorch lacks at the end where the stride reaches beyond the kernel."""
    window = layer.window(rank)
    reaches = zip(window.stride, window.extent, strict=True)
    return per_axis(tuple([max(stride - extent, 0) for stride, extent in reaches]))
