"""Layers on tokens, and the scale of a residual path."""

from __future__ import annotations

from archc.layers import Attention, ClassToken, LayerScale, PositionEmbedding, TensorShape
from archc.targets.torch.lowering.call import Layout, TorchCall, TorchWeight, call, literal


def attention(layer: Attention, shape: TensorShape) -> tuple[TorchCall, ...]:
    made = call(
        "Attention",
        ("channels", shape.channels),
        ("heads", layer.heads),
        optional=(("bias", layer.bias, True),),
        weights=_weights(layer),
    )
    return (made,)


def class_token(_layer: ClassToken, shape: TensorShape) -> tuple[TorchCall, ...]:
    weights = (TorchWeight("token", "token"),)
    return (call("ClassToken", ("channels", shape.channels), weights=weights),)


def position_embedding(_layer: PositionEmbedding, shape: TensorShape) -> tuple[TorchCall, ...]:
    made = call(
        "PositionEmbedding",
        ("tokens", shape[0]),
        ("channels", shape.channels),
        weights=(TorchWeight("embeddings", "embeddings"),),
    )
    return (made,)


def layer_scale(layer: LayerScale, shape: TensorShape) -> tuple[TorchCall, ...]:
    made = call(
        "LayerScale",
        ("channels", shape.channels),
        ("init", layer.init),
        weights=(TorchWeight("gamma", "gamma"),),
    )
    return (made,)


def _weights(layer: Attention) -> tuple[TorchWeight, ...]:
    found: list[TorchWeight] = []
    for part in ("query", "key", "value", "attention_output"):
        inner = "output" if part == "attention_output" else part
        layout: Layout = "attention_output" if part == "attention_output" else "query"
        found.append(TorchWeight(f"{part}/kernel", f"{inner}.weight", layout))
        if layer.bias or not literal(layer.bias):
            bias: Layout = "same" if part == "attention_output" else "query"
            found.append(TorchWeight(f"{part}/bias", f"{inner}.bias", bias))
    return tuple(found)
