"""The names that attributes of several families share: activations and initializers."""

from __future__ import annotations

from typing import Annotated

from archc.diagnostics import one_of
from archc.layers.attributes import accept, one_name

PARAMETERLESS = (
    "relu",
    "relu6",
    "selu",
    "gelu",
    "silu",
    "hard_silu",
    "sigmoid",
    "hard_sigmoid",
    "tanh",
    "softmax",
    "mish",
)
"""The activations without attributes or weights."""

INITIALIZERS = (
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "truncated_normal",
    "random_normal",
    "random_uniform",
    "orthogonal",
    "zeros",
    "ones",
)

_FUSED = ("linear", *PARAMETERLESS, "leaky_relu", "elu")


def _fused(value: object) -> str | None:
    return value if isinstance(value, str) and value in _FUSED else None


def _fused_helps(value: object) -> tuple[str, ...]:
    if value == "prelu":
        return ("`prelu` has weights of its own: make it the next step",)
    return (one_of(value if isinstance(value, str) else "", _FUSED, "activations"),)


ActivationKind = Annotated[str, one_name(PARAMETERLESS, "an activation", "activations")]
FusedActivation = Annotated[
    str,
    # Who writes `prelu` does not mean `relu`.
    accept(_fused, "an activation without weights", _fused_helps, (*_FUSED, "prelu")),
]
"""An activation that a layer applies to what it gives; `leaky_relu` and `elu` at their defaults."""

Initializer = Annotated[str, one_name(INITIALIZERS, "an initializer", "initializers")]
