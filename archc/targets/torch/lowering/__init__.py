"""The one table that lowers each layer to PyTorch's modules and expressions.

Tensors are (N, C, *sides), tokens included; vectors are (N, C). There are no objects of PyTorch
here, only names, and literals or symbols. What depends on a symbol goes where it is right for every
value of it.
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
from archc.targets.torch.lowering import (
    activation,
    arrangement,
    convolution,
    merges,
    normalization,
    pooling,
    tokens,
    transposed,
)
from archc.targets.torch.lowering.call import (
    Argument,
    Context,
    Layout,
    TorchCall,
    TorchWeight,
    Unsupported,
)

__all__ = ["Argument", "Context", "Layout", "TorchCall", "TorchWeight", "Unsupported", "lower"]

L = TypeVar("L", bound=Layer)

Calls: TypeAlias = tuple[TorchCall, ...]
Lowering: TypeAlias = Callable[[Layer, tuple[TensorShape, ...]], Calls]


def lower(layer: Layer, inputs: tuple[TensorShape, ...], _context: Context) -> Calls:
    """The steps of PyTorch, one after the other, that make up a layer of archc; none for an input.

    `inputs` are the shapes that enter, without the batch axis, channels last. Attributes and
    channels may be symbols; sides are numbers. Raises `Unsupported` where PyTorch cannot do what
    the layer asks.
    """
    return _TABLE[type(layer)](layer, inputs)


def _of_one_input(
    kind: type[L], lowering: Callable[[L, TensorShape], Calls]
) -> tuple[type[Layer], Lowering]:
    def lowered(layer: Layer, inputs: tuple[TensorShape, ...]) -> Calls:
        assert isinstance(layer, kind)
        (shape,) = inputs
        return lowering(layer, shape)

    return kind, lowered


def _merge(kind: type[Layer], lowering: Callable[[int], TorchCall]) -> tuple[type[Layer], Lowering]:
    return kind, lambda _layer, inputs: (lowering(len(inputs)),)


def _input(_layer: Layer, _inputs: tuple[TensorShape, ...]) -> Calls:
    return ()


_TABLE: dict[type[Layer], Lowering] = dict(
    [
        (Input, _input),
        _of_one_input(Conv, convolution.conv),
        _of_one_input(DepthwiseConv, convolution.depthwise_conv),
        _of_one_input(SeparableConv, convolution.separable_conv),
        _of_one_input(ConvTranspose, transposed.conv_transpose),
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
        _of_one_input(MaxPool, pooling.max_pool),
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
        _merge(Add, merges.add),
        _merge(Multiply, merges.multiply),
        _merge(Average, merges.average),
        _merge(Maximum, merges.maximum),
        _merge(Concat, merges.concat),
    ]
)
