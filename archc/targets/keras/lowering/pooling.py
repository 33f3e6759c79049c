"""Pooling. Padding never counts: it is −∞ to a maximum, and no part of a mean."""

from __future__ import annotations

from archc.layers import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool, TensorShape, Window
from archc.targets.keras.lowering.call import Context, KerasCall, call, per_axis
from archc.targets.keras.lowering.padding import keyword, pairs_per_axis, zero_padding


def max_pool(layer: MaxPool, shape: TensorShape, context: Context) -> tuple[KerasCall, ...]:
    window = layer.window(shape.rank)
    padding = keyword(window, layer.padding)
    if padding is None and window.explicit is not None and context.nonnegative:
        # Zeros are as good as −∞ where nothing is below 0, and every window holds a value.
        return zero_padding(window.explicit, "pad"), _plain("MaxPooling", window, "valid")
    return (_pool("Max", window, padding),)


def avg_pool(layer: AvgPool, shape: TensorShape) -> tuple[KerasCall, ...]:
    window = layer.window(shape.rank)
    return (_pool("Average", window, keyword(window, layer.padding)),)


def global_avg_pool(layer: GlobalAvgPool, shape: TensorShape) -> tuple[KerasCall, ...]:
    keepdims = ("keepdims", layer.keepdims, False)
    return (call(f"GlobalAveragePooling{shape.rank}D", optional=(keepdims,)),)


def global_max_pool(layer: GlobalMaxPool, shape: TensorShape) -> tuple[KerasCall, ...]:
    keepdims = ("keepdims", layer.keepdims, False)
    return (call(f"GlobalMaxPooling{shape.rank}D", optional=(keepdims,)),)


def _pool(kind: str, window: Window, padding: str | None) -> KerasCall:
    if padding is not None:
        return _plain(f"{kind}Pooling", window, padding)
    return call(
        f"Padded{kind}Pooling",
        ("pool_size", per_axis(window.size)),
        ("strides", per_axis(window.stride)),
        ("padding", pairs_per_axis(window.explicit or ())),
        custom=True,
    )


def _plain(constructor: str, window: Window, padding: str) -> KerasCall:
    size = per_axis(window.size)
    return call(
        f"{constructor}{len(window.size)}D",
        ("pool_size", size),
        optional=(("strides", per_axis(window.stride), size), ("padding", padding, "valid")),
    )
