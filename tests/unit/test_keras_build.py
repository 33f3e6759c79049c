"""The builder: what it makes is what a person would get by calling the constructors."""

from __future__ import annotations

import contextlib
import gc
import random
import sys
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from archc.graph import Graph
from archc.layers import (
    Activation,
    Add,
    Attention,
    BatchNorm,
    ChannelShuffle,
    Concat,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    DropPath,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    LayerNorm,
    LayerScale,
    MaxPool,
    Normalize,
    Prelu,
    Rescale,
    Reshape,
    SeparableConv,
)
from archc.targets.keras import build, connect
from archc.targets.keras.build import instantiate
from archc.targets.keras.lowered import lower_graph
from tests.keras_graphs import GraphMaker, chain

build_module = sys.modules["archc.targets.keras.build"]
"""The module: in its package, its name is that of the function."""


def network() -> Graph:
    """A network with most kinds of layer, a branch and a chain of several Keras layers."""
    maker = GraphMaker("small")
    x = maker.input(16, 16, 3, name="image")
    x = maker.add(Rescale(scale=0.5), x, name="rescale")
    x = maker.add(Normalize(), x, name="normalize")
    x = maker.add(Conv(filters=8, kernel=3, stride=2, padding=1, init="he_normal"), x, name="stem")
    x = maker.add(BatchNorm(momentum=0.9), x, name="stem_bn")
    x = maker.add(Activation(kind="relu"), x, name="stem_relu")
    x = maker.add(MaxPool(size=3, stride=1, padding=1), x, name="pool")
    y = maker.add(DepthwiseConv(kernel=3, bias=False, init="orthogonal"), x, name="depthwise")
    y = maker.add(SeparableConv(filters=8, kernel=3, activation="silu"), y, name="separable")
    y = maker.add(GroupNorm(groups=2), y, name="group_norm")
    y = maker.add(ChannelShuffle(groups=2), y, name="shuffle")
    y = maker.add(LayerScale(), y, name="scale")
    y = maker.add(DropPath(rate=0.2), y, name="drop_path")
    x = maker.add(Add(), x, y, name="add")
    x = maker.add(Concat(), x, y, name="concat")
    x = maker.add(Prelu(), x, name="prelu")
    x = maker.add(Reshape(shape=(-1, 16)), x, name="tokens")
    x = maker.add(LayerNorm(), x, name="norm")
    x = maker.add(Attention(heads=2), x, name="attention")
    x = maker.add(Flatten(), x, name="flatten")
    x = maker.add(Dropout(rate=0.1), x, name="dropout")
    maker.add(Dense(units=10, activation="softmax"), x, name="predictions")
    return maker.graph()


def plain(graph: Graph) -> Any:
    """The model as a person would write it: constructors, called on tensors."""
    tensors: list[Any] = []
    for made in lower_graph(graph):
        inputs = [tensors[source] for source in made.node.inputs]
        for call in made.calls:
            layer = instantiate(keras, call, call.name(made.node.name))
            if call.feed == "twice":
                inputs = [layer(inputs[0], inputs[0])]
            elif inputs:
                inputs = [layer(inputs if call.feed == "list" else inputs[0])]
            else:
                inputs = [layer]
        tensors.append(inputs[0])
    outputs = [tensors[output.node] for output in graph.outputs]
    inputs = [tensors[position] for position in graph.inputs]
    return keras.Model(
        inputs if len(inputs) > 1 else inputs[0],
        outputs if len(outputs) > 1 else outputs[0],
        name=graph.name,
    )


def images(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, (count, 16, 16, 3)).astype("float32")


def weights_by_path(model: Any) -> dict[str, np.ndarray]:
    return {variable.path: np.asarray(variable) for variable in model.variables}


def summary(model: Any) -> str:
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    return "\n".join(lines)


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="module")
def model() -> Any:
    return build(network(), seed=0)


@pytest.fixture(scope="module")
def reference() -> Any:
    return plain(network())


def test_the_fast_way_is_taken_here() -> None:
    assert connect.has_hooks(keras)


def test_config_is_that_of_a_plain_model(model: Any, reference: Any) -> None:
    assert model.to_json() == reference.to_json()


def test_state_is_that_of_a_plain_model(model: Any, reference: Any) -> None:
    def described(variables: Any) -> list[tuple[object, ...]]:
        return [(v.path, v.name, v.shape, v.dtype, v.trainable) for v in variables]

    assert described(model.trainable_weights) == described(reference.trainable_weights)
    assert described(model.non_trainable_weights) == described(reference.non_trainable_weights)
    assert len(model.variables) == len(reference.variables)


def test_layers_are_those_of_a_plain_model(model: Any, reference: Any) -> None:
    """All that a layer holds, but for what its own weights and graph are."""
    assert type(model) is type(reference)
    for ours, theirs in zip(model.layers, reference.layers, strict=True):
        assert type(ours) is type(theirs)
        assert {key: type(value) for key, value in vars(ours).items()} == {
            key: type(value) for key, value in vars(theirs).items()
        }
        for key in ("built", "_called", "_path", "_parent_path", "_build_shapes_dict", "autocast"):
            assert getattr(ours, key) == getattr(theirs, key), (ours.name, key)
        assert ours.output.shape == theirs.output.shape
        assert ours.output.dtype == theirs.output.dtype
        assert ours.get_build_config() == theirs.get_build_config()


def test_what_a_user_sees(model: Any, reference: Any) -> None:
    assert summary(model) == summary(reference)
    assert model.get_layer("stem").input is model.get_layer("stem_pad").output
    assert model.output_names == ["predictions"]
    assert model.count_params() == reference.count_params()


def test_outputs_are_those_of_a_plain_model_with_the_same_weights(
    model: Any, reference: Any
) -> None:
    reference.set_weights(model.get_weights())
    assert (np.asarray(reference(images())) == np.asarray(model(images()))).all()


def test_round_trips(model: Any) -> None:
    assert keras.models.model_from_json(model.to_json()).to_json() == model.to_json()
    assert keras.models.clone_model(model).to_json() == model.to_json()


def test_it_trains() -> None:
    model = build(network(), seed=0)
    before = weights_by_path(model)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images(8), np.arange(8), batch_size=4, verbose=0)
    after = weights_by_path(model)
    for name in ("stem/kernel", "stem_bn/moving_mean", "attention/query/kernel", "prelu/alpha"):
        assert np.isfinite(after[name]).all()
        assert (after[name] != before[name]).any(), name


def test_constants_are_not_shared_once_they_change() -> None:
    model = build(chain((8,), BatchNorm(), BatchNorm(), Dense(units=8)), seed=0)
    first, second = model.get_layer("layer1"), model.get_layer("layer2")
    first.beta.assign(np.ones(8))
    first.gamma.assign_add(np.ones(8))
    model.compile("sgd", "mse")
    model.get_layer("layer1").trainable = False
    model.fit(np.ones((4, 8)), np.zeros((4, 8)), verbose=0)
    assert (np.asarray(first.beta) == 1).all()
    assert (np.asarray(first.gamma) == 2).all()
    assert (np.asarray(first.moving_mean) == 0).all()
    assert (np.asarray(second.beta) != 1).all()
    assert (np.asarray(build(chain((8,), BatchNorm())).weights[1]) == 0).all()


@pytest.mark.parametrize("name", ["mixed_float16", "mixed_bfloat16", "float64", "float16"])
def test_dtype_policies(name: str) -> None:
    with policy(name):
        model, reference = build(network(), seed=0), plain(network())
    assert model.to_json() == reference.to_json()
    assert [layer.output.dtype for layer in model.layers] == [
        layer.output.dtype for layer in reference.layers
    ]
    assert [v.dtype for v in model.weights] == [v.dtype for v in reference.weights]
    assert np.isfinite(np.asarray(model(images()), "float64")).all()


def test_weights_are_drawn_as_precisely_as_they_are_kept() -> None:
    with policy("float64"):
        kernel = np.asarray(build(chain((4,), Dense(units=4)), seed=0).weights[0])
    assert kernel.dtype == "float64"
    assert (kernel != kernel.astype("float32")).all()


def test_several_inputs_and_outputs_come_in_the_order_of_the_graph() -> None:
    maker = GraphMaker()
    a, b = maker.input(4, name="a"), maker.input(6, name="b")
    both = maker.add(Concat(), a, b, name="both")
    first = maker.add(Dense(units=2), both, name="first")
    second = maker.add(Dense(units=3), first, name="second")
    model = build(maker.graph(second, first, both))
    assert [tensor.name for tensor in model.inputs] == ["a", "b"]
    assert model.output_names == ["second", "first", "both"]
    assert [output.shape for output in model([np.ones((1, 4)), np.ones((1, 6))])] == [
        (1, 3),
        (1, 2),
        (1, 10),
    ]


def test_what_leads_to_no_output_is_not_built() -> None:
    maker = GraphMaker()
    x = maker.input(4)
    used = maker.add(Dense(units=2), x, name="used")
    maker.add(Dense(units=2), used, name="unused")
    model = build(maker.graph(used))
    assert [layer.name for layer in model.layers] == ["input", "used"]


def test_a_network_deeper_than_pythons_stack() -> None:
    limit = sys.getrecursionlimit()
    model = build(chain((4,), *[Activation(kind="tanh")] * (limit + 100)))
    assert len(model.layers) == limit + 101
    assert sys.getrecursionlimit() == limit


def test_the_process_is_left_as_it_was() -> None:
    random.seed(5)
    state, set_attribute = random.getstate(), keras.layers.Layer.__setattr__
    build(network(), seed=1)
    assert random.getstate() == state
    assert keras.layers.Layer.__setattr__ is set_attribute
    assert gc.isenabled()


def test_an_unexpected_error_of_keras_tells_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(keras.layers.Dense, "build", fail)
    with pytest.raises(ValueError, match="no") as error:
        build(chain((4,), Dense(units=2)))
    assert error.value.__notes__ == ["while building `layer1` of spec.yaml:1:1"]
    monkeypatch.undo()
    assert build(chain((4,), Dense(units=2)), seed=0).count_params() == 10


@pytest.fixture
def plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras without the hooks of the fast way: another backend, or another version."""
    monkeypatch.setattr(build_module, "has_hooks", lambda _keras: False)


@pytest.mark.usefixtures("plainly")
def test_the_plain_way_gives_the_same_model(model: Any) -> None:
    other = build(network(), seed=0)
    assert other.to_json() == model.to_json()
    expected = weights_by_path(model)
    found = weights_by_path(other)
    assert [path for path in found if "seed_generator" not in path] == [
        path for path in expected if "seed_generator" not in path
    ]
    for path, value in found.items():
        if path in expected:
            assert (value == expected[path]).all(), path


def test_global_pooling_takes_a_tensor_of_another_dtype_as_keras_does() -> None:
    with policy("mixed_float16"):
        model = build(chain((4, 4, 2), GlobalAvgPool()))
    assert model.output.dtype == "float16"
