"""Activations, as layers and as attributes of others."""

from __future__ import annotations

from archc.emission.symbols import SymbolicStr
from archc.layers import Activation, Elu, LeakyRelu, Prelu, TensorShape
from archc.targets.torch.lowering.call import Optional, TorchCall, TorchWeight, call, function

_NAMES = {
    "relu": ("ReLU", "relu"),
    "relu6": ("ReLU6", "relu6"),
    "selu": ("SELU", "selu"),
    "gelu": ("GELU", "gelu"),
    "silu": ("SiLU", "silu"),
    "hard_silu": ("Hardswish", "hardswish"),
    "sigmoid": ("Sigmoid", "sigmoid"),
    "hard_sigmoid": ("Hardsigmoid", "hardsigmoid"),
    "tanh": ("Tanh", "tanh"),
    "softmax": ("Softmax", "softmax"),
    "mish": ("Mish", "mish"),
    "leaky_relu": ("LeakyReLU", "leaky_relu"),
    "elu": ("ELU", "elu"),
}
"""The module in `torch.nn` and the function in `F`; those with a number have archc's default."""


def activation(layer: Activation, _shape: TensorShape) -> tuple[TorchCall, ...]:
    return (_by_kind(layer.kind),)


def leaky_relu(layer: LeakyRelu, _shape: TensorShape) -> tuple[TorchCall, ...]:
    return (_of_number("leaky_relu", "negative_slope", layer.slope, 0.01),)


def elu(layer: Elu, _shape: TensorShape) -> tuple[TorchCall, ...]:
    return (_of_number("elu", "alpha", layer.alpha, 1.0),)


def prelu(_layer: Prelu, shape: TensorShape) -> tuple[TorchCall, ...]:
    made = call(
        "nn.PReLU",
        ("num_parameters", shape.channels),
        optional=(("init", 0.0, 0.25),),
        weights=(TorchWeight("alpha", "weight"),),
    )
    return (made,)


def fused(kind: str) -> tuple[TorchCall, ...]:
    """The activation that a layer applies itself, if there may be one."""
    if isinstance(kind, SymbolicStr):
        return (_by_kind(kind, "activation"),)
    return () if kind == "linear" else (_by_kind(kind, kind),)


def _by_kind(kind: str, suffix: str = "") -> TorchCall:
    if isinstance(kind, SymbolicStr):
        return call("Activation", ("kind", kind), suffix=suffix)
    module, name = _NAMES[kind]
    optional: tuple[Optional, ...] = (("dim", 1, None),) if kind == "softmax" else ()
    expression = function(f"F.{name}", optional=optional)
    return call(f"nn.{module}", optional=optional, expression=expression, suffix=suffix)


def _of_number(kind: str, argument: str, number: float, default: float) -> TorchCall:
    module, name = _NAMES[kind]
    if number == default:
        return _by_kind(kind)
    return call(f"nn.{module}", (argument, number), expression=function(f"F.{name}", number))
