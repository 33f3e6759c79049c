"""Normalisation, and what images go through first."""

from __future__ import annotations

from archc.layers import BatchNorm, GroupNorm, LayerNorm, Normalize, Rescale, TensorShape
from archc.targets.keras.lowering.call import KerasCall, call


def batch_norm(layer: BatchNorm, _shape: TensorShape) -> tuple[KerasCall, ...]:
    options = (
        ("momentum", layer.momentum, 0.99),
        ("epsilon", layer.epsilon, 1e-3),
        ("center", layer.center, True),
        ("scale", layer.scale, True),
    )
    return (call("BatchNormalization", optional=options),)


def layer_norm(layer: LayerNorm, _shape: TensorShape) -> tuple[KerasCall, ...]:
    options = (
        ("epsilon", layer.epsilon, 1e-3),
        ("center", layer.center, True),
        ("scale", layer.scale, True),
    )
    return (call("LayerNormalization", optional=options),)


def group_norm(layer: GroupNorm, _shape: TensorShape) -> tuple[KerasCall, ...]:
    options = (
        ("epsilon", layer.epsilon, 1e-3),
        ("center", layer.center, True),
        ("scale", layer.scale, True),
    )
    return (call("GroupNormalization", ("groups", layer.groups), optional=options),)


def rescale(layer: Rescale, _shape: TensorShape) -> tuple[KerasCall, ...]:
    offset = ("offset", layer.offset, 0.0)
    return (call("Rescaling", ("scale", layer.scale), optional=(offset,)),)


def normalize(layer: Normalize, _shape: TensorShape) -> tuple[KerasCall, ...]:
    options = (("mean", layer.mean, None), ("variance", layer.variance, None))
    return (call("Normalization", optional=options),)
