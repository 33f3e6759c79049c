"""Under which conditions memory is counted: the batch, the number formats, the optimizer."""

from __future__ import annotations

from typing import NamedTuple


class Precision(NamedTuple):
    """The bytes of one number of each kind.

    `weights` is how the weights are stored, `activations` what the layers compute with and give,
    `gradients` those of the weights, `slots` what the optimizer keeps beside each weight.
    """

    name: str
    weights: int
    activations: int
    gradients: int
    slots: int


PRECISIONS: dict[str, Precision] = {
    "float32": Precision("float32", 4, 4, 4, 4),
    "bfloat16": Precision("bfloat16", 2, 2, 2, 2),
    "float16": Precision("float16", 2, 2, 2, 2),
    "mixed": Precision("mixed", 4, 2, 4, 4),
}
"""`mixed` is Keras's `mixed_bfloat16` and `mixed_float16`: weights, their gradients and what the
optimizer keeps in 4 bytes, activations in 2."""

OPTIMIZERS: dict[str, int] = {"sgd": 0, "momentum": 1, "adam": 2}
"""How many numbers each optimizer keeps for every trainable weight."""


class Conditions(NamedTuple):
    """A batch of `batch` samples, in a precision, trained by an optimizer of `OPTIMIZERS`."""

    batch: int = 1
    precision: Precision = PRECISIONS["float32"]
    optimizer: str = "adam"


DEFAULT_CONDITIONS = Conditions()
"""One sample in float32, trained by Adam: what contracts and comparisons take."""
