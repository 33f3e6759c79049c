"""Convolutions and the dense layer."""

from __future__ import annotations

from archc.layers import (
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    SeparableConv,
    TensorShape,
    Window,
)
from archc.targets.keras.lowering.activation import after, fused
from archc.targets.keras.lowering.call import Argument, KerasCall, Unsupported, call, per_axis
from archc.targets.keras.lowering.padding import cropping, padded

Optional = tuple[str, Argument, Argument]


def conv(layer: Conv, shape: TensorShape) -> tuple[KerasCall, ...]:
    window = layer.window(shape.rank)
    _refuse_strided_holes(layer.verb, window)
    before, padding = padded(window, layer.padding)
    main = call(
        f"{'Standardized' if layer.standardize else ''}Conv{shape.rank}D",
        ("filters", layer.filters),
        ("kernel_size", per_axis(window.size)),
        optional=(
            *_sliding(window, padding),
            ("groups", layer.groups, 1),
            *_affine(layer.activation, layer.bias),
            _initializer("kernel", layer.init),
        ),
        custom=layer.standardize,
    )
    return (*before, main, *after(layer.activation))


def depthwise_conv(layer: DepthwiseConv, shape: TensorShape) -> tuple[KerasCall, ...]:
    window = layer.window(shape.rank)
    _refuse_strided_holes(layer.verb, window)
    before, padding = padded(window, layer.padding)
    affine = _affine(layer.activation, layer.bias)
    if shape.rank == 3:
        options = (*affine, _initializer("kernel", layer.init))
        main = _grouped_3d(window, padding, shape.channels, layer.multiplier, options)
        return (*before, main, *after(layer.activation))
    _refuse_unequal_strides(layer.verb, window)
    strides, same_or_valid, dilation = _sliding(window, padding)
    main = call(
        f"DepthwiseConv{shape.rank}D",
        ("kernel_size", per_axis(window.size)),
        optional=(
            strides,
            same_or_valid,
            ("depth_multiplier", layer.multiplier, 1),
            dilation,
            *affine,
            _initializer("depthwise", layer.init),
        ),
    )
    return (*before, main, *after(layer.activation))


def separable_conv(layer: SeparableConv, shape: TensorShape) -> tuple[KerasCall, ...]:
    window = layer.window(shape.rank)
    _refuse_strided_holes(layer.verb, window)
    before, padding = padded(window, layer.padding)
    affine = _affine(layer.activation, layer.bias)
    if shape.rank == 3:
        pair = _separable_3d(layer, window, padding, shape.channels, affine)
        return (*before, *pair, *after(layer.activation))
    _refuse_unequal_strides(layer.verb, window)
    main = call(
        f"SeparableConv{shape.rank}D",
        ("filters", layer.filters),
        ("kernel_size", per_axis(window.size)),
        optional=(
            *_sliding(window, padding),
            ("depth_multiplier", layer.multiplier, 1),
            *affine,
            _initializer("depthwise", layer.init),
            _initializer("pointwise", layer.init),
        ),
    )
    return (*before, main, *after(layer.activation))


def conv_transpose(layer: ConvTranspose, shape: TensorShape) -> tuple[KerasCall, ...]:
    window = layer.window(shape.rank)
    _refuse_strided_holes(layer.verb, window)
    padding, crop = _cut(layer, window)
    main = call(
        f"Conv{shape.rank}DTranspose",
        ("filters", layer.filters),
        ("kernel_size", per_axis(window.size)),
        optional=(
            *_sliding(window, padding),
            *_affine(layer.activation, layer.bias),
            _initializer("kernel", layer.init),
        ),
    )
    return (main, *crop, *after(layer.activation))


def dense(layer: Dense, _shape: TensorShape) -> tuple[KerasCall, ...]:
    main = call(
        "Dense",
        ("units", layer.units),
        optional=(
            *_affine(layer.activation, layer.bias),
            _initializer("kernel", layer.init),
        ),
    )
    return (main, *after(layer.activation))


def _sliding(window: Window, padding: str) -> tuple[Optional, Optional, Optional]:
    return (
        ("strides", per_axis(window.stride), 1),
        ("padding", padding, "valid"),
        ("dilation_rate", per_axis(window.dilation), 1),
    )


def _affine(activation: str, bias: bool) -> tuple[Optional, ...]:
    return ("activation", fused(activation), None), ("use_bias", bias, True)


def _initializer(of: str, init: str) -> Optional:
    return f"{of}_initializer", init, "glorot_uniform"


def _grouped_3d(
    window: Window,
    padding: str,
    channels: int,
    multiplier: int,
    options: tuple[Optional, ...],
    suffix: str = "",
) -> KerasCall:
    """A depthwise convolution of volumes: Keras has it only as one in `channels` groups.

    Its kernel (…, 1, channels · multiplier) holds the values of (…, channels, multiplier) in the
    same order.
    """
    return call(
        "Conv3D",
        ("filters", channels * multiplier),
        ("kernel_size", per_axis(window.size)),
        optional=(*_sliding(window, padding), ("groups", channels, 1), *options),
        suffix=suffix,
    )


def _separable_3d(
    layer: SeparableConv,
    window: Window,
    padding: str,
    channels: int,
    affine: tuple[Optional, ...],
) -> tuple[KerasCall, KerasCall]:
    init = _initializer("kernel", layer.init)
    options = (("use_bias", False, True), init)
    depthwise = _grouped_3d(window, padding, channels, layer.multiplier, options, "depthwise")
    pointwise = call(
        "Conv3D", ("filters", layer.filters), ("kernel_size", 1), optional=(*affine, init)
    )
    return depthwise, pointwise


def _cut(layer: ConvTranspose, window: Window) -> tuple[str, tuple[KerasCall, ...]]:
    """Keras's `padding` of a transposed convolution, and what must be cropped after it."""
    cut = window.explicit or ()
    if layer.padding == "same":
        return "same", ()
    if all(pair == (0, 0) for pair in cut):
        return "valid", ()
    # What `same` cuts off depends on no size: an explicit padding that equals it is `same`.
    same = layer.model_copy(update={"padding": "same"}).window(len(cut))
    return ("same", ()) if cut == same.explicit else ("valid", (cropping(cut, "crop"),))


def _refuse_strided_holes(verb: str, window: Window) -> None:
    if max(window.stride) > 1 and max(window.dilation) > 1:
        raise Unsupported(
            f"Keras has no `{verb}` with both a stride and a dilation above 1",
            "keep one of them: dilate where the stride is 1",
        )


def _refuse_unequal_strides(verb: str, window: Window) -> None:
    if len(set(window.stride)) > 1:
        raise Unsupported(
            f"Keras has no `{verb}` with another stride along each axis",
            "use one stride for all axes, or `conv` with as many groups as channels",
        )
