"""What each attribute of a layer means, by its name, and where layers differ by layer and name."""

from __future__ import annotations

_TEXTS = {
    "activation": "The activation that the layer ends with",
    "alpha": "What the curve tends to for large negative values, negated",
    "axis": "The axis that is cut",
    "bias": "Whether a learned number is added to each channel",
    "center": "Whether a learned offset is added",
    "channels": "Zeros before and after the channels",
    "cropping": "What is cut off each side",
    "dilation": "The distance of the taps of the kernel; 1 leaves no holes",
    "epsilon": "What is added to the variance, so that nothing is divided by 0",
    "filters": "The channels that come out",
    "groups": "Groups of channels that do not see each other",
    "heads": "Parts of the channels that attend on their own; they divide the channels",
    "init": "How the weights begin",
    "interpolation": "What stands between the values",
    "keepdims": "Whether the sides stay, as 1",
    "kernel": "The size of the window",
    "kind": "The layer that the role stands for",
    "mean": "The mean that is subtracted from each channel",
    "momentum": "The share that the old statistics keep at each step, as in Keras",
    "multiplier": "The channels out for each channel in",
    "of": "How many equal parts the axis is cut into",
    "offset": "What is added",
    "padding": "What is put around the sides",
    "part": "Which of the equal parts, from 0",
    "rate": "The probability of being left out while training",
    "scale": "Whether there is a learned factor",
    "shape": "The shape that comes out, channels last",
    "size": "The size of the window",
    "slope": "The slope of negative values",
    "standardize": "Whether each filter's weights get mean 0 and variance 1 before use",
    "start": "Where the stretch starts, from 0; a negative number counts from the end",
    "stop": "Where the stretch ends; it is not part of it",
    "stride": "The step of the window",
    "units": "The channels that come out",
    "variance": "The variance of each channel, by whose root is divided",
}

_OWN_TEXTS = {
    ("channel_shuffle", "groups"): "The groups whose channels are dealt out in turn",
    ("group_norm", "groups"): "Groups of channels that are normalised together",
    ("layer_scale", "init"): "Where the learned numbers begin",
    ("rescale", "scale"): "The factor",
    ("upsample", "size"): "How many times as large each side becomes",
}


def attribute_text(verb: str, attribute: str) -> str:
    """What an attribute of a verb means. Raises `KeyError` for one that is in no table."""
    return _OWN_TEXTS.get((verb, attribute)) or _TEXTS[attribute]
