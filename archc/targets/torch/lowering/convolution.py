"""Convolutions that go forward, and the dense layer."""

from __future__ import annotations

from dataclasses import dataclass

from archc.emission.symbols import SymbolicStr
from archc.layers import Conv, Dense, DepthwiseConv, SeparableConv, TensorShape
from archc.layers.attributes import AxisPads
from archc.targets.torch.lowering.activation import fused
from archc.targets.torch.lowering.call import (
    Argument,
    Optional,
    TorchCall,
    TorchWeight,
    call,
    literal,
    per_axis,
)
from archc.targets.torch.lowering.padding import (
    axes,
    even,
    ones,
    pairs,
    same_at_any_side,
    symmetric,
    written,
    zero_padding,
)

_Convolution = Conv | DepthwiseConv | SeparableConv


@dataclass(frozen=True, slots=True)
class _Padding:
    """How a convolution is padded: the class for it, its arguments, and what stands before."""

    constructor: str = "nn.Conv{}d"
    arguments: tuple[Optional, ...] = ()
    before: tuple[TorchCall, ...] = ()


def conv(layer: Conv, shape: TensorShape) -> tuple[TorchCall, ...]:
    if literal(layer.standardize) and not layer.standardize:
        padding = _padding(layer, shape.rank)
    else:
        padding = _standardized(layer)
    main = _main(
        layer,
        shape,
        padding,
        channels=(shape.channels, layer.filters),
        groups=layer.groups,
        bias=layer.bias,
        weights=(TorchWeight("kernel", "weight", "conv"), *bias(layer.bias)),
    )
    return (*padding.before, main, *fused(layer.activation))


def depthwise_conv(layer: DepthwiseConv, shape: TensorShape) -> tuple[TorchCall, ...]:
    padding = _padding(layer, shape.rank)
    main = _main(
        layer,
        shape,
        padding,
        channels=(shape.channels, shape.channels * layer.multiplier),
        groups=shape.channels,
        bias=layer.bias,
        weights=(TorchWeight("kernel", "weight", "depthwise"), *bias(layer.bias)),
    )
    return (*padding.before, main, *fused(layer.activation))


def separable_conv(layer: SeparableConv, shape: TensorShape) -> tuple[TorchCall, ...]:
    padding = _padding(layer, shape.rank)
    hidden = shape.channels * layer.multiplier
    depthwise = _main(
        layer,
        shape,
        padding,
        channels=(shape.channels, hidden),
        groups=shape.channels,
        bias=False,
        weights=(TorchWeight("depthwise_kernel", "weight", "depthwise"),),
        suffix="depthwise",
    )
    pointwise = call(
        f"nn.Conv{shape.rank}d",
        ("in_channels", hidden),
        ("out_channels", layer.filters),
        ("kernel_size", 1),
        optional=(("bias", layer.bias, True),),
        weights=(TorchWeight("pointwise_kernel", "weight", "conv"), *bias(layer.bias)),
    )
    return (*padding.before, depthwise, pointwise, *fused(layer.activation))


def dense(layer: Dense, shape: TensorShape) -> tuple[TorchCall, ...]:
    main = call(
        "nn.Linear" if shape.rank == 0 else "Dense",
        ("in_features", shape.channels),
        ("out_features", layer.units),
        optional=(("bias", layer.bias, True),),
        weights=(TorchWeight("kernel", "weight", "dense"), *bias(layer.bias)),
    )
    return (main, *fused(layer.activation))


def bias(present: bool) -> tuple[TorchWeight, ...]:
    """The weight of a bias, if there may be one."""
    return () if literal(present) and not present else (TorchWeight("bias", "bias"),)


def _main(
    layer: _Convolution,
    shape: TensorShape,
    padding: _Padding,
    *,
    channels: tuple[int, int],
    groups: int,
    bias: bool,
    weights: tuple[TorchWeight, ...],
    suffix: str = "",
) -> TorchCall:
    return call(
        padding.constructor.format(shape.rank),
        ("in_channels", channels[0]),
        ("out_channels", channels[1]),
        ("kernel_size", written(layer.kernel)),
        optional=(
            ("stride", written(layer.stride), 1),
            *padding.arguments,
            ("dilation", written(layer.dilation), 1),
            ("groups", groups, 1),
            ("bias", bias, True),
        ),
        weights=weights,
        suffix=suffix,
    )


def _standardized(layer: Conv) -> _Padding:
    options: tuple[Optional, ...] = (
        ("padding", layer.padding, "same"),
        ("standardize", layer.standardize, True),
    )
    return _Padding("StandardizedConv{}d", options)


def _padding(layer: _Convolution, rank: int) -> _Padding:
    padding = layer.padding
    if ones(layer.kernel) and isinstance(padding, str):
        return _Padding()
    if isinstance(padding, SymbolicStr):
        return _by_name(layer, padding, rank)
    if padding == "same":
        return _same(layer, rank)
    if padding == "symmetric":
        return _symmetric(layer, rank)
    return _Padding() if isinstance(padding, str) else _explicit(padding, rank)


def _by_name(layer: _Convolution, padding: SymbolicStr, rank: int) -> _Padding:
    """PyTorch knows `same` and `valid` itself where the stride is 1; it warns of even kernels."""
    if ones(layer.stride) and padding != "symmetric" and not _even_kernel(layer, rank):
        return _plain(padding)
    return _any(padding)


def _even_kernel(layer: _Convolution, rank: int) -> bool:
    """Whether `same` is one more after than before, as far as is known."""
    sizes, holes = axes(layer.kernel, rank), axes(layer.dilation, rank)
    if sizes is None or holes is None or not literal(sizes, holes):
        return False
    return any(same_at_any_side(k, 1, d) is None for k, d in zip(sizes, holes, strict=True))


def _same(layer: _Convolution, rank: int) -> _Padding:
    window = [axes(value, rank) for value in (layer.kernel, layer.stride, layer.dilation)]
    known = [numbers for numbers in window if numbers is not None]
    if len(known) == len(window):
        own = [same_at_any_side(*numbers) for numbers in zip(*known, strict=True)]
        padding = tuple([number for number in own if number is not None])
        if len(padding) == rank:
            return _plain(per_axis(padding))
    if ones(layer.stride) and not literal(layer.kernel, layer.dilation):
        return _plain("same")
    return _Padding("Conv{}dSame")


def _symmetric(layer: _Convolution, rank: int) -> _Padding:
    sizes, holes = axes(layer.kernel, rank), axes(layer.dilation, rank)
    if sizes is None or holes is None:
        return _any("symmetric")
    return _plain(per_axis(tuple(map(symmetric, sizes, holes))))


def _explicit(padding: int | tuple[AxisPads, ...], rank: int) -> _Padding:
    found = pairs(padding, rank)
    if found is None:
        return _any(padding)
    sides = even(found)
    if sides is None:
        return _Padding(before=(zero_padding(found, "pad"),))
    return _plain(per_axis(sides))


def _plain(padding: Argument) -> _Padding:
    return _Padding(arguments=(("padding", padding, 0),))


def _any(padding: Argument) -> _Padding:
    return _Padding("PaddedConv{}d", (("padding", padding, "same"),))
