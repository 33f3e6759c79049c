"""Layers on tokens, and the scale of a residual path."""

from __future__ import annotations

from archc.layers import Attention, ClassToken, LayerScale, PositionEmbedding, TensorShape
from archc.targets.keras.lowering.call import Constant, KerasCall, call


def attention(layer: Attention, shape: TensorShape) -> tuple[KerasCall, ...]:
    return (
        call(
            "MultiHeadAttention",
            ("num_heads", layer.heads),
            ("key_dim", shape.channels // layer.heads),
            optional=(("use_bias", layer.bias, True),),
            feed="twice",
        ),
    )


def class_token(_layer: ClassToken, _shape: TensorShape) -> tuple[KerasCall, ...]:
    return (call("ClassToken", custom=True),)


def position_embedding(_layer: PositionEmbedding, _shape: TensorShape) -> tuple[KerasCall, ...]:
    return (call("PositionEmbedding", custom=True),)


def layer_scale(layer: LayerScale, shape: TensorShape) -> tuple[KerasCall, ...]:
    """A depthwise convolution of kernel 1, on a sequence where there is no layer for the rank.

    Its kernel (…, C, 1) holds the layer's C numbers. `EinsumDense` could hold them as (C,), but
    TensorFlow takes some 150 times as long for it, as it transposes the tensor twice.
    """
    if shape.rank in (1, 2):
        return (_scale(shape.rank, layer.init),)
    return (
        call("Reshape", ("target_shape", (-1, shape.channels)), suffix="sequence"),
        _scale(1, layer.init),
        call("Reshape", ("target_shape", tuple(shape)), suffix="shape"),
    )


def _scale(rank: int, init: float) -> KerasCall:
    return call(
        f"DepthwiseConv{rank}D",
        ("kernel_size", 1),
        optional=(
            ("use_bias", False, True),
            ("depthwise_initializer", Constant(init), None),
        ),
    )
