"""The vocabulary: every layer with its attributes, its shape rule, its weights and its cost."""

from archc.layers.activation import Activation, Elu, LeakyRelu, Prelu
from archc.layers.arrangement import ChannelShuffle, Flatten, Reshape, Slice
from archc.layers.base import Layer, ShapeError, Weight
from archc.layers.convolution import Conv, DepthwiseConv, SeparableConv
from archc.layers.dense import Dense
from archc.layers.invalid import AttributeProblem, InvalidAttributes, spelled
from archc.layers.merges import Add, Average, Concat, Maximum, Multiply
from archc.layers.normalization import BatchNorm, GroupNorm, LayerNorm
from archc.layers.placeholder import Input
from archc.layers.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from archc.layers.preprocessing import Normalize, Rescale
from archc.layers.regularization import Dropout, DropPath
from archc.layers.resizing import Crop, Upsample, ZeroPad
from archc.layers.shape import TensorShape
from archc.layers.tokens import Attention, ClassToken, LayerScale, PositionEmbedding
from archc.layers.transposed import ConvTranspose
from archc.layers.vocabulary import (
    ACTIVATIONS,
    LAYERS,
    MERGES,
    NORMS,
    ROLES,
    Attributes,
    Verb,
    make,
)
from archc.layers.window import Window, pads

__all__ = [
    "ACTIVATIONS",
    "LAYERS",
    "MERGES",
    "NORMS",
    "ROLES",
    "Activation",
    "Add",
    "Attention",
    "AttributeProblem",
    "Attributes",
    "Average",
    "AvgPool",
    "BatchNorm",
    "ChannelShuffle",
    "ClassToken",
    "Concat",
    "Conv",
    "ConvTranspose",
    "Crop",
    "Dense",
    "DepthwiseConv",
    "DropPath",
    "Dropout",
    "Elu",
    "Flatten",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "GroupNorm",
    "Input",
    "InvalidAttributes",
    "Layer",
    "LayerNorm",
    "LayerScale",
    "LeakyRelu",
    "MaxPool",
    "Maximum",
    "Multiply",
    "Normalize",
    "PositionEmbedding",
    "Prelu",
    "Rescale",
    "Reshape",
    "SeparableConv",
    "ShapeError",
    "Slice",
    "TensorShape",
    "Upsample",
    "Verb",
    "Weight",
    "Window",
    "ZeroPad",
    "make",
    "pads",
    "spelled",
]
