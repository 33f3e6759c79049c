"""Layers that only arrange values anew, change the sides, or leave values out at random."""

from __future__ import annotations

from archc.layers import (
    ChannelShuffle,
    Crop,
    Dropout,
    DropPath,
    Flatten,
    Reshape,
    Slice,
    TensorShape,
    Upsample,
    ZeroPad,
)
from archc.layers.attributes import axis_pads, sides
from archc.targets.keras.lowering.call import KerasCall, Unsupported, call, per_axis
from archc.targets.keras.lowering.padding import cropping, zero_padding


def flatten(_layer: Flatten, _shape: TensorShape) -> tuple[KerasCall, ...]:
    return (call("Flatten"),)


def reshape(layer: Reshape, _shape: TensorShape) -> tuple[KerasCall, ...]:
    return (_reshape(layer.shape),)


def channel_shuffle(layer: ChannelShuffle, shape: TensorShape) -> tuple[KerasCall, ...]:
    each = shape.channels // layer.groups
    return (
        _reshape((-1, layer.groups, each), "groups"),
        call("Permute", ("dims", (1, 3, 2)), suffix="dealt"),
        _reshape(shape),
    )


def slice_(layer: Slice, shape: TensorShape) -> tuple[KerasCall, ...]:
    axis, start, stop = layer.bounds(shape)
    cut = (start, shape[axis] - stop)
    if axis < shape.rank:
        nothing = ((0, 0),) * shape.rank
        return (cropping((*nothing[:axis], cut, *nothing[axis + 1 :])),)
    return _on_channels(shape, cropping(((0, 0), cut), "cut"), shape.with_channels(stop - start))


def zero_pad(layer: ZeroPad, shape: TensorShape) -> tuple[KerasCall, ...]:
    around = axis_pads(layer.padding, shape.rank, "padding") if layer.padding != 0 else ()
    if layer.channels is None:
        return (zero_padding(around) if around else call("Identity"),)
    before = (zero_padding(around, "sides"),) if around else ()
    wider = zero_padding(((0, 0), layer.channels), "wider")
    return (*before, *_on_channels(shape, wider, layer.output_shape(shape)))


def crop(layer: Crop, shape: TensorShape) -> tuple[KerasCall, ...]:
    return (cropping(axis_pads(layer.cropping, shape.rank, "cropping")),)


def upsample(layer: Upsample, shape: TensorShape) -> tuple[KerasCall, ...]:
    factors = sides(layer.size, shape.rank, "size")
    size = per_axis(factors)
    if layer.interpolation == "nearest":
        return (call(f"UpSampling{shape.rank}D", ("size", size)),)
    if shape.rank == 2:
        return (_bilinear(size),)
    if shape.rank == 3:
        raise Unsupported(
            "Keras has no bilinear `upsample` of volumes", "`interpolation: nearest` has them"
        )
    length, channels = shape
    return (
        _reshape((length, 1, channels), "rows"),
        _bilinear((*factors, 1), "resized"),
        _reshape(layer.output_shape(shape)),
    )


def _bilinear(size: int | tuple[int, ...], suffix: str = "") -> KerasCall:
    return call(
        "UpSampling2D",
        ("size", size),
        optional=(("interpolation", "bilinear", "nearest"),),
        suffix=suffix,
    )


def dropout(layer: Dropout, _shape: TensorShape) -> tuple[KerasCall, ...]:
    return (call("Dropout", ("rate", layer.rate)),)


def drop_path(layer: DropPath, shape: TensorShape) -> tuple[KerasCall, ...]:
    noise = (None, *(1,) * len(shape))
    return (call("Dropout", ("rate", layer.rate), optional=(("noise_shape", noise, None),)),)


def _reshape(shape: tuple[int, ...], suffix: str = "") -> KerasCall:
    return call("Reshape", ("target_shape", tuple(shape)), suffix=suffix)


def _on_channels(shape: TensorShape, middle: KerasCall, out: TensorShape) -> tuple[KerasCall, ...]:
    """`middle` on images of all positions × channels: Keras pads and crops no channels."""
    return _reshape((-1, shape.channels, 1), "flat"), middle, _reshape(out)
