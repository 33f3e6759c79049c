"""Random weights: repeatable, and such that a signal lives through a deep network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from archc import weights
from archc.graph import Graph
from archc.layers import (
    Activation,
    Add,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    Flatten,
    Layer,
    Normalize,
    Rescale,
    SeparableConv,
)
from archc.layers.names import PARAMETERLESS
from archc.targets.keras import build
from archc.weights.activations import Moments, activated, softmaxed
from archc.weights.moments import moments
from tests.keras_graphs import GraphMaker, chain
from tests.weighted_graphs import every_layer

EACH_VALUE = [kind for kind in PARAMETERLESS if kind != "softmax"]
GROWING = {"gelu", "silu", "hard_silu", "mish"}
SAMPLES = np.random.default_rng(0).normal(0, 1, 400_000).astype("float32")


def measured(kind: str, given: Moments) -> Moments:
    """What Keras's own activation gives for many samples."""
    x = given.mean + np.sqrt(given.variance).astype("float32") * SAMPLES
    y = np.asarray(keras.activations.get(kind)(x))
    return Moments(float(y.mean()), float(y.var()))


@pytest.mark.parametrize("given", [Moments(0, 1), Moments(1, 4), Moments(-0.5, 0.25)], ids=str)
@pytest.mark.parametrize("kind", [*EACH_VALUE, "linear", "elu"])
def test_activations_are_known_by_their_moments(kind: str, given: Moments) -> None:
    found = activated(kind, given, 1.0)
    expected = measured(kind, given)
    if kind in GROWING:
        # As much as an estimate may err, for values around 0; never less than is given.
        larger = measured(kind, Moments(2**0.5 * given.mean, 2 * given.variance))
        in_proportion = Moments(larger.mean / 2**0.5, larger.variance / 2)
        expected = max(expected, in_proportion, key=lambda each: each.square)
    assert found.mean == pytest.approx(expected.mean, rel=0.03, abs=0.01)
    assert found.variance == pytest.approx(expected.variance, rel=0.03, abs=0.003)


def test_slopes_count() -> None:
    x = SAMPLES
    found = activated("leaky_relu", Moments(0, 1), 0.25)
    y = np.where(x > 0, x, 0.25 * x)
    assert found.square == pytest.approx(float((y**2).mean()), rel=0.03)


def test_a_softmax_is_known_by_its_moments() -> None:
    given = SAMPLES[: 400 * 1000].reshape(400, 1000)
    y = np.asarray(keras.activations.softmax(given))
    found = softmaxed(Moments(0, 1), 1000)
    assert found.mean == pytest.approx(float(y.mean()), rel=1e-5)
    assert found.square == pytest.approx(float((y**2).mean()), rel=0.05)
    assert softmaxed(Moments(0, 1e6), 10).square <= 0.1


def test_the_same_seed_gives_the_same_weights() -> None:
    graph = every_layer(2)
    first, again, other = (weights.random(graph, seed=seed) for seed in (1, 1, 2))
    assert list(first) == list(weights.expected(graph))
    for name, values in first.items():
        assert values.shape == weights.expected(graph)[name]
        assert (values == again[name]).all()
        assert (values != other[name]).any(), name
    kernels = [values.ravel()[:4].tolist() for name, values in first.items() if "kernel" in name]
    assert len({tuple(kernel) for kernel in kernels}) == len(kernels)


def test_single_precision_is_double_precision_rounded() -> None:
    graph = every_layer(1)
    single, double = weights.random(graph), weights.random(graph, dtype="float64")
    for name, values in double.items():
        kind = "int64" if name.endswith("/count") else "float64"
        assert values.dtype == kind
        assert single[name].dtype == (kind if kind == "int64" else "float32")
        assert (single[name] == values.astype(single[name].dtype)).all()


def test_scales_are_around_1_and_offsets_around_0() -> None:
    graph = chain((2000,), BatchNorm())
    values = weights.random(graph)
    assert values["layer1/gamma"].mean() == pytest.approx(1, abs=0.05)
    assert values["layer1/moving_variance"].mean() == pytest.approx(1, abs=0.05)
    assert values["layer1/moving_variance"].min() > 0.5
    for name in ("beta", "moving_mean"):
        assert values[f"layer1/{name}"].mean() == pytest.approx(0, abs=0.05)
        assert values[f"layer1/{name}"].std() > 0.05


def run(graph: Graph, *, seed: int = 0, count: int = 4) -> np.ndarray:
    """What the graph gives for random inputs of mean 0 and variance 1."""
    model: Any = build(graph, seed=0)
    weights.into_keras(model, graph, weights.random(graph, seed=seed))
    shape = graph.nodes[0].shape
    x = np.random.default_rng(1).normal(0, 1, (count, *shape)).astype("float32")
    return np.asarray(model(x))


def plain(kind: str) -> Graph:
    """40 convolutions, one after the other."""
    layers = [Conv(filters=24, kernel=3, activation=kind) for _ in range(39)]
    return chain((8, 8, 3), *layers, Conv(filters=24, kernel=3))


def residual(kind: str) -> Graph:
    """24 residual blocks, activated after each sum, as in the first residual networks."""
    maker = GraphMaker()
    x = maker.add(Conv(filters=24, kernel=3), maker.input(8, 8, 3))
    for _ in range(24):
        y = maker.add(Conv(filters=12, kernel=1), x)
        y = maker.add(Activation(kind=kind), maker.add(BatchNorm(), y))
        y = maker.add(BatchNorm(), maker.add(Conv(filters=24, kernel=3), y))
        x = maker.add(Activation(kind=kind), maker.add(Add(), x, y))
    maker.add(Conv(filters=24, kernel=1), x)
    return maker.graph()


def dense_connections(kind: str) -> Graph:
    """20 blocks whose output is joined to their input, as in densely connected networks."""
    maker = GraphMaker()
    x = maker.add(Conv(filters=16, kernel=3), maker.input(8, 8, 3))
    for _ in range(20):
        y = maker.add(Activation(kind=kind), maker.add(BatchNorm(), x))
        x = maker.add(Concat(), x, maker.add(Conv(filters=8, kernel=3), y))
    maker.add(Conv(filters=24, kernel=1), x)
    return maker.graph()


@pytest.mark.parametrize("kind", ["relu", "relu6", "silu", "tanh"])
@pytest.mark.parametrize("network", [plain, residual, dense_connections])
def test_a_signal_lives_through_a_deep_network(network: Callable[[str], Graph], kind: str) -> None:
    found = run(network(kind))
    deviation = found.std()
    assert 0.02 < deviation < 20
    # The output depends on the input, a hundred times as much as on the rounding of float32.
    assert (np.abs(found[0] - found[1]).mean() / deviation) > 1e-4


@pytest.mark.parametrize(
    "layers",
    [
        [Rescale(scale=1 / 255), Conv(filters=400, kernel=3, padding="valid")],
        [Rescale(scale=3.0, offset=10.0), Dense(units=400)],
        [Rescale(scale=1 / 255), Normalize(), Conv(filters=400, kernel=3, padding="valid")],
        [
            Normalize(mean=(0.5, 0.4, 0.3, 0.0), variance=(4.0, 2.0, 1.0, 1.0)),
            Dense(units=400),
        ],
        [DepthwiseConv(kernel=3, multiplier=100, padding="valid")],
        [SeparableConv(filters=400, kernel=3, multiplier=4, padding="valid")],
        [ConvTranspose(filters=200, kernel=4, stride=2, padding=3)],
        [ConvTranspose(filters=400, kernel=3, stride=1, padding=2)],
        [Activation(kind="sigmoid"), Conv(filters=400, kernel=3, padding="valid")],
        [Flatten(), Dense(units=800, bias=False)],
    ],
    ids=lambda layers: ", ".join(layer.verb for layer in layers),
)
def test_kernels_bring_what_enters_to_variance_1(layers: list[Layer]) -> None:
    found = run(chain((8, 8, 4), *layers), count=8)
    assert np.square(found).mean() == pytest.approx(1, rel=0.35)


def test_a_layer_that_is_not_named_keeps_the_moments() -> None:
    graph = chain((8, 8, 4), Rescale(scale=2.0, offset=1.0), AvgPool())
    assert moments(graph)[1:] == (Moments(1.0, 4.0), Moments(1.0, 4.0))
