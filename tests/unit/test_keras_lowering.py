"""The table that lowers each layer to Keras constructors."""

from __future__ import annotations

import inspect

import keras
import pytest

from archc.diagnostics import CompileError
from archc.layers import (
    LAYERS,
    MERGES,
    Activation,
    Attention,
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
    DropPath,
    Elu,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Input,
    Layer,
    LayerNorm,
    LayerScale,
    LeakyRelu,
    MaxPool,
    Normalize,
    Prelu,
    Rescale,
    Reshape,
    SeparableConv,
    Slice,
    TensorShape,
    Upsample,
    ZeroPad,
)
from archc.targets.keras import custom, custom_layers
from archc.targets.keras.lowered import lower_graph
from archc.targets.keras.lowering import Constant, Context, KerasCall, Unsupported, lower
from tests.keras_graphs import SPAN, GraphMaker, chain

IMAGE = (32, 32, 8)


def written(call: KerasCall) -> str:
    """A call as a person would write it; a suffix before a colon."""
    arguments = [
        repr(value) if position < call.positional else f"{name}={value!r}"
        for position, (name, value) in enumerate(call.arguments)
    ]
    suffix = f"{call.suffix}: " if call.suffix else ""
    return f"{suffix}{call.constructor}({', '.join(arguments)})"


def lowered(layer: Layer, *shape: int, nonnegative: bool = False) -> list[str]:
    calls = lower(layer, (TensorShape(shape),), Context(nonnegative=nonnegative))
    return [written(call) for call in calls]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Conv(filters=64, kernel=3), ["Conv2D(64, 3, padding='same')"]),
        (
            Conv(filters=64, kernel=3, stride=2, bias=False, init="he_normal"),
            [
                "Conv2D(64, 3, strides=2, padding='same', use_bias=False, "
                "kernel_initializer='he_normal')"
            ],
        ),
        (
            Conv(filters=64, kernel=(1, 7), groups=4, activation="relu"),
            ["Conv2D(64, (1, 7), padding='same', groups=4, activation='relu')"],
        ),
        (
            Conv(filters=8, kernel=3, dilation=2),
            ["Conv2D(8, 3, padding='same', dilation_rate=2)"],
        ),
        (
            Conv(filters=8, kernel=3, activation="leaky_relu"),
            ["Conv2D(8, 3, padding='same')", "leaky_relu: LeakyReLU(0.01)"],
        ),
        (
            Conv(filters=8, kernel=3, activation="elu"),
            ["Conv2D(8, 3, padding='same', activation='elu')"],
        ),
        (
            Conv(filters=8, kernel=3, standardize=True),
            ["StandardizedConv2D(8, 3, padding='same')"],
        ),
        (
            DepthwiseConv(kernel=5, stride=2, multiplier=2, init="he_uniform"),
            [
                "DepthwiseConv2D(5, strides=2, padding='same', depth_multiplier=2, "
                "depthwise_initializer='he_uniform')"
            ],
        ),
        (
            SeparableConv(filters=16, kernel=3, bias=False, init="zeros"),
            [
                "SeparableConv2D(16, 3, padding='same', use_bias=False, "
                "depthwise_initializer='zeros', pointwise_initializer='zeros')"
            ],
        ),
        (
            ConvTranspose(filters=16, kernel=2, stride=2),
            ["Conv2DTranspose(16, 2, strides=2, padding='same')"],
        ),
        (
            ConvTranspose(filters=16, kernel=3, stride=2, padding="valid"),
            ["Conv2DTranspose(16, 3, strides=2)"],
        ),
        # PyTorch's usual upsampling by 2 cuts off what `same` does, at every size.
        (
            ConvTranspose(filters=16, kernel=4, stride=2, padding=1),
            ["Conv2DTranspose(16, 4, strides=2, padding='same')"],
        ),
        (
            ConvTranspose(filters=16, kernel=3, stride=2, padding=1),
            ["Conv2DTranspose(16, 3, strides=2)", "crop: Cropping2D(1)"],
        ),
        (Dense(units=10, activation="softmax"), ["Dense(10, activation='softmax')"]),
        (
            Dense(units=10, activation="leaky_relu"),
            ["Dense(10)", "leaky_relu: LeakyReLU(0.01)"],
        ),
        (BatchNorm(), ["BatchNormalization()"]),
        (
            BatchNorm(epsilon=1.001e-5, momentum=0.9, scale=False),
            ["BatchNormalization(momentum=0.9, epsilon=1.001e-05, scale=False)"],
        ),
        (LayerNorm(), ["LayerNormalization(epsilon=1e-06)"]),
        (GroupNorm(groups=4), ["GroupNormalization(4, epsilon=1e-05)"]),
        (Activation(kind="relu"), ["ReLU()"]),
        (Activation(kind="relu6"), ["ReLU(6.0)"]),
        (Activation(kind="softmax"), ["Softmax()"]),
        (Activation(kind="silu"), ["Activation('silu')"]),
        (LeakyRelu(), ["LeakyReLU(0.01)"]),
        (Elu(), ["ELU()"]),
        (Elu(alpha=0.5), ["ELU(0.5)"]),
        (Prelu(), ["PReLU(shared_axes=(1, 2))"]),
        (GlobalAvgPool(), ["GlobalAveragePooling2D()"]),
        (GlobalAvgPool(keepdims=True), ["GlobalAveragePooling2D(keepdims=True)"]),
        (DropPath(rate=0.2), ["Dropout(0.2, noise_shape=(None, 1, 1, 1))"]),
        (ZeroPad(padding=3), ["ZeroPadding2D(3)"]),
        (ZeroPad(padding=((0, 1), (2, 3))), ["ZeroPadding2D(((0, 1), (2, 3)))"]),
        (ZeroPad(padding=(1, 2)), ["ZeroPadding2D((1, 2))"]),
        (
            ZeroPad(channels=(4, 4)),
            [
                "flat: Reshape((-1, 8, 1))",
                "wider: ZeroPadding2D((0, 4))",
                "Reshape((32, 32, 16))",
            ],
        ),
        (Crop(cropping=((1, 0), (1, 0))), ["Cropping2D(((1, 0), (1, 0)))"]),
        (Upsample(), ["UpSampling2D(2)"]),
        (Upsample(interpolation="bilinear"), ["UpSampling2D(2, interpolation='bilinear')"]),
        (Flatten(), ["Flatten()"]),
        (Reshape(shape=(-1, 8)), ["Reshape((-1, 8))"]),
        (Rescale(scale=2.0), ["Rescaling(2.0)"]),
        (Rescale(scale=2.0, offset=-1.0), ["Rescaling(2.0, offset=-1.0)"]),
        (Normalize(), ["Normalization()"]),
        (Normalize(mean=1.0, variance=4.0), ["Normalization(mean=1.0, variance=4.0)"]),
        (
            LayerScale(init=1e-6),
            ["DepthwiseConv2D(1, use_bias=False, depthwise_initializer=Constant(value=1e-06))"],
        ),
        (
            ChannelShuffle(groups=2),
            ["groups: Reshape((-1, 2, 4))", "dealt: Permute((1, 3, 2))", "Reshape((32, 32, 8))"],
        ),
        (
            Slice(part=1, of=2),
            [
                "flat: Reshape((-1, 8, 1))",
                "cut: Cropping2D(((0, 0), (4, 0)))",
                "Reshape((32, 32, 4))",
            ],
        ),
        (Slice(axis="height", start=1, stop=-2), ["Cropping2D(((1, 2), (0, 0)))"]),
    ],
    ids=repr,
)
def test_layers_on_images(layer: Layer, expected: list[str]) -> None:
    assert lowered(layer, *IMAGE) == expected


@pytest.mark.parametrize(
    ("padding", "stride", "expected"),
    [
        ("same", 1, ["Conv2D(4, 3, padding='same')"]),
        ("same", 2, ["Conv2D(4, 3, strides=2, padding='same')"]),
        ("valid", 1, ["Conv2D(4, 3)"]),
        (0, 2, ["Conv2D(4, 3, strides=2)"]),
        ("symmetric", 1, ["Conv2D(4, 3, padding='same')"]),
        (1, 1, ["Conv2D(4, 3, padding='same')"]),
        ("symmetric", 2, ["pad: ZeroPadding2D(1)", "Conv2D(4, 3, strides=2)"]),
        (1, 2, ["pad: ZeroPadding2D(1)", "Conv2D(4, 3, strides=2)"]),
        (2, 1, ["pad: ZeroPadding2D(2)", "Conv2D(4, 3)"]),
        (((0, 1), (0, 1)), 2, ["pad: ZeroPadding2D(((0, 1), (0, 1)))", "Conv2D(4, 3, strides=2)"]),
        ((1, 0), 1, ["pad: ZeroPadding2D((1, 0))", "Conv2D(4, 3)"]),
        (1, (1, 2), ["pad: ZeroPadding2D(1)", "Conv2D(4, 3, strides=(1, 2))"]),
    ],
)
def test_padding_of_a_convolution(padding: object, stride: object, expected: list[str]) -> None:
    layer = Conv.model_validate({"filters": 4, "kernel": 3, "padding": padding, "stride": stride})
    assert lowered(layer, *IMAGE) == expected


def test_padding_of_pointwise_and_of_dilated_convolutions() -> None:
    assert lowered(Conv(filters=4, kernel=1, padding=0), *IMAGE) == ["Conv2D(4, 1)"]
    assert lowered(Conv(filters=4, kernel=1, padding="valid"), *IMAGE) == ["Conv2D(4, 1)"]
    assert lowered(Conv(filters=4, kernel=1, padding="symmetric", stride=2), *IMAGE) == [
        "Conv2D(4, 1, strides=2)"
    ]
    assert lowered(Conv(filters=4, kernel=3, padding=2, dilation=2), *IMAGE) == [
        "Conv2D(4, 3, padding='same', dilation_rate=2)"
    ]


def test_padding_does_not_depend_on_sizes() -> None:
    layers = [
        Conv(filters=4, kernel=3, stride=2, padding=padding)
        for padding in ("same", "valid", "symmetric", ((0, 1), (0, 1)))
    ]
    for layer in layers:
        assert lowered(layer, 31, 31, 8) == lowered(layer, 32, 32, 8)


@pytest.mark.parametrize(
    ("layer", "nonnegative", "expected"),
    [
        (MaxPool(), False, ["MaxPooling2D(2, padding='same')"]),
        (MaxPool(size=3, stride=2), False, ["MaxPooling2D(3, strides=2, padding='same')"]),
        (MaxPool(size=3, stride=3, padding="valid"), False, ["MaxPooling2D(3)"]),
        (
            MaxPool(size=3, stride=2, padding=1),
            True,
            ["pad: ZeroPadding2D(1)", "MaxPooling2D(3, strides=2)"],
        ),
        (
            MaxPool(size=3, stride=2, padding=1),
            False,
            ["PaddedMaxPooling(3, 2, 1)"],
        ),
        (
            MaxPool(size=3, stride=1, padding="symmetric"),
            False,
            ["MaxPooling2D(3, strides=1, padding='same')"],
        ),
        (
            AvgPool(size=3, stride=2, padding=((0, 1), (0, 1))),
            True,
            ["PaddedAveragePooling(3, 2, ((0, 1), (0, 1)))"],
        ),
        (
            AvgPool(size=3, stride=1, padding=1),
            False,
            ["AveragePooling2D(3, strides=1, padding='same')"],
        ),
    ],
    ids=repr,
)
def test_padding_of_a_pool_never_counts(
    layer: Layer, nonnegative: bool, expected: list[str]
) -> None:
    assert lowered(layer, *IMAGE, nonnegative=nonnegative) == expected


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (Conv(filters=4, kernel=3), (16, 8), ["Conv1D(4, 3, padding='same')"]),
        (
            Conv(filters=4, kernel=3, stride=2, padding=((0, 1),)),
            (16, 8),
            ["pad: ZeroPadding1D((0, 1))", "Conv1D(4, 3, strides=2)"],
        ),
        (
            DepthwiseConv(kernel=3, multiplier=2),
            (8, 8, 8, 4),
            ["Conv3D(8, 3, padding='same', groups=4)"],
        ),
        (
            SeparableConv(filters=6, kernel=3, stride=2, padding=1),
            (8, 8, 8, 4),
            [
                "pad: ZeroPadding3D(1)",
                "depthwise: Conv3D(4, 3, strides=2, groups=4, use_bias=False)",
                "Conv3D(6, 1)",
            ],
        ),
        (LayerScale(init=0.1), (9, 8), [
            "DepthwiseConv1D(1, use_bias=False, depthwise_initializer=Constant(value=0.1))"
        ]),
        (
            LayerScale(init=0.1),
            (8,),
            [
                "sequence: Reshape((-1, 8))",
                "DepthwiseConv1D(1, use_bias=False, depthwise_initializer=Constant(value=0.1))",
                "shape: Reshape((8,))",
            ],
        ),
        (Prelu(), (8,), ["PReLU()"]),
        (DropPath(rate=0.5), (9, 8), ["Dropout(0.5, noise_shape=(None, 1, 1))"]),
        (Slice(axis="tokens", stop=1), (9, 8), ["Cropping1D((0, 8))"]),
        (Attention(heads=2), (9, 8), ["MultiHeadAttention(2, 4)"]),
        (ClassToken(), (9, 8), ["ClassToken()"]),
        (
            Upsample(size=2, interpolation="bilinear"),
            (9, 8),
            [
                "rows: Reshape((9, 1, 8))",
                "resized: UpSampling2D((2, 1), interpolation='bilinear')",
                "Reshape((18, 8))",
            ],
        ),
        (ZeroPad(padding=0), (8,), ["Identity()"]),
    ],
    ids=repr,
)  # fmt: skip
def test_layers_of_other_ranks(layer: Layer, shape: tuple[int, ...], expected: list[str]) -> None:
    assert lowered(layer, *shape) == expected


def test_merges_take_a_list_and_attention_its_input_twice() -> None:
    shape = TensorShape(IMAGE)
    (concat,) = lower(Concat(), (shape, shape), Context())
    assert (concat.constructor, concat.arguments, concat.feed) == ("Concatenate", (), "list")
    (attention,) = lower(Attention(heads=2), (TensorShape((9, 8)),), Context())
    assert attention.feed == "twice"


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv(filters=4, kernel=3, stride=2, dilation=2), IMAGE),
        (ConvTranspose(filters=4, kernel=3, stride=2, dilation=2), IMAGE),
        (DepthwiseConv(kernel=3, stride=2, dilation=2), IMAGE),
        (DepthwiseConv(kernel=3, stride=(1, 2)), IMAGE),
        (SeparableConv(filters=4, kernel=3, stride=2, dilation=2), IMAGE),
        (SeparableConv(filters=4, kernel=3, stride=(1, 2)), IMAGE),
        (Upsample(interpolation="bilinear"), (8, 8, 8, 4)),
    ],
    ids=repr,
)
def test_what_keras_lacks_is_declared(layer: Layer, shape: tuple[int, ...]) -> None:
    with pytest.raises(Unsupported) as unsupported:
        lowered(layer, *shape)
    assert unsupported.value.message.startswith("Keras has no ")
    assert unsupported.value.help


def layer_classes() -> set[type[Layer]]:
    return {verb.layer for verb in (*LAYERS.values(), *MERGES.values())} | {Input}


def test_every_layer_of_the_vocabulary_has_a_row() -> None:
    from archc.targets.keras import lowering

    assert set(lowering._TABLE) == layer_classes()


def every_call() -> list[KerasCall]:
    """A call of every constructor in the table, with as many arguments as it can have."""
    conv = {"filters": 4, "kernel": 3, "stride": 2, "bias": False, "activation": "relu"}
    rows: list[tuple[Layer, tuple[int, ...]]] = [
        (Conv.model_validate({**conv, "groups": 2, "init": "zeros"}), IMAGE),
        (Conv.model_validate({**conv, "standardize": True, "init": "zeros"}), IMAGE),
        (DepthwiseConv(kernel=3, dilation=2, multiplier=2, bias=False, init="zeros"), IMAGE),
        (SeparableConv.model_validate({**conv, "multiplier": 2, "init": "zeros"}), IMAGE),
        (ConvTranspose.model_validate({**conv, "init": "zeros"}), IMAGE),
        (Dense(units=4, bias=False, activation="relu", init="zeros"), IMAGE),
        (BatchNorm(epsilon=0.5, momentum=0.5, scale=False, center=False), IMAGE),
        (LayerNorm(epsilon=0.5, scale=False, center=False), IMAGE),
        (GroupNorm(groups=2, epsilon=0.5, scale=False, center=False), IMAGE),
        (Activation(kind="relu6"), IMAGE),
        (Activation(kind="silu"), IMAGE),
        (LeakyRelu(slope=0.5), IMAGE),
        (Elu(alpha=0.5), IMAGE),
        (Prelu(), IMAGE),
        (MaxPool(size=3, stride=2), IMAGE),
        (AvgPool(size=3, stride=2), IMAGE),
        (MaxPool(size=3, stride=2, padding=1), IMAGE),
        (AvgPool(size=3, stride=2, padding=1), IMAGE),
        (GlobalAvgPool(keepdims=True), IMAGE),
        (DropPath(rate=0.5), IMAGE),
        (ZeroPad(padding=1), IMAGE),
        (Crop(cropping=1), IMAGE),
        (Upsample(size=3, interpolation="bilinear"), IMAGE),
        (Reshape(shape=(-1,)), IMAGE),
        (ChannelShuffle(groups=2), IMAGE),
        (Rescale(scale=0.5, offset=0.5), IMAGE),
        (Normalize(mean=0.5, variance=0.5), IMAGE),
        (LayerScale(init=0.5), IMAGE),
        (Attention(heads=2, bias=False), (9, 8)),
    ]
    return [
        call for layer, shape in rows for call in lower(layer, (TensorShape(shape),), Context())
    ]


@pytest.mark.parametrize("call", every_call(), ids=written)
def test_arguments_are_those_of_keras_in_its_order(call: KerasCall) -> None:
    constructor = getattr(custom if call.custom else keras.layers, call.constructor)
    parameters = inspect.signature(constructor.__init__).parameters
    if "kernel_size" in dict(call.arguments) and call.custom:
        parameters = inspect.signature(keras.layers.Conv2D.__init__).parameters
    order = [name for name in parameters if name != "self"]
    names = [name for name, _ in call.arguments]
    assert names[: call.positional] == order[: call.positional]
    assert names == sorted(names, key=order.index)


DEFAULTS = [
    (Conv(filters=4, kernel=3, padding="valid"), "strides padding dilation_rate groups activation "
     "use_bias kernel_initializer"),
    (DepthwiseConv(kernel=3, padding="valid"), "strides padding depth_multiplier dilation_rate "
     "activation use_bias depthwise_initializer"),
    (SeparableConv(filters=4, kernel=3, padding="valid"), "strides padding dilation_rate "
     "depth_multiplier activation use_bias depthwise_initializer pointwise_initializer"),
    (ConvTranspose(filters=4, kernel=3, padding="valid"), "strides padding dilation_rate "
     "activation use_bias kernel_initializer"),
    (Dense(units=4), "activation use_bias kernel_initializer"),
    (BatchNorm(), "momentum epsilon center scale"),
    (LayerNorm(epsilon=1e-3), "epsilon center scale"),
    (GroupNorm(groups=4, epsilon=1e-3), "epsilon center scale"),
    (Elu(), "alpha"),
    (GlobalAvgPool(), "keepdims"),
    (Upsample(), "interpolation"),
    (Rescale(scale=2.0), "offset"),
    (Normalize(), "mean variance"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "omitted"), DEFAULTS, ids=repr)
def test_what_is_left_out_is_the_default_of_keras(layer: Layer, omitted: str) -> None:
    """archc's built-in values mean what Keras does when nothing is said."""
    (call,) = lower(layer, (TensorShape(IMAGE),), Context())
    assert not set(omitted.split()) & {name for name, _ in call.arguments}
    expected = {
        "strides": 1, "padding": "valid", "dilation_rate": 1, "groups": 1, "depth_multiplier": 1,
        "activation": None, "use_bias": True, "kernel_initializer": "glorot_uniform",
        "depthwise_initializer": "glorot_uniform", "pointwise_initializer": "glorot_uniform",
        "momentum": 0.99, "epsilon": 1e-3, "center": True, "scale": True, "alpha": 1.0,
        "keepdims": False, "interpolation": "nearest", "offset": 0.0, "mean": None,
        "variance": None,
    }  # fmt: skip
    parameters = inspect.signature(getattr(keras.layers, call.constructor).__init__).parameters
    for name in omitted.split():
        if name in parameters:
            default = parameters[name].default
            assert (1 if default == (1, 1) else default) == expected[name], name


def test_all_that_keras_lacks_is_told_at_once_with_its_place() -> None:
    graph = chain(
        IMAGE,
        Conv(filters=4, kernel=3, stride=2, dilation=2),
        Activation(kind="relu"),
        DepthwiseConv(kernel=3, stride=(1, 2)),
    )
    with pytest.raises(CompileError) as error:
        lower_graph(graph)
    # Both stand at one place here, where one finding for each code is told.
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "target-unsupported"
    assert diagnostic.message == "Keras has no `conv` with both a stride and a dilation above 1"
    assert diagnostic.span == SPAN
    assert diagnostic.trail == ("learner",)
    assert diagnostic.helps


def test_a_name_that_an_added_layer_needs_is_taken() -> None:
    maker = GraphMaker()
    image = maker.input(*IMAGE)
    padded = maker.add(ZeroPad(padding=1), image, name="conv1_pad")
    maker.add(Conv(filters=4, kernel=3, stride=2, padding=1), padded, name="conv1")
    with pytest.raises(CompileError) as error:
        lower_graph(maker.graph())
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "target-name-taken"
    assert "`conv1_pad`" in diagnostic.message


def test_layers_that_keras_lacks_are_named() -> None:
    graph = chain((9, 8), ClassToken(), Dense(units=4), MaxPool(size=3, stride=2, padding=1))
    assert custom_layers(graph) == ("layer1", "layer3")
    assert custom_layers(chain((9, 8), Dense(units=4, activation="relu"), MaxPool())) == ()


def test_the_constant_is_the_only_argument_that_is_no_literal() -> None:
    for call in every_call():
        for _, value in call.arguments:
            assert isinstance(value, bool | int | float | str | tuple | Constant | None)
