"""Padding, lowered: `same` where Keras means what the spec says, else zeros before the layer.

What is decided here depends on the attributes alone, never on the sizes of a tensor, so that
every instance of a block lowers alike.
"""

from __future__ import annotations

from archc.layers import Window
from archc.layers.window import Pairs
from archc.targets.keras.lowering.call import Argument, KerasCall, call, per_axis


def keyword(window: Window, padding: object) -> str | None:
    """Keras's `padding` that equals the window's at every size: `same`, `valid`, or none.

    `padding` is the layer's attribute. An explicit padding is `same` where the stride is 1 and
    it is what `same` then puts around: `symmetric` of an odd kernel.
    """
    if window.explicit is None:
        return "valid" if set(window.extent) == {1} else "same"
    nothing = all(pair == (0, 0) for pair in window.explicit)
    if nothing and padding != "symmetric":
        return "valid"
    if set(window.stride) == {1} and window.explicit == _same_at_stride_1(window):
        return "same"
    return "valid" if nothing else None


def _same_at_stride_1(window: Window) -> Pairs:
    reaches = [extent - 1 for extent in window.extent]
    return tuple([(reach // 2, reach - reach // 2) for reach in reaches])


def zero_padding(pairs: Pairs, suffix: str = "") -> KerasCall:
    """`ZeroPadding` of the spatial axes."""
    return call(f"ZeroPadding{len(pairs)}D", ("padding", pairs_argument(pairs)), suffix=suffix)


def cropping(pairs: Pairs, suffix: str = "") -> KerasCall:
    """`Cropping` of the spatial axes."""
    return call(f"Cropping{len(pairs)}D", ("cropping", pairs_argument(pairs)), suffix=suffix)


def pairs_argument(pairs: Pairs) -> Argument:
    """(before, after) of each axis as briefly as Keras takes it."""
    befores = tuple([before for before, _ in pairs])
    if befores == tuple([after for _, after in pairs]):
        return per_axis(befores)
    return pairs[0] if len(pairs) == 1 else pairs


def pairs_per_axis(pairs: Pairs) -> Argument:
    """(before, after) of each axis; one number where all are equal."""
    return pairs[0][0] if len({side for pair in pairs for side in pair}) == 1 else pairs


def padded(window: Window, padding: object) -> tuple[tuple[KerasCall, ...], str]:
    """The layers that must stand before a layer that pads with zeros, and its own `padding`."""
    chosen = keyword(window, padding)
    if chosen is None and window.explicit is not None:
        return (zero_padding(window.explicit, "pad"),), "valid"
    return (), chosen or "valid"
