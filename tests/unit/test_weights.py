"""Weights by name: into Keras models and out of them, and what is told where they do not fit."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest

import archc
from archc import weights
from archc.diagnostics import CompileError
from archc.graph import Graph
from archc.layers import (
    LAYERS,
    Add,
    BatchNorm,
    Conv,
    Dense,
    Layer,
    LayerScale,
    Normalize,
    Upsample,
)
from archc.targets.keras import build
from tests.keras_graphs import GraphMaker, chain
from tests.weighted_graphs import LAYERS_OF_RANK, every_layer

RANKS = sorted(LAYERS_OF_RANK)


def images(graph: Graph, seed: int = 0) -> np.ndarray:
    shape = graph.nodes[graph.inputs[0]].shape
    return np.random.default_rng(seed).normal(0, 1, (2, *shape)).astype("float32")


def outputs(model: Any, x: np.ndarray) -> list[np.ndarray]:
    given = model(x)
    return [np.asarray(each) for each in (given if isinstance(given, list) else [given])]


def assert_same(found: weights.Weights, wanted: weights.Weights) -> None:
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_every_layer_with_weights_is_tried() -> None:
    tried = {type(layer) for layers in LAYERS_OF_RANK.values() for layer in layers}
    vocabulary = {verb.layer for verb in LAYERS.values()}
    assert tried == {layer for layer in vocabulary if layer.weights is not Layer.weights}


def test_what_a_graph_expects_is_what_is_published() -> None:
    expected = weights.expected(archc.load("resnet50").graph())
    assert expected["conv1_conv/kernel"] == (7, 7, 3, 64)
    assert expected["conv1_bn/moving_variance"] == (64,)
    # keras.io/api/applications: 25.6 million parameters.
    assert round(sum(map(math.prod, expected.values())) / 1e6, 1) == 25.6


@pytest.mark.parametrize("rank", RANKS)
def test_what_goes_into_a_keras_model_comes_out(rank: int) -> None:
    graph = every_layer(rank)
    values = weights.random(graph)
    model = build(graph, seed=0)
    weights.into_keras(model, graph, values)
    found = weights.from_keras(model, graph)
    assert_same(found, values)
    assert {name: array.shape for name, array in found.items()} == weights.expected(graph)
    assert sum(array.size for array in found.values()) == model.count_params()


@pytest.mark.parametrize("rank", RANKS)
def test_a_second_model_computes_the_same(rank: int) -> None:
    graph = every_layer(rank)
    first, second = build(graph, seed=1), build(graph, seed=2)
    x = images(graph)
    before = outputs(second, x)
    weights.into_keras(first, graph, weights.random(graph, seed=3))
    weights.into_keras(second, graph, weights.from_keras(first, graph))
    for ours, theirs, old in zip(outputs(first, x), outputs(second, x), before, strict=True):
        np.testing.assert_array_equal(theirs, ours)
        assert not np.allclose(theirs, old, rtol=1e-3)


def test_names_are_those_by_which_keras_finds_layers() -> None:
    graph = every_layer(2)
    model = build(graph, seed=0)
    found = weights.from_keras(model, graph)
    plain = [node for node in graph if node.layer.verb in ("conv", "batch_norm", "prelu")]
    assert plain
    for node in plain:
        own = model.get_layer(node.name).get_weights()
        ours = [found[f"{node.name}/{weight.name}"] for weight in graph.weights(node)]
        for mine, theirs in zip(ours, own, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_attention_is_found_part_by_part() -> None:
    graph = every_layer(1)
    node = next(node for node in graph if node.layer.verb == "attention")
    model = build(graph, seed=0)
    found = weights.from_keras(model, graph)
    layer = model.get_layer(node.name)
    for part in ("query", "key", "value"):
        theirs = getattr(layer, f"_{part}_dense").kernel
        np.testing.assert_array_equal(found[f"{node.name}/{part}/kernel"], np.asarray(theirs))


def test_statistics_of_inputs_are_used_at_once() -> None:
    graph = chain((4, 4, 2), Normalize())
    model = build(graph)
    arrays = {"layer1/mean": [1.0, 2.0], "layer1/variance": [4.0, 9.0], "layer1/count": 5}
    weights.into_keras(model, graph, {name: np.array(values) for name, values in arrays.items()})
    x = images(graph)
    expected = (x - [1.0, 2.0]) / [2.0, 3.0]
    assert outputs(model, x)[0] == pytest.approx(expected, abs=1e-6)


def by_hand() -> Any:
    """A network as someone else writes it: another order, layers that archc would not make."""
    with keras.name_scope("theirs"):
        given = keras.Input((6, 6, 3))
        left = keras.layers.Conv2D(4, 1, name="left")(given)
        x = keras.layers.ZeroPadding2D(1, name="right_zeros")(given)
        x = keras.layers.Conv2D(4, 3, name="right")(keras.layers.Dropout(0.5)(x))
        x = keras.layers.BatchNormalization(name="norm")(keras.layers.Add()([x, left]))
        return keras.Model(given, x, name="theirs")


def graph_of_it() -> Graph:
    maker = GraphMaker()
    image = maker.input(6, 6, 3)
    right = maker.add(Conv(filters=4, kernel=3), image, name="right")
    left = maker.add(Conv(filters=4, kernel=1), image, name="left")
    maker.add(BatchNorm(), maker.add(Add(), right, left), name="norm")
    return maker.graph()


def test_a_model_by_other_hands_needs_the_names_alone() -> None:
    graph = graph_of_it()
    own, theirs = build(graph, seed=0), by_hand()
    weights.into_keras(theirs, graph, weights.random(graph))
    weights.into_keras(own, graph, weights.from_keras(theirs, graph))
    (ours,), (expected,) = outputs(own, images(graph)), outputs(theirs, images(graph))
    assert ours == pytest.approx(expected, abs=1e-5)


def test_the_order_of_weights_does_not_count() -> None:
    graph = graph_of_it()
    values = weights.random(graph)
    model = build(graph, seed=0)
    weights.into_keras(model, graph, dict(reversed(values.items())))
    assert_same(weights.from_keras(model, graph), values)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_take_the_type_of_the_model(dtype: str) -> None:
    graph = graph_of_it()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        model = build(graph, seed=0)
    finally:
        keras.config.set_dtype_policy(before)
    for given in ("float32", "float64"):
        values = weights.random(graph, dtype=given)
        weights.into_keras(model, graph, values)
        found = weights.from_keras(model, graph)
        assert {array.dtype.name for array in found.values()} == {dtype}
        assert_same(found, {name: array.astype(dtype) for name, array in values.items()})


def test_what_comes_out_is_a_copy() -> None:
    graph = chain((3,), Dense(units=2))
    model = build(graph, seed=0)
    found = weights.from_keras(model, graph)
    found["layer1/bias"] += 1
    assert (weights.from_keras(model, graph)["layer1/bias"] == 0).all()


def told(model: Any, graph: Graph, values: dict[str, Any]) -> list[str]:
    """What is told of weights that do not fit, after making sure that the model is as it was."""
    before = [np.asarray(variable).copy() for variable in model.weights]
    with pytest.raises(CompileError) as raised:
        weights.into_keras(model, graph, values)
    for variable, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(np.asarray(variable), old)
    found = raised.value.diagnostics
    assert {diagnostic.code for diagnostic in found} == {"weights-mismatch"}
    lines = [[each.message, *each.notes, *each.helps] for each in found]
    return [line for group in lines for line in group]


def test_all_that_does_not_fit_is_told_in_order_and_nothing_is_loaded() -> None:
    graph = graph_of_it()
    values: dict[str, Any] = weights.random(graph)
    values["rihgt/kernel"] = values.pop("right/kernel")
    values["left/kernel"] = values["left/kernel"][..., :3]
    values["other/bias"] = np.zeros(7)
    values["norm/beta"] = np.array(["a"] * 4)
    assert told(build(graph, seed=0), graph, values) == [
        "expected real numbers in `norm/beta`, found <U1",
        "expected `right/kernel` of shape 3×3×3×4 in the weights, found none",
        "did you mean `rihgt/kernel`?",
        "expected `left/kernel` of shape 1×1×3×4 in the weights, found 1×1×3×3",
        "expected no `rihgt/kernel` in the weights, found one of shape 3×3×3×4",
        "did you mean `right/kernel`?",
        "expected no `other/bias` in the weights, found one of shape 7",
    ]


def test_only_what_would_fit_is_proposed() -> None:
    graph = graph_of_it()
    values: dict[str, Any] = weights.random(graph)
    del values["right/bias"]
    values["rihgt/bias"] = np.zeros(5)
    assert told(build(graph, seed=0), graph, values) == [
        "expected `right/bias` of shape 4 in the weights, found none",
        "expected no `rihgt/bias` in the weights, found one of shape 5",
    ]


def test_a_model_that_is_another_is_told_in_its_own_names() -> None:
    maker = GraphMaker()
    scaled = maker.add(LayerScale(), maker.input(6, 6, 3), name="scale")
    maker.add(Conv(filters=4, kernel=1), scaled, name="conv")
    graph = maker.graph()
    given = keras.Input((6, 6, 3))
    x = keras.layers.Conv2D(3, 1, name="scale", use_bias=False)(given)
    model = keras.Model(given, keras.layers.Conv2D(4, 1, name="conv_1")(x), name="theirs")
    assert told(model, graph, weights.random(graph)) == [
        "expected `scale/kernel` of shape 1×1×3×1 in the Keras model `theirs`, found 1×1×3×3",
        "it holds `scale/gamma` of the graph",
        "expected `conv/kernel` of shape 1×1×3×4 in the Keras model `theirs`, found none",
        "did you mean `conv_1/kernel`?",
        "expected `conv/bias` of shape 4 in the Keras model `theirs`, found none",
        "did you mean `conv_1/bias`?",
        "expected no `conv_1/kernel` in the Keras model `theirs`, found one of shape 1×1×3×4",
        "did you mean `conv/kernel`?",
        "expected no `conv_1/bias` in the Keras model `theirs`, found one of shape 4",
        "did you mean `conv/bias`?",
    ]
    with pytest.raises(CompileError, match="expected `conv/kernel` of shape"):
        weights.from_keras(model, graph)


def test_kernels_of_as_many_numbers_are_not_taken_for_one_another() -> None:
    graph = chain((6, 6, 3), Conv(filters=5, kernel=1, bias=False))
    given = keras.Input((6, 6, 5))
    layer = keras.layers.Conv2D(3, 1, name="layer1", use_bias=False)
    model = keras.Model(given, layer(given))
    with pytest.raises(CompileError, match=r"of shape 1×1×3×5 in .*, found 1×1×5×3"):
        weights.from_keras(model, graph)


def test_of_very_many_mismatches_the_first_are_told() -> None:
    graph = archc.load("resnet50").graph()
    model = build(chain((6,), Dense(units=2)), seed=0)
    with pytest.raises(CompileError) as raised:
        weights.from_keras(model, graph)
    found = raised.value.diagnostics
    assert len(found) == 20
    assert found[0].message.startswith("expected `conv1_conv/kernel` of shape 7×7×3×64 in")
    # 320 arrays are missing and two are strangers.
    assert found[-1].notes == ("302 more arrays do not fit",)
    assert not any(diagnostic.notes for diagnostic in found[:-1])


def test_a_graph_that_keras_cannot_build_has_no_keras_weights() -> None:
    layers = [Dense(units=2), Upsample(interpolation="bilinear")]
    graph = chain((4, 4, 4, 2), *layers)
    with pytest.raises(CompileError, match="no bilinear `upsample` of volumes"):
        weights.from_keras(build(chain((4, 4, 4, 2), layers[0])), graph)
