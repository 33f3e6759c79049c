"""Multiply-adds and parameters of whole networks against published figures.

The networks are written out layer by layer, with the paddings of their papers.
"""

from __future__ import annotations

import pytest

from archc.layers import (
    Activation,
    Attention,
    BatchNorm,
    ClassToken,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    Flatten,
    GlobalAvgPool,
    Layer,
    LayerNorm,
    MaxPool,
    PositionEmbedding,
    Reshape,
    SeparableConv,
    Slice,
    TensorShape,
)


def run(layers: list[Layer], shape: tuple[int, ...]) -> tuple[int, int, TensorShape]:
    """The multiply-adds and the parameters of layers in a row, and the shape that comes out."""
    macs = params = 0
    tensor = TensorShape(shape)
    for layer in layers:
        macs += layer.macs(tensor)
        params += sum(weight.size for weight in layer.weights(tensor))
        tensor = layer.output_shape(tensor)
    return macs, params, tensor


def test_alexnet() -> None:
    """Sze et al., 2017 (arXiv:1703.09039), table II: grouped convolutions, dense layers."""
    convolutions = [
        Conv(filters=96, kernel=11, stride=4, padding="valid"),
        MaxPool(size=3, stride=2, padding="valid"),
        Conv(filters=256, kernel=5, groups=2),
        MaxPool(size=3, stride=2, padding="valid"),
        Conv(filters=384, kernel=3),
        Conv(filters=384, kernel=3, groups=2),
        Conv(filters=256, kernel=3, groups=2),
        MaxPool(size=3, stride=2, padding="valid"),
    ]
    macs, params, out = run(convolutions, (227, 227, 3))
    assert round(macs / 1e6) == 666
    assert round(params / 1e6, 1) == 2.3
    dense = [Flatten(), Dense(units=4096), Dense(units=4096), Dense(units=1000)]
    macs, params, out = run(dense, out)
    assert round(macs / 1e6, 1) == 58.6
    assert round(params / 1e6, 1) == 58.6
    assert out == (1000,)


def test_vgg16() -> None:
    """Simonyan and Zisserman, 2014: 138,357,544 parameters; Sze et al., 2017: 15.5 G."""
    layers: list[Layer] = []
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        layers += [Conv(filters=filters, kernel=3)] * count
        layers.append(MaxPool(size=2))
    layers += [Flatten(), Dense(units=4096), Dense(units=4096), Dense(units=1000)]
    macs, params, out = run(layers, (224, 224, 3))
    assert round(macs / 1e9, 1) == 15.5
    assert params == 138_357_544
    assert out == (1000,)


def test_mobilenet() -> None:
    """Howard et al., 2017, table 8: 569 M multiply-adds; Keras's own has 4,253,864 parameters."""
    rows = [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)]
    rows += [(1, 512)] * 5 + [(2, 1024), (1, 1024)]
    layers: list[Layer] = [Conv(filters=32, kernel=3, stride=2, bias=False), BatchNorm()]
    for stride, filters in rows:
        layers += [DepthwiseConv(kernel=3, stride=stride, bias=False), BatchNorm()]
        layers += [Conv(filters=filters, kernel=1, bias=False), BatchNorm()]
        layers.append(Activation(kind="relu6"))
    layers += [GlobalAvgPool(keepdims=True), Conv(filters=1000, kernel=1), Flatten()]
    macs, params, out = run(layers, (224, 224, 3))
    assert round(macs / 1e6) == 569
    assert params == 4_253_864
    assert out == (1000,)


def test_separable_is_depthwise_and_then_a_convolution_of_size_1() -> None:
    """MobileNet's second row at 112×112: Howard et al., 2017, equation 5, worked by hand."""
    macs, params, _ = run([SeparableConv(filters=64, kernel=3, bias=False)], (112, 112, 32))
    assert macs == 3 * 3 * 32 * 112 * 112 + 32 * 64 * 112 * 112 == 29_302_784
    assert params == 288 + 2048


def test_vision_transformer() -> None:
    """ViT-B/16: torchvision's `vit_b_16` has 86,567,656 parameters and 17.564 G multiply-adds."""
    layers: list[Layer] = [
        Conv(filters=768, kernel=16, stride=16, padding="valid"),
        Reshape(shape=(-1, 768)),
        ClassToken(),
        PositionEmbedding(),
    ]
    block = [LayerNorm(), Attention(heads=12), LayerNorm(), Dense(units=3072), Dense(units=768)]
    layers += block * 12
    layers += [LayerNorm(), Slice(axis="tokens", stop=1), Flatten(), Dense(units=1000)]
    macs, params, out = run(layers, (224, 224, 3))
    assert round(macs / 1e9, 3) == 17.564
    assert params == 86_567_656
    assert out == (1000,)


@pytest.mark.parametrize(
    ("layer", "shape", "macs"),
    [
        # the first convolution of ResNet-50: 112 · 112 · 64 · 7 · 7 · 3
        (Conv(filters=64, kernel=7, stride=2, padding=3), (224, 224, 3), 118_013_952),
        # 5 · 8 positions, 3 taps, 2 channels in each of 3 groups, 9 filters
        (Conv(filters=9, kernel=(3, 1), stride=(2, 1), groups=3), (9, 8, 6), 2_160),
        # 20 positions, 5 taps, 4 channels, 2 filters
        (Conv(filters=2, kernel=5), (20, 4), 800),
        # 6 · 6 · 6 positions, 27 taps, 3 channels, 2 of each
        (DepthwiseConv(kernel=3, multiplier=2, padding="valid"), (8, 8, 8, 3), 34_992),
        # each of 7 · 7 · 256 values meets 5 · 5 · 128 weights
        (ConvTranspose(filters=128, kernel=5, stride=2), (7, 7, 256), 40_140_800),
        # 49 positions of 64 channels to 10
        (Dense(units=10), (7, 7, 64), 31_360),
        (BatchNorm(), (56, 56, 64), 0),
        (MaxPool(size=3), (56, 56, 64), 0),
        (Activation(kind="gelu"), (56, 56, 64), 0),
    ],
    ids=str,
)
def test_macs_worked_by_hand(layer: Layer, shape: tuple[int, ...], macs: int) -> None:
    assert layer.macs(TensorShape(shape)) == macs
