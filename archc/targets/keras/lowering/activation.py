"""Activations, as layers and as attributes of others."""

from __future__ import annotations

from archc.emission.symbols import SymbolicStr
from archc.layers import Activation, Elu, LeakyRelu, Prelu, TensorShape
from archc.targets.keras.lowering.call import Argument, KerasCall, call

_OWN_LAYER = {
    "relu": call("ReLU"),
    "relu6": call("ReLU", ("max_value", 6.0)),
    "softmax": call("Softmax"),
}


def activation(layer: Activation, _shape: TensorShape) -> tuple[KerasCall, ...]:
    named = call("Activation", ("activation", layer.kind))
    if isinstance(layer.kind, SymbolicStr):
        return (named,)
    return (_OWN_LAYER.get(layer.kind, named),)


def leaky_relu(layer: LeakyRelu, _shape: TensorShape) -> tuple[KerasCall, ...]:
    return (_leaky_relu(layer.slope),)


def elu(layer: Elu, _shape: TensorShape) -> tuple[KerasCall, ...]:
    if layer.alpha == 1:
        return (call("ELU"),)
    return (call("ELU", ("alpha", layer.alpha)),)


def prelu(_layer: Prelu, shape: TensorShape) -> tuple[KerasCall, ...]:
    spatial = tuple(range(1, shape.rank + 1))
    return (call("PReLU", optional=(("shared_axes", spatial, ()),)),)


def fused(kind: str) -> Argument:
    """Keras's `activation` argument for an activation that a layer applies itself."""
    return None if kind in ("linear", "leaky_relu") else kind


def after(kind: str) -> tuple[KerasCall, ...]:
    """The layer for an activation that cannot be an argument: Keras's string has another slope."""
    return (_leaky_relu(LeakyRelu().slope, "leaky_relu"),) if kind == "leaky_relu" else ()


def _leaky_relu(slope: float, suffix: str = "") -> KerasCall:
    return call("LeakyReLU", ("negative_slope", slope), suffix=suffix)
