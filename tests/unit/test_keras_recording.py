"""The check of emitted Keras source without Keras: what it lets pass, and what it sees."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

import archc
from archc.emission.flat import flat_plan
from archc.graph import Graph
from archc.layers import (
    Activation,
    AvgPool,
    Conv,
    ConvTranspose,
    DepthwiseConv,
    Layer,
    LayerScale,
    MaxPool,
    ZeroPad,
)
from archc.targets.keras.emit import emit
from archc.targets.keras.lowered import lower_graph
from archc.targets.keras.recording import mismatches
from archc.targets.keras.recording_signatures import SIGNATURES
from tests.keras_graphs import GraphMaker, chain
from tests.networks import elaborated

RESNET = """
name: small
use: [blocks/residual.yaml]
args: {classes: 10}
defaults: {batch_norm: {epsilon: 1.001e-5}}
input: [32, 32, 3]
stem:
- {id: conv1, conv_bn: {filters: 8, kernel: 7, stride: 2, padding: 3}}
- {id: pool1, max_pool: {size: 3, stride: 2, padding: 1}}
learner:
  block: {first: projection_block, rest: identity_block}
  stride_policy: {first_group: 1, other_groups: 2}
  id: conv$(group.number + 1)_block$(block.number)
  groups:
  - {filters: 4, blocks: 2}
  - {filters: 8, blocks: 3}
task:
- {id: avg_pool, global_avg_pool: }
- {id: predictions, dense: {units: =classes, activation: softmax}}
"""

RESNET_SOURCE = '''"""A small residual network."""

from functools import partial

from keras import Input, Model, layers

BatchNorm = partial(layers.BatchNormalization, epsilon=1.001e-5)

# filters, blocks, stride
GROUPS = [
    (4, 2, 1),
    (8, 3, 2),
]


def stem(x):
    x = layers.ZeroPadding2D(3, name="conv1_conv_pad")(x)
    x = layers.Conv2D(8, 7, strides=2, name="conv1_conv")(x)
    x = BatchNorm(name="conv1_bn")(x)
    x = layers.ReLU(name="conv1_relu")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    return x


def learner(x):
    for number, (filters, blocks, stride) in enumerate(GROUPS, 2):
        x = group(x, filters, blocks, stride, name=f"conv{number}")
    return x


def group(x, filters, blocks, stride, name):
    x = projection_block(x, filters, stride, name=f"{name}_block1")
    for number in range(2, blocks + 1):
        x = identity_block(x, filters, name=f"{name}_block{number}")
    return x


def projection_block(x, filters, stride, name):
    shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
    shortcut = BatchNorm(name=f"{name}_0_bn")(shortcut)

    residual = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    residual = BatchNorm(name=f"{name}_1_bn")(residual)
    residual = layers.ReLU(name=f"{name}_1_relu")(residual)
    residual = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(residual)
    residual = BatchNorm(name=f"{name}_2_bn")(residual)
    residual = layers.ReLU(name=f"{name}_2_relu")(residual)
    residual = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(residual)
    residual = BatchNorm(name=f"{name}_3_bn")(residual)

    x = layers.Add(name=f"{name}_add")([shortcut, residual])
    return layers.ReLU(name=f"{name}_out")(x)


def identity_block(x, filters, name):
    residual = layers.Conv2D(filters, 1, name=f"{name}_1_conv")(x)
    residual = BatchNorm(name=f"{name}_1_bn")(residual)
    residual = layers.ReLU(name=f"{name}_1_relu")(residual)
    residual = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(residual)
    residual = BatchNorm(name=f"{name}_2_bn")(residual)
    residual = layers.ReLU(name=f"{name}_2_relu")(residual)
    residual = layers.Conv2D(x.shape[-1], 1, name=f"{name}_3_conv")(residual)
    residual = BatchNorm(name=f"{name}_3_bn")(residual)

    x = layers.Add(name=f"{name}_add")([x, residual])
    return layers.ReLU(name=f"{name}_out")(x)


def task(x, classes):
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return layers.Dense(classes, activation="softmax", name="predictions")(x)


def small(classes=10):
    inputs = Input((32, 32, 3), name="input")
    x = stem(inputs)
    x = learner(x)
    x = task(x, classes)
    return Model(inputs, x, name="small")


if __name__ == "__main__":
    raise RuntimeError("only when it is run as a program")
'''


@pytest.fixture(scope="module")
def resnet() -> Graph:
    return elaborated(RESNET)


def changed(source: str, old: str, new: str) -> str:
    assert source.count(old) >= 1
    return source.replace(old, new, 1)


def network(*lines: str, outputs: str = "x", shape: str = "(8, 8, 4)") -> str:
    """The source of `network()`: the input is `x`."""
    body = "".join(f"    {line}\n" for line in lines)
    return (
        "import keras\nfrom keras import Input, Model, layers\n\n"
        "class PaddedMaxPooling(layers.Layer): pass\n"
        "class PaddedAveragePooling(layers.Layer): pass\n\n"
        f"def network():\n    inputs = x = Input({shape}, name='input')\n{body}"
        f"    return Model(inputs, {outputs}, name='network')\n"
    )


def layer(text: str, name: str = "layer1") -> str:
    """A line that applies a layer, such as `layers.ReLU()`, to `x`."""
    comma = "" if text.endswith("(") else ", "
    return f"x = {text}{comma}name={name!r})(x)"


def test_source_that_makes_the_network_passes(resnet: Graph) -> None:
    assert mismatches(RESNET_SOURCE, resnet, "small") == []


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        pytest.param(
            "8, 7, strides=2",
            "8, 7, strides=1",
            "conv1_conv: expected layers.Conv2D(strides=2) on input, "
            "found layers.Conv2D(strides) on input",
            id="stride",
        ),
        pytest.param(
            "ZeroPadding2D(3",
            "ZeroPadding2D(((2, 3), (3, 3))",
            "conv1_conv: expected layers.Conv2D(padding=((3, 3), (3, 3))) on input, "
            "found layers.Conv2D(padding=((2, 3), (3, 3))) on input",
            id="padding",
        ),
        pytest.param(
            ", epsilon=1.001e-5",
            "",
            "conv1_bn: expected layers.BatchNormalization(epsilon=1.001e-05) on conv1_conv, "
            "found layers.BatchNormalization(epsilon) on conv1_conv",
            id="epsilon",
        ),
        pytest.param(
            '    x = layers.ReLU(name="conv1_relu")(x)\n',
            "",
            "conv1_relu: missing, expected layers.Activation(activation='relu') on conv1_bn",
            id="missing layer",
        ),
        pytest.param(
            "    return layers.Dense",
            '    x = layers.Dropout(0.5, name="dropout")(x)\n    return layers.Dense',
            "dropout: not in the graph, found layers.Dropout(rate=0.5) on avg_pool",
            id="extra layer",
        ),
        pytest.param(
            "[shortcut, residual]",
            "[residual, shortcut]",
            "conv2_block1_add: expected layers.Add() on [conv2_block1_0_bn, conv2_block1_3_bn], "
            "found layers.Add() on [conv2_block1_3_bn, conv2_block1_0_bn]",
            id="swapped edges",
        ),
        pytest.param(
            '_1_bn")(residual)',
            '_1_bn")(shortcut)',
            "conv2_block1_1_bn: expected layers.BatchNormalization() on conv2_block1_1_conv, "
            "found layers.BatchNormalization() on conv2_block1_0_bn",
            id="another edge",
        ),
        pytest.param(
            'name="pool1")',
            'name="pool")',
            "pool1: missing, expected layers.MaxPooling2D(pool_size=3, strides=2, "
            "padding=((1, 1), (1, 1))) on conv1_relu",
            id="name",
        ),
        pytest.param(
            "(8, 3, 2)",
            "(8, 4, 2)",
            "conv3_block4_add: not in the graph, "
            "found layers.Add() on [conv3_block3_out, conv3_block4_3_bn]",
            id="a block too many",
        ),
        pytest.param(
            "(4, 2, 1)",
            "(4, 1, 1)",
            "conv2_block2_out: missing, "
            "expected layers.Activation(activation='relu') on conv2_block2_add",
            id="a block too few",
        ),
        pytest.param(
            "MaxPooling2D",
            "AveragePooling2D",
            "pool1: expected layers.MaxPooling2D(pool_size=3, strides=2, "
            "padding=((1, 1), (1, 1))) on conv1_relu",
            id="class",
        ),
        pytest.param("classes=10", "classes=11", "predictions: expected", id="argument of a knob"),
        pytest.param(
            'activation="softmax"', 'activation="sigmoid"', "predictions: expected", id="activation"
        ),
        pytest.param("Input((32, 32, 3)", "Input((32, 31, 3)", "input: expected", id="input shape"),
        pytest.param(
            'Model(inputs, x, name="small")',
            'Model(inputs, x, name="tall")',
            "name: expected small, found tall",
            id="model's name",
        ),
        pytest.param(
            "Model(inputs, x,", "Model(inputs, [x],", "outputs: expected no list", id="listed"
        ),
        pytest.param(
            '_3_conv")(residual)',
            '_1_conv")(residual)',
            "conv2_block1_1_conv: 2 layers",
            id="twice",
        ),
    ],
)
def test_faults_are_seen(resnet: Graph, old: str, new: str, seen: str) -> None:
    found = mismatches(changed(RESNET_SOURCE, old, new), resnet, "small")
    assert any(message.startswith(seen) for message in found), found


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        pytest.param("def task(x", "def task(x,,", "line 70: SyntaxError: ", id="syntax"),
        pytest.param(
            "layers.GlobalAverage", "later.GlobalAverage", "NameError: name 'later'", id="name"
        ),
        pytest.param("from functools", "import numpy\nfrom functools", "`numpy`", id="import"),
        pytest.param("def small", "def large", "`small()` makes no model", id="no function"),
        pytest.param(
            '3, padding="same"',
            "'3', padding='same'",
            "_2_conv: '3' says no",
            id="a wrong argument",
        ),
        pytest.param("8, 7,", "8, 7, 2,", "3 arguments without names", id="positional"),
        pytest.param("[x, residual]", "[x, 1]", "a layer is applied to", id="no tensor"),
        pytest.param("Model(inputs, x,", "Model(inputs, 3,", "inputs or outputs", id="no output"),
    ],
)
def test_source_that_fails_is_one_mismatch(resnet: Graph, old: str, new: str, seen: str) -> None:
    (found,) = mismatches(changed(RESNET_SOURCE, old, new), resnet, "small")
    assert seen in found


def test_layers_without_a_use_and_layers_made_in_another_order_pass() -> None:
    maker = GraphMaker()
    entry = maker.input(8, 8, 4)
    left = maker.add(Activation(kind="relu"), entry, name="left")
    right = maker.add(Activation(kind="tanh"), entry, name="right")
    graph = maker.graph(left, right)
    lines = [
        "y = layers.Activation('tanh', name='right')(x)",
        "unused = layers.ReLU(name='unused')(y)",
        "x = layers.ReLU(name='left')(x)",
    ]
    assert mismatches(network(*lines, outputs="[x, y]"), graph, "network") == []
    assert mismatches(network(*lines, outputs="[y, x]"), graph, "network") == [
        "outputs: expected left, right, found right, left"
    ]


def test_inputs_are_held_against_those_of_the_graph_in_order() -> None:
    graph = elaborated("""
name: two
input: {image: [8, 8, 3], mask: [8, 8, 1]}
stem:
- {id: both, concat: {image: [], mask: [from: mask]}}
""")
    source = """
from keras import Input, Model, layers

def two():
    image = Input((8, 8, 3), name="image")
    mask = Input((8, 8, 1), name="mask")
    x = layers.Concatenate(name="both")([image, mask])
    return Model([image, mask], x, name="two")
"""
    assert mismatches(source, graph, "two") == []
    swapped = changed(source, "Model([image, mask]", "Model([mask, image]")
    assert mismatches(swapped, graph, "two") == ["inputs: expected image, mask, found mask, image"]


def test_attention_and_what_keras_lacks() -> None:
    graph = elaborated("""
name: tokens
input: [8, 8, 4]
stem:
- {id: patches, reshape: [-1, 4]}
- {id: first, class_token: }
- {id: block, add: {shortcut: [], attention: [{id: norm, layer_norm: }, {id: heads, attention: 2}]}}
- {id: scale, layer_scale: 0.5}
""")
    source = """
import keras
from keras import Input, Model, layers, ops


@keras.saving.register_keras_serializable("archc")
class ClassToken(keras.layers.Layer):
    def call(self, inputs):
        return ops.concatenate([self.token, inputs], axis=1)


def attend(x, heads, name):
    y = layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
    width = x.shape[-1] // heads
    y = layers.MultiHeadAttention(heads, width, name="heads")(y, y)
    return layers.Add(name=name)([x, y])


def tokens():
    inputs = Input((8, 8, 4), name="input")
    x = layers.Reshape((-1, 4), name="patches")(inputs)
    x = ClassToken(name="first")(x)
    x = attend(x, 2, name="block")
    x = layers.DepthwiseConv1D(
        1,
        use_bias=False,
        depthwise_initializer=keras.initializers.Constant(0.5),
        name="scale",
    )(x)
    return Model(inputs, x, name="tokens")
"""
    assert mismatches(source, graph, "tokens") == []
    for old, new, seen in [
        ("Constant(0.5)", "Constant(0.25)", "scale: expected"),
        (")(y, y)", ")(y, x)", "expected layers.MultiHeadAttention"),
        (")(y, y)", ")(y)", "expected layers.MultiHeadAttention"),
        ("    x = ClassToken", "    x = layers.ClassToken", "first: expected ClassToken()"),
    ]:
        found = mismatches(changed(source, old, new), graph, "tokens")
        assert any(seen in message for message in found), found


CONV = Conv(filters=3, kernel=3, padding=1)
STRIDED = Conv(filters=3, kernel=3, stride=2)
POOL = MaxPool(size=3, stride=2, padding=1)
MEANS = AvgPool(size=3, stride=2, padding=1)
RELU = Activation(kind="relu")
WIDER = ConvTranspose(filters=3, kernel=4, stride=2, padding=1)
EVEN, ODD = (8, 8, 4), (7, 7, 4)
PLAIN = layer("layers.Conv2D(3, 3")
PADDED = layer("layers.ZeroPadding2D(1", "layer1_pad")

FORMS: dict[str, tuple[tuple[int, ...], list[Layer], list[str]]] = {
    "a layer that pads for a convolution": (EVEN, [CONV], [PADDED, PLAIN]),
    "same": (EVEN, [CONV], [layer("layers.Conv2D(3, 3, padding='same'")]),
    "every default written": (
        EVEN,
        [CONV],
        [
            layer(
                "layers.Conv2D(filters=3, kernel_size=[3, 3], strides=(1, 1), padding='same', "
                "dilation_rate=1, groups=1, activation='linear', use_bias=True, "
                "kernel_initializer='glorot_uniform'"
            )
        ],
    ),
    "same with a stride, an even side": (
        EVEN,
        [STRIDED],
        [
            layer("layers.ZeroPadding2D(((0, 1), (0, 1))", "layer1_pad"),
            layer("layers.Conv2D(3, 3, strides=2"),
        ],
    ),
    "same with a stride, an odd side": (
        ODD,
        [STRIDED],
        [PADDED, layer("layers.Conv2D(3, 3, strides=2")],
    ),
    "a depthwise convolution with holes": (
        EVEN,
        [DepthwiseConv(kernel=3, dilation=2)],
        [
            layer("layers.ZeroPadding2D(2", "layer1_pad"),
            layer("layers.DepthwiseConv2D(3, dilation_rate=2"),
        ],
    ),
    "maxima of no value below 0": (
        ODD,
        [RELU, POOL],
        [
            layer("layers.ReLU("),
            layer("layers.MaxPooling2D(3, strides=2, padding='same'", "layer2"),
        ],
    ),
    "maxima of values below 0": (
        ODD,
        [POOL],
        [layer("layers.MaxPooling2D(3, strides=2, padding='same'")],
    ),
    "means": (ODD, [MEANS], [layer("layers.AveragePooling2D(3, strides=2, padding='same'")]),
    "a transposed convolution that is cropped": (
        EVEN,
        [WIDER],
        [
            layer("layers.Conv2DTranspose(3, 4, strides=2"),
            layer("layers.Cropping2D(1", "layer1_crop"),
        ],
    ),
    "an activation by its name": (
        EVEN,
        [RELU, Activation(kind="relu6"), Activation(kind="softmax"), Activation(kind="hard_silu")],
        [
            layer("layers.Activation('relu'"),
            layer("layers.Activation('relu6'", "layer2"),
            layer("layers.Activation('softmax'", "layer3"),
            layer("layers.Activation('hard_swish'", "layer4"),
        ],
    ),
    "padding of every side": (
        EVEN,
        [ZeroPad(padding=((1, 1), (2, 2)))],
        [layer("layers.ZeroPadding2D(((1, 1), (2, 2))")],
    ),
    "padding of every axis": (
        EVEN,
        [ZeroPad(padding=((1, 1), (2, 2)))],
        [layer("layers.ZeroPadding2D((1, 2)")],
    ),
}
"""What means the same: a shape, the layers of a graph, and source."""

FAULTS: dict[str, tuple[tuple[int, ...], list[Layer], list[str]]] = {
    "the padding of another size": (
        EVEN,
        [STRIDED],
        [PADDED, layer("layers.Conv2D(3, 3, strides=2")],
    ),
    "zeros under maxima of values below 0": (
        ODD,
        [POOL],
        [PADDED, layer("layers.MaxPooling2D(3, strides=2")],
    ),
    "zeros in means": (ODD, [MEANS], [PADDED, layer("layers.AveragePooling2D(3, strides=2")]),
    "another crop": (
        EVEN,
        [WIDER],
        [
            layer("layers.Conv2DTranspose(3, 4, strides=2"),
            layer("layers.Cropping2D(((0, 2), (1, 1))", "layer1_crop"),
        ],
    ),
    "another activation": (EVEN, [RELU], [layer("layers.ReLU(negative_slope=0.1")]),
    "padding of the other axis": (
        EVEN,
        [ZeroPad(padding=((1, 1), (1, 2)))],
        [layer("layers.ZeroPadding2D(((1, 2), (1, 1))")],
    ),
    "another initial value": (
        EVEN,
        [LayerScale(init=0.5)],
        [layer("layers.DepthwiseConv2D(1, use_bias=False, depthwise_initializer='ones'")],
    ),
}
"""What differs."""


@pytest.mark.parametrize("form", FORMS)
def test_what_means_the_same_passes(form: str) -> None:
    shape, layers, lines = FORMS[form]
    source = network(*lines, shape=str(shape))
    assert mismatches(source, chain(shape, *layers), "network") == []


@pytest.mark.parametrize("form", FAULTS)
def test_what_differs_is_seen(form: str) -> None:
    shape, layers, lines = FAULTS[form]
    source = network(*lines, shape=str(shape))
    (found,) = mismatches(source, chain(shape, *layers), "network")
    assert found.startswith("layer1: expected")


@pytest.mark.parametrize("form", [*FORMS, *FAULTS])
def test_keras_agrees_on_what_means_the_same(form: str) -> None:
    from archc.targets.keras import build

    shape, layers, lines = {**FORMS, **FAULTS}[form]
    built = build(chain(shape, *layers), seed=1)
    namespace: dict[str, Callable[[], object]] = {}
    exec(network(*lines, shape=str(shape)), namespace)
    made = namespace["network"]()
    if form != "another initial value":
        made.set_weights(built.get_weights())
    images = np.random.default_rng(1).normal(size=(2, *shape)).astype("float32")
    expected, found = np.asarray(built(images)), np.asarray(made(images))
    same = expected.shape == found.shape and np.allclose(expected, found, atol=1e-5)
    assert same == (form in FORMS)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_those_of_keras(name: str) -> None:
    import keras

    layers = [
        getattr(keras, spelled, None) or getattr(keras.layers, spelled, None)
        for spelled in (name, *[_ranked(name, rank) for rank in (1, 2, 3)])
    ]
    signatures = [inspect.signature(made).parameters for made in layers if made is not None]
    names, defaults = SIGNATURES[name]
    assert {tuple(parameters)[: len(names)] for parameters in signatures} == {names}
    for key, default in defaults.items():
        found = [parameters[key].default for parameters in signatures if key in parameters]
        assert found
        assert all(_single(value) == default for value in found)


def _single(value: object) -> object:
    """One number for a tuple of equal ones."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _ranked(name: str, rank: int) -> str:
    if name == "ConvTranspose":
        return f"Conv{rank}DTranspose"
    return f"{name}{rank}D"


@pytest.mark.parametrize("name", archc.zoo())
def test_emitted_source_of_the_zoo_passes(name: str) -> None:
    graph = archc.load(name).graph()
    lowered = lower_graph(graph)
    plan = flat_plan(graph, lambda position: lowered[position].calls)
    assert mismatches(emit(plan, ""), graph, plan.identifier) == []


def test_no_framework_is_loaded() -> None:
    source = network(layer("layers.ReLU("))
    script = f"""
import sys
from archc.layers import Activation
from archc.targets.keras.emit import emit
from archc.targets.keras.lowered import lower_graph
from archc.targets.keras.recording import mismatches
from tests.keras_graphs import chain
graph = chain((8, 8, 4), Activation(kind="relu"))
assert mismatches({source!r}, graph, "network") == []
assert not {{"keras", "tensorflow"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
