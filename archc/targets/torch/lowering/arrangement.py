"""Layers that only arrange values anew, change the sides, or leave values out at random."""

from __future__ import annotations

from archc.emission.symbols import SymbolicTuple, spelled
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
from archc.layers.window import Pairs
from archc.targets.torch.lowering.call import Leading, Optional, TorchCall, call, function
from archc.targets.torch.lowering.padding import padding_list, pairs, written, zero_padding

_CHANNELS = 1
"""The axis of the channels; that of the batch is before, those of the sides after."""


def flatten(_layer: Flatten, shape: TensorShape) -> tuple[TorchCall, ...]:
    if shape.rank == 0:
        return (call("nn.Flatten", expression="{0}.flatten(1)"),)
    return (call("Flatten", expression="{0}.movedim(1, -1).flatten(1)"),)


def reshape(layer: Reshape, shape: TensorShape) -> tuple[TorchCall, ...]:
    wanted = layer.shape
    if isinstance(wanted, SymbolicTuple):
        return (call("Reshape", ("shape", wanted)),)
    sides = wanted[:-1]
    if sides and wanted[-1] == shape.channels:
        if shape.rank > 0 and len(sides) == 1:
            return (call("nn.Flatten", ("start_dim", 2), expression="{0}.flatten(2)"),)
        if shape.rank == 1:
            return (_unflatten(2, sides, f"{{0}}.unflatten(2, {spelled(sides)})"),)
        if set(sides) == {1}:
            ones = ", ".join(["None"] * len(sides))
            return (_unflatten(1, (shape.channels, *sides), f"{{0}}[:, :, {ones}]"),)
    return (call("Reshape", ("shape", wanted), expression=_reshaped(wanted, shape.rank)),)


def channel_shuffle(layer: ChannelShuffle, shape: TensorShape) -> tuple[TorchCall, ...]:
    if shape.rank == 0:  # PyTorch's own takes no vectors
        return (call("ChannelShuffle", ("groups", layer.groups)),)
    expression = function("F.channel_shuffle", layer.groups)
    return (call("nn.ChannelShuffle", ("groups", layer.groups), expression=expression),)


def slice_(layer: Slice, shape: TensorShape) -> tuple[TorchCall, ...]:
    axis, _, _ = layer.bounds(shape)
    dim = _CHANNELS if axis == shape.rank else axis + 2
    if layer.part is not None and layer.of is not None:
        return (_chunk(dim, layer.part, layer.of),)
    made = call(
        "Slice",
        ("dim", dim),
        ("start", layer.start),
        ("stop", layer.stop),
        expression=f"{{0}}[{', '.join([':'] * dim)}, {_stretch(layer.start, layer.stop)}]",
    )
    return (made,)


def zero_pad(layer: ZeroPad, shape: TensorShape) -> tuple[TorchCall, ...]:
    around = _around(layer, shape.rank)
    channels = layer.channels
    if channels is None and around == ():
        return (call("nn.Identity", expression="{0}"),)
    if channels is None and around is not None:
        return (zero_padding(around),)
    options: tuple[Optional, ...] = (("padding", layer.padding, 0), ("channels", channels, None))
    if around is None or isinstance(channels, SymbolicTuple):
        return (call("ZeroPad", optional=options),)
    listed = (*padding_list(around or ((0, 0),) * shape.rank), *(channels or ()))
    return (call("ZeroPad", optional=options, expression=function("F.pad", listed)),)


def crop(layer: Crop, shape: TensorShape) -> tuple[TorchCall, ...]:
    cuts = pairs(layer.cropping, shape.rank)
    cropping: Leading = ("cropping", layer.cropping)
    if cuts is None:
        return (call("Crop", cropping),)
    kept = [_stretch(before, -after if after != 0 else None) for before, after in cuts]
    return (call("Crop", cropping, expression=f"{{0}}[:, :, {', '.join(kept)}]"),)


def upsample(layer: Upsample, shape: TensorShape) -> tuple[TorchCall, ...]:
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[shape.rank]
    mode = "nearest" if layer.interpolation == "nearest" else linear
    options: tuple[Optional, ...] = (
        ("scale_factor", written(layer.size), None),
        ("mode", mode, "nearest"),
    )
    expression = function("F.interpolate", optional=options)
    return (call("nn.Upsample", optional=options, expression=expression),)


def dropout(layer: Dropout, _shape: TensorShape) -> tuple[TorchCall, ...]:
    return (call("nn.Dropout", ("p", layer.rate)),)


def drop_path(layer: DropPath, _shape: TensorShape) -> tuple[TorchCall, ...]:
    return (call("DropPath", ("rate", layer.rate)),)


def _reshaped(wanted: tuple[int, ...], rank: int) -> str:
    """The channels go last before, and back to their place after: there the shape has them."""
    before = "{0}.movedim(1, -1).flatten(1)" if rank > 0 else "{0}"
    if len(wanted) == 1:
        return before if rank > 0 else "{0}.flatten(1)"
    return f"{before}.unflatten(1, {spelled(wanted)}).movedim(-1, 1)"


def _unflatten(dim: int, sizes: tuple[int, ...], expression: str) -> TorchCall:
    leading: tuple[Leading, ...] = (("dim", dim), ("unflattened_size", sizes))
    return call("nn.Unflatten", *leading, expression=expression)


def _chunk(dim: int, part: int, of: int) -> TorchCall:
    expression = f"{{0}}.chunk({spelled(of)}, dim={dim})[{spelled(part)}]"
    return call("Chunk", ("dim", dim), ("part", part), ("of", of), expression=expression)


def _stretch(start: int, stop: int | None) -> str:
    """What stands in brackets: `1:-1`, `:2`, `:`."""
    first = "" if start == 0 else spelled(start)
    return f"{first}:{'' if stop is None else spelled(stop)}"


def _around(layer: ZeroPad, rank: int) -> Pairs | None:
    """(before, after) of each side, none where nothing is put; None for a symbol of a list."""
    return () if layer.padding == 0 else pairs(layer.padding, rank)
