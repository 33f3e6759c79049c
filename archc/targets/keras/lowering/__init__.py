"""The one table that lowers each layer to Keras constructors.

The builder instantiates these calls and the emitter prints them, so the two cannot drift. There
are no objects of Keras here, only names and literals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from archc.layers import (
    Activation,
    Add,
    Attention,
    Average,
    AvgPool,
    BatchNorm,
    ChannelShuffle,
    ClassToken,
    Concat,
    Conv,
    ConvTranspose,
    Crop,
    Dense,
    DepthwiseConv,
    Dropout,
    DropPath,
    Elu,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    GroupNorm,
    Input,
    Layer,
    LayerNorm,
    LayerScale,
    LeakyRelu,
    Maximum,
    MaxPool,
    Multiply,
    Normalize,
    PositionEmbedding,
    Prelu,
    Rescale,
    Reshape,
    SeparableConv,
    Slice,
    TensorShape,
    Upsample,
    ZeroPad,
)
from archc.targets.keras.lowering import (
    activation,
    arrangement,
    convolution,
    normalization,
    pooling,
    tokens,
)
from archc.targets.keras.lowering.call import (
    Argument,
    Constant,
    Context,
    Feed,
    KerasCall,
    Unsupported,
    call,
)

__all__ = ["Argument", "Constant", "Context", "Feed", "KerasCall", "Unsupported", "lower"]

L = TypeVar("L", bound=Layer)

Calls: TypeAlias = tuple[KerasCall, ...]
Lowering: TypeAlias = Callable[[Layer, tuple[TensorShape, ...], Context], Calls]


def lower(layer: Layer, inputs: tuple[TensorShape, ...], context: Context) -> Calls:
    """The layers of Keras, one after the other, that make up a layer of archc.

    `inputs` are the shapes that enter, without the batch axis. Raises `Unsupported` where Keras
    cannot do what the layer asks.
    """
    return _TABLE[type(layer)](layer, inputs, context)


def _of_one_input(
    kind: type[L], lowering: Callable[[L, TensorShape], Calls]
) -> tuple[type[Layer], Lowering]:
    def lowered(layer: Layer, inputs: tuple[TensorShape, ...], _context: Context) -> Calls:
        assert isinstance(layer, kind)
        (shape,) = inputs
        return lowering(layer, shape)

    return kind, lowered


def _always(kind: type[Layer], made: KerasCall) -> tuple[type[Layer], Lowering]:
    return kind, lambda _layer, _inputs, _context: (made,)


def _input(layer: Layer, _inputs: tuple[TensorShape, ...], _context: Context) -> Calls:
    assert isinstance(layer, Input)
    return (call("Input", ("shape", layer.shape)),)


def _max_pool(layer: Layer, inputs: tuple[TensorShape, ...], context: Context) -> Calls:
    assert isinstance(layer, MaxPool)
    (shape,) = inputs
    return pooling.max_pool(layer, shape, context)


_TABLE: dict[type[Layer], Lowering] = dict(
    [
        (Input, _input),
        _of_one_input(Conv, convolution.conv),
        _of_one_input(DepthwiseConv, convolution.depthwise_conv),
        _of_one_input(SeparableConv, convolution.separable_conv),
        _of_one_input(ConvTranspose, convolution.conv_transpose),
        _of_one_input(Dense, convolution.dense),
        _of_one_input(BatchNorm, normalization.batch_norm),
        _of_one_input(LayerNorm, normalization.layer_norm),
        _of_one_input(GroupNorm, normalization.group_norm),
        _of_one_input(Rescale, normalization.rescale),
        _of_one_input(Normalize, normalization.normalize),
        _of_one_input(Activation, activation.activation),
        _of_one_input(LeakyRelu, activation.leaky_relu),
        _of_one_input(Elu, activation.elu),
        _of_one_input(Prelu, activation.prelu),
        (MaxPool, _max_pool),
        _of_one_input(AvgPool, pooling.avg_pool),
        _of_one_input(GlobalAvgPool, pooling.global_avg_pool),
        _of_one_input(GlobalMaxPool, pooling.global_max_pool),
        _of_one_input(Dropout, arrangement.dropout),
        _of_one_input(DropPath, arrangement.drop_path),
        _of_one_input(ZeroPad, arrangement.zero_pad),
        _of_one_input(Crop, arrangement.crop),
        _of_one_input(Upsample, arrangement.upsample),
        _of_one_input(Flatten, arrangement.flatten),
        _of_one_input(Reshape, arrangement.reshape),
        _of_one_input(ChannelShuffle, arrangement.channel_shuffle),
        _of_one_input(Slice, arrangement.slice_),
        _of_one_input(Attention, tokens.attention),
        _of_one_input(ClassToken, tokens.class_token),
        _of_one_input(PositionEmbedding, tokens.position_embedding),
        _of_one_input(LayerScale, tokens.layer_scale),
        _always(Add, call("Add", feed="list")),
        _always(Multiply, call("Multiply", feed="list")),
        _always(Average, call("Average", feed="list")),
        _always(Maximum, call("Maximum", feed="list")),
        _always(Concat, call("Concatenate", feed="list")),
    ]
)
