"""Normalisation, and what images go through first."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from archc.emission.symbols import spelled
from archc.layers import BatchNorm, GroupNorm, LayerNorm, Normalize, Rescale, TensorShape
from archc.targets.torch.lowering.call import Optional, TorchCall, TorchWeight, call, literal

_Affine: TypeAlias = BatchNorm | LayerNorm | GroupNorm

_STATISTICS = (
    TorchWeight("moving_mean", "running_mean"),
    TorchWeight("moving_variance", "running_var"),
)


def batch_norm(layer: BatchNorm, shape: TensorShape) -> tuple[TorchCall, ...]:
    options: tuple[Optional, ...] = (
        ("eps", layer.epsilon, 1e-5),
        ("momentum", _rest(layer.momentum), 0.1),
    )
    weights = (*_learned(layer), *_STATISTICS)
    if _both_or_neither(layer) and shape.rank <= 3:
        made = call(
            f"nn.BatchNorm{max(shape.rank, 1)}d",
            ("num_features", shape.channels),
            optional=(*options, ("affine", layer.scale, True)),
            weights=weights,
        )
        return (made,)
    channels = ("channels", shape.channels)
    options = (*options, *_flags(layer))
    return (call("BatchNorm", channels, optional=options, weights=weights),)


def layer_norm(layer: LayerNorm, shape: TensorShape) -> tuple[TorchCall, ...]:
    epsilon = ("eps", layer.epsilon, 1e-5)
    if _both_or_neither(layer) and shape.rank == 0:
        made = call(
            "nn.LayerNorm",
            ("normalized_shape", shape.channels),
            optional=(epsilon, ("elementwise_affine", layer.scale, True)),
            weights=_learned(layer),
        )
        return (made,)
    channels = ("channels", shape.channels)
    options = (epsilon, *_flags(layer))
    return (call("LayerNorm", channels, optional=options, weights=_learned(layer)),)


def group_norm(layer: GroupNorm, shape: TensorShape) -> tuple[TorchCall, ...]:
    epsilon = ("eps", layer.epsilon, 1e-5)
    if _both_or_neither(layer):
        made = call(
            "nn.GroupNorm",
            ("num_groups", layer.groups),
            ("num_channels", shape.channels),
            optional=(epsilon, ("affine", layer.scale, True)),
            weights=_learned(layer),
        )
        return (made,)
    made = call(
        "GroupNorm",
        ("groups", layer.groups),
        ("channels", shape.channels),
        optional=(epsilon, *_flags(layer)),
        weights=_learned(layer),
    )
    return (made,)


def rescale(layer: Rescale, _shape: TensorShape) -> tuple[TorchCall, ...]:
    made = call(
        "Rescale",
        ("scale", layer.scale),
        optional=(("offset", layer.offset, 0.0),),
        expression=_linear(layer.scale, layer.offset),
    )
    return (made,)


def normalize(layer: Normalize, shape: TensorShape) -> tuple[TorchCall, ...]:
    if layer.mean is not None and layer.variance is not None:
        return (call("Normalize", ("mean", layer.mean), ("variance", layer.variance)),)
    weights = tuple([TorchWeight(name, name) for name in ("mean", "variance", "count")])
    return (call("LearnedNormalize", ("channels", shape.channels), weights=weights),)


def _both_or_neither(layer: _Affine) -> bool:
    """Whether one flag of PyTorch's says all of the learned scale and offset."""
    return literal(layer.scale, layer.center) and layer.scale == layer.center


def _flags(layer: _Affine) -> tuple[Optional, ...]:
    return ("scale", layer.scale, True), ("center", layer.center, True)


def _learned(layer: _Affine) -> tuple[TorchWeight, ...]:
    """The learned weights that there may be."""
    parts = (
        (layer.scale, TorchWeight("gamma", "weight")),
        (layer.center, TorchWeight("beta", "bias")),
    )
    return tuple([weight for present, weight in parts if present or not literal(present)])


def _rest(momentum: float) -> float:
    """PyTorch's momentum: the share of the new statistics. 1 - 0.99 shall be 0.01."""
    return float(1 - Decimal(repr(momentum))) if literal(momentum) else 1 - momentum


def _linear(scale: float, offset: float) -> str:
    factor = f"({spelled(scale)})" if "/" in spelled(scale) else spelled(scale)
    scaled = "{0}" if scale == 1 else f"{{0}} * {factor}"
    if offset == 0:
        return scaled
    sign, size = ("-", -offset) if offset < 0 else ("+", offset)
    return f"{scaled} {sign} {spelled(size)}"
