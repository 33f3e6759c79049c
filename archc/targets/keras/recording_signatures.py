"""Arguments of Keras's layers in one form: by name, without defaults, as briefly as can be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from archc.emission.execution import refuse_fractions
from archc.targets.keras.lowering import KerasCall

Arguments: TypeAlias = dict[str, object]

_RANK = re.compile(r"[123]D")

_WINDOW: Arguments = {"strides": 1, "padding": "valid", "dilation_rate": 1}
_AFFINE: Arguments = {"activation": None, "use_bias": True}
_KERNEL: Arguments = {"kernel_initializer": "glorot_uniform"}
_DEPTHWISE: Arguments = {"depthwise_initializer": "glorot_uniform"}
_POINTWISE: Arguments = {"pointwise_initializer": "glorot_uniform"}
_SCALED: Arguments = {"epsilon": 1e-3, "center": True, "scale": True}
_POOL: Arguments = {"strides": None, "padding": "valid"}

SIGNATURES: Mapping[str, tuple[tuple[str, ...], Arguments]] = {
    "Input": (("shape",), {}),
    "Conv": (("filters", "kernel_size"), {**_WINDOW, **_AFFINE, **_KERNEL, "groups": 1}),
    "DepthwiseConv": (
        ("kernel_size",),
        {**_WINDOW, **_AFFINE, **_DEPTHWISE, "depth_multiplier": 1},
    ),
    "SeparableConv": (
        ("filters", "kernel_size"),
        {**_WINDOW, **_AFFINE, **_DEPTHWISE, **_POINTWISE, "depth_multiplier": 1},
    ),
    "ConvTranspose": (("filters", "kernel_size"), {**_WINDOW, **_AFFINE, **_KERNEL}),
    "Dense": (("units",), {**_AFFINE, **_KERNEL}),
    "BatchNormalization": ((), {**_SCALED, "momentum": 0.99}),
    "LayerNormalization": ((), _SCALED),
    "GroupNormalization": (("groups",), {**_SCALED, "groups": 32}),
    "Rescaling": (("scale",), {"offset": 0.0}),
    "Normalization": ((), {"mean": None, "variance": None}),
    "Activation": (("activation",), {}),
    "ReLU": (("max_value",), {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}),
    "Softmax": ((), {"axis": -1}),
    "LeakyReLU": (("negative_slope",), {"negative_slope": 0.3}),
    "ELU": (("alpha",), {"alpha": 1.0}),
    "PReLU": ((), {"shared_axes": None}),
    "MaxPooling": (("pool_size",), _POOL),
    "AveragePooling": (("pool_size",), _POOL),
    "GlobalAveragePooling": ((), {"keepdims": False}),
    "GlobalMaxPooling": ((), {"keepdims": False}),
    "Dropout": (("rate",), {"noise_shape": None}),
    "ZeroPadding": (("padding",), {}),
    "Cropping": (("cropping",), {}),
    "UpSampling": (("size",), {"size": 2, "interpolation": "nearest"}),
    "Reshape": (("target_shape",), {}),
    "Permute": (("dims",), {}),
    "MultiHeadAttention": (("num_heads", "key_dim"), {"use_bias": True}),
    "Concatenate": ((), {"axis": -1}),
}
"""For each class, its rank left out: the arguments that may go without names, and defaults."""

_OWN_SIGNATURES: Mapping[str, tuple[tuple[str, ...], Arguments]] = {
    "StandardizedConv": SIGNATURES["Conv"],
    "PaddedMaxPooling": (("pool_size", "strides", "padding"), {}),
    "PaddedAveragePooling": (("pool_size", "strides", "padding"), {}),
}
"""The same for the layers that Keras lacks."""

_PER_AXIS = frozenset(["kernel_size", "strides", "dilation_rate", "pool_size", "size"])
_SAME_ACTIVATION = {"linear": None, "swish": "silu", "hard_swish": "hard_silu"}


def constructor_of(call: KerasCall) -> str:
    """The class of a call as emitted source writes it."""
    return call.constructor if call.custom else f"layers.{call.constructor}"


def bound(
    constructor: str, positional: tuple[object, ...], keywords: Mapping[str, object]
) -> Arguments:
    """All arguments by name, but those at their defaults.

    Raises `TypeError` where more stand without a name than the class is known to take so.
    """
    names, defaults = _signature(constructor)
    if len(positional) > len(names):
        raise TypeError(f"{constructor} is given {len(positional)} arguments without names")
    given = {**dict(zip(names, positional, strict=False)), **keywords}
    plain = {name: _plain(name, value) for name, value in given.items()}
    return {
        name: value
        for name, value in plain.items()
        if name not in defaults or defaults[name] != value
    }


def pairs(value: object, rank: int) -> tuple[tuple[int, int], ...]:
    """(before, after) of each axis, of an argument of paddings or croppings.

    A number is for all sides; of one axis a pair may stand alone; of more, a number for each
    is for both its sides. Raises `TypeError` for what Keras does not take.
    """
    if isinstance(value, int):
        return ((value, value),) * rank
    if not isinstance(value, tuple):
        raise TypeError(f"{value!r} says no numbers for {rank} axes")
    numbers = [item for item in value if isinstance(item, int)]
    if rank == 1 and len(numbers) == 2:
        return ((numbers[0], numbers[1]),)
    axes = [(item, item) if isinstance(item, int) else item for item in value]
    if len(axes) != rank or not all(isinstance(a, tuple) and len(a) == 2 for a in axes):
        raise TypeError(f"{value!r} says no numbers for {rank} axes")
    return tuple(axes)


@cache
def _signature(constructor: str) -> tuple[tuple[str, ...], Arguments]:
    module, _, name = constructor.rpartition(".")
    table = SIGNATURES if module else _OWN_SIGNATURES
    return table.get(_RANK.sub("", name), ((), {}))


_WHOLE = frozenset(
    [
        *("filters", "units", "kernel_size", "strides", "dilation_rate", "groups", "pool_size"),
        *("size", "target_shape", "cropping", "num_heads", "key_dim", "depth_multiplier"),
    ]
)


def _plain(name: str, value: object) -> object:
    if name in _WHOLE:
        refuse_fractions(name, value)
    if isinstance(value, list | tuple):
        value = _tuple(value)
        return value[0] if name in _PER_AXIS and len(set(value)) == 1 else value or None
    if name == "activation" and isinstance(value, str):
        return _SAME_ACTIVATION.get(value, value)
    # What is computed in another order may differ in the last digit.
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _tuple(value: list[object] | tuple[object, ...]) -> tuple[object, ...]:
    return tuple([_tuple(item) if isinstance(item, list | tuple) else item for item in value])
