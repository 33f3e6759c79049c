"""Layers other than convolutions and pools: shapes and weights against Keras's own."""

from __future__ import annotations

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.layers import (
    Activation,
    Attention,
    BatchNorm,
    ChannelShuffle,
    ClassToken,
    Crop,
    Dense,
    Dropout,
    DropPath,
    Elu,
    Flatten,
    GroupNorm,
    Input,
    Layer,
    LayerNorm,
    LayerScale,
    LeakyRelu,
    Normalize,
    PositionEmbedding,
    Prelu,
    Rescale,
    Reshape,
    ShapeError,
    TensorShape,
    Upsample,
    ZeroPad,
)

K = keras.layers
LINE, IMAGE, VOLUME = (10, 12), (8, 9, 12), (4, 5, 6, 12)

# the layer, Keras's, the shape that comes in
SAME_AS_KERAS = [
    (Dense(units=7), K.Dense(7), (12,)),
    (Dense(units=7, bias=False), K.Dense(7, use_bias=False), LINE),
    (Dense(units=7), K.Dense(7), VOLUME),
    (BatchNorm(), K.BatchNormalization(), IMAGE),
    (BatchNorm(scale=False), K.BatchNormalization(scale=False), (12,)),
    (BatchNorm(center=False), K.BatchNormalization(center=False), VOLUME),
    (LayerNorm(), K.LayerNormalization(), LINE),
    (LayerNorm(scale=False), K.LayerNormalization(scale=False), IMAGE),
    (GroupNorm(groups=4), K.GroupNormalization(4), IMAGE),
    (GroupNorm(groups=12, center=False), K.GroupNormalization(12, center=False), VOLUME),
    (Activation(kind="softmax"), K.Activation("softmax"), IMAGE),
    (LeakyRelu(), K.LeakyReLU(), IMAGE),
    (Elu(), K.ELU(), LINE),
    (Prelu(), K.PReLU(), (12,)),
    (Prelu(), K.PReLU(shared_axes=[1]), LINE),
    (Prelu(), K.PReLU(shared_axes=[1, 2]), IMAGE),
    (Prelu(), K.PReLU(shared_axes=[1, 2, 3]), VOLUME),
    (Dropout(rate=0.5), K.Dropout(0.5), IMAGE),
    (DropPath(rate=0.5), K.Dropout(0.5, noise_shape=(None, 1, 1, 1)), IMAGE),
    (ZeroPad(padding=2), K.ZeroPadding1D(2), LINE),
    (ZeroPad(padding=((0, 3),)), K.ZeroPadding1D((0, 3)), LINE),
    (ZeroPad(padding=((0, 1), (2, 3))), K.ZeroPadding2D(((0, 1), (2, 3))), IMAGE),
    (ZeroPad(padding=(1, 2)), K.ZeroPadding2D((1, 2)), IMAGE),
    (ZeroPad(padding=1), K.ZeroPadding3D(1), VOLUME),
    (Crop(cropping=2), K.Cropping1D(2), LINE),
    (Crop(cropping=((1, 0), (2, 3))), K.Cropping2D(((1, 0), (2, 3))), IMAGE),
    (Crop(cropping=1), K.Cropping3D(1), VOLUME),
    (Upsample(), K.UpSampling1D(), LINE),
    (Upsample(size=(2, 3), interpolation="bilinear"), K.UpSampling2D((2, 3)), IMAGE),
    (Upsample(size=3), K.UpSampling3D(3), VOLUME),
    (Flatten(), K.Flatten(), VOLUME),
    (Flatten(), K.Flatten(), (12,)),
    (Reshape(shape=(-1, 6)), K.Reshape((-1, 6)), IMAGE),
    (Reshape(shape=(3, 40)), K.Reshape((3, 40)), LINE),
    (Reshape(shape=(-1,)), K.Reshape((-1,)), IMAGE),
    (Rescale(scale=2), K.Rescaling(2), IMAGE),
    (Normalize(), K.Normalization(), IMAGE),
    (Normalize(mean=0.5, variance=2), K.Normalization(mean=0.5, variance=2.0), IMAGE),
    (Normalize(), K.Normalization(), (12,)),
]


@pytest.mark.parametrize(("layer", "twin", "shape"), SAME_AS_KERAS, ids=str)
def test_shapes_and_weights_are_those_of_keras(
    layer: Layer, twin: keras.layers.Layer, shape: tuple[int, ...]
) -> None:
    given_shape = TensorShape(shape)
    out = twin(keras.KerasTensor((None, *shape)))
    assert layer.output_shape(given_shape) == out.shape[1:]
    weights = layer.weights(given_shape)
    assert [(w.name, w.shape, w.trainable) for w in weights] == [
        (v.path.split("/", 1)[1], tuple(v.shape), v.trainable)
        for v in twin.weights
        if "seed_generator" not in v.path
    ]
    trainable = sum(weight.size for weight in weights if weight.trainable)
    assert trainable == sum(v.value.numpy().size for v in twin.trainable_weights)


@pytest.mark.parametrize("bias", [True, False])
def test_attention_has_the_weights_of_keras(bias: bool) -> None:
    tokens = keras.KerasTensor((None, 5, 12))
    twin = K.MultiHeadAttention(num_heads=3, key_dim=4, use_bias=bias)
    layer, shape = Attention(heads=3, bias=bias), TensorShape((5, 12))
    assert layer.output_shape(shape) == twin(tokens, tokens).shape[1:]
    weights = layer.weights(shape)
    assert [(w.name, w.shape) for w in weights] == [
        (v.path.split("/", 1)[1], tuple(v.shape)) for v in twin.weights
    ]
    assert sum(weight.size for weight in weights) == twin.count_params()


pads_of_2d = st.integers(0, 5) | st.tuples(*[st.tuples(st.integers(0, 5), st.integers(0, 5))] * 2)


@given(pads_of_2d, st.integers(1, 12), st.integers(1, 12))
@settings(deadline=None)
def test_any_zero_padding_and_cropping_have_the_shape_of_keras(
    pads: object, height: int, width: int
) -> None:
    shape = TensorShape((height, width, 3))
    padded = K.ZeroPadding2D(pads).compute_output_shape((None, *shape))[1:]
    assert ZeroPad(padding=pads).output_shape(shape) == padded
    cropped = K.Cropping2D(pads).compute_output_shape((None, *padded))[1:]
    assert Crop(cropping=pads).output_shape(TensorShape(padded)) == cropped == shape


@pytest.mark.parametrize(
    ("layer", "shape", "expected", "weights"),
    [
        (Input(shape=(224, 224, 3)), None, (224, 224, 3), []),
        (ZeroPad(channels=(1, 2)), (8, 8, 16), (8, 8, 19), []),
        (ZeroPad(channels=(4, 4)), (16,), (24,), []),
        (ZeroPad(padding=1, channels=(0, 2)), (8, 16), (10, 18), []),
        (ChannelShuffle(groups=3), (8, 8, 12), (8, 8, 12), []),
        (ClassToken(), (196, 768), (197, 768), [("token", (1, 768))]),
        (PositionEmbedding(), (197, 768), (197, 768), [("embeddings", (197, 768))]),
        # keras.applications.convnext: `LayerScale` holds one `gamma`
        (LayerScale(), (56, 56, 96), (56, 56, 96), [("gamma", (96,))]),
        (Normalize(mean=(1, 2, 3), variance=(4, 5, 6)), (8, 8, 3), (8, 8, 3), []),
    ],
    ids=str,
)
def test_layers_that_keras_has_not(
    layer: Layer, shape: tuple[int, ...] | None, expected: object, weights: object
) -> None:
    inputs = () if shape is None else (TensorShape(shape),)
    assert layer.output_shape(*inputs) == expected
    assert [(weight.name, weight.shape) for weight in layer.weights(*inputs)] == weights


@pytest.mark.parametrize(
    ("layer", "shape", "code", "message", "all_the_same"),
    [
        (
            GroupNorm(),
            (8, 8, 48),
            "groups-divide",
            "`group_norm` with groups 32 needs channels that 32 divides, found 48",
            (8, 8, 48),
        ),
        (
            ChannelShuffle(groups=5),
            (8, 8, 48),
            "groups-divide",
            "`channel_shuffle` with groups 5 needs channels that 5 divides, found 48",
            (8, 8, 48),
        ),
        (
            Attention(heads=5),
            (197, 768),
            "heads-divide",
            "`attention` with 5 heads needs channels that 5 divides, found 768",
            (197, 768),
        ),
        (
            Attention(heads=4),
            (7, 7, 64),
            "input-rank",
            "`attention` needs tokens, found 7×7×64",
            None,
        ),
        (ClassToken(), (64,), "input-rank", "`class_token` needs tokens, found 64", None),
        (
            PositionEmbedding(),
            (7, 7, 64),
            "input-rank",
            "`position_embedding` needs tokens, found 7×7×64",
            None,
        ),
        (
            Crop(cropping=((3, 4), (0, 0))),
            (7, 7, 64),
            "size-zero",
            "`crop` of 3 + 4, 0 + 0 leaves nothing of 7×7×64",
            None,
        ),
        (
            Upsample(size=(2, 2, 2)),
            (7, 7, 64),
            "attribute-rank",
            "`size`: expected 2 numbers, one for each spatial axis, found 3",
            None,
        ),
        (
            ZeroPad(padding=1),
            (64,),
            "input-rank",
            "`zero_pad` needs spatial axes, found a vector of 64",
            None,
        ),
        (
            Reshape(shape=(7, 7, 64)),
            (57, 55),
            "reshape-elements",
            "`reshape` to 7×7×64 needs 3136 values, found 3135 in 57×55",
            (7, 7, 64),
        ),
        (
            Reshape(shape=(-1, 384)),
            (1000,),
            "reshape-elements",
            "`reshape` to -1×384 needs a multiple of 384 values, found 1000 in 1000",
            None,
        ),
        (
            Normalize(mean=(1, 2, 3), variance=(1, 1, 1)),
            (28, 28, 1),
            "channel-count",
            "`normalize` needs one mean for each channel, found 3 for 28×28×1",
            (28, 28, 1),
        ),
    ],
    ids=str,
)
def test_errors(
    layer: Layer, shape: tuple[int, ...], code: str, message: str, all_the_same: object
) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.output_shape(TensorShape(shape))
    assert (caught.value.code, caught.value.message) == (code, message)
    assert caught.value.shape == all_the_same


def test_what_helps_where_groups_do_not_divide() -> None:
    with pytest.raises(ShapeError) as caught:
        GroupNorm().output_shape(TensorShape((8, 8, 48)))
    assert caught.value.helps == ("`groups: 16` divides them",)


def test_layers_are_immutable_and_equal_by_their_attributes() -> None:
    assert Dense(units=3) == Dense(units=3)
    assert len({Dense(units=3), Dense(units=3), Dense(units=4)}) == 2
    assert Dropout(rate=0.5) != DropPath(rate=0.5)
    with pytest.raises(ValueError, match="frozen"):
        Dense(units=3).units = 4
