"""Initial weights: the distributions of Keras, repeatable by seed and by path alone."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import pytest

from archc.graph import Graph
from archc.layers import (
    Add,
    Attention,
    BatchNorm,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    LayerScale,
    PositionEmbedding,
    SeparableConv,
)
from archc.layers.names import INITIALIZERS
from archc.targets.keras import build, draws
from archc.targets.keras.distributions import distribution_of
from archc.targets.keras.draws import Distribution, Draws, Request, draw
from tests.keras_graphs import GraphMaker, chain

UNIFORM = Distribution("uniform", 0.0, 0.5)


def network(*, longer: bool = False) -> Graph:
    """A network; the `longer` one has a layer more before the others and one after."""
    maker = GraphMaker()
    image = maker.input(8, 8, 64)
    x = maker.add(Conv(filters=64, kernel=3), image, name="conv1")
    if longer:
        x = maker.add(Conv(filters=64, kernel=3), x, name="between")
    x = maker.add(Conv(filters=64, kernel=3, init="he_normal"), x, name="conv2")
    x = maker.add(Conv(filters=64, kernel=1, init="orthogonal"), x, name="conv3")
    y = maker.add(SeparableConv(filters=64, kernel=3), x, name="separable")
    x = maker.add(Add(), x, y, name="add")
    x = maker.add(BatchNorm(), x, name="norm")
    x = maker.add(Dropout(rate=0.5), x, name="dropout")
    x = maker.add(Flatten(), x, name="flatten")
    x = maker.add(Dense(units=8), x, name="dense")
    if longer:
        maker.add(Dense(units=8), x, name="after")
    return maker.graph()


def values(model: Any) -> dict[str, np.ndarray]:
    """All state by path; the states of random generators by their layer."""
    found = {variable.path: np.asarray(variable) for variable in model.weights}
    for layer in model.layers:
        for generator in layer._seed_generators:
            found[f"{layer.name}/generator"] = np.asarray(generator.state)
    return found


def equal(a: dict[str, np.ndarray], b: dict[str, np.ndarray], paths: Iterable[str]) -> bool:
    return all((a[path] == b[path]).all() for path in paths)


RANDOM = [
    "conv1/kernel",
    "conv2/kernel",
    "conv3/kernel",
    "separable/depthwise_kernel",
    "separable/pointwise_kernel",
    "dense/kernel",
    "dropout/generator",
]


def test_a_seed_gives_the_same_values() -> None:
    first, second = values(build(network(), seed=7)), values(build(network(), seed=7))
    assert first.keys() == second.keys()
    assert equal(first, second, first)


def test_another_seed_gives_others() -> None:
    first, second = values(build(network(), seed=7)), values(build(network(), seed=8))
    for path in RANDOM:
        assert not equal(first, second, [path]), path


def test_a_change_elsewhere_in_the_network_changes_nothing() -> None:
    short, long = values(build(network(), seed=7)), values(build(network(longer=True), seed=7))
    assert equal(short, long, short)


def test_layers_of_one_shape_have_values_of_their_own() -> None:
    found = values(build(network(longer=True), seed=7))
    assert (found["conv1/kernel"] != found["between/kernel"]).mean() > 0.99


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_threads_change_nothing(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = values(build(network(), seed=7))
    monkeypatch.setattr(draws, "_usable_cores", lambda: cores)
    assert equal(expected, values(build(network(), seed=7)), expected)


def test_without_a_seed_the_values_follow_the_seed_that_keras_has() -> None:
    keras.utils.set_random_seed(3)
    first, second = values(build(network())), values(build(network()))
    keras.utils.set_random_seed(3)
    again = values(build(network()))
    assert equal(first, again, first)
    assert not equal(first, second, ["conv1/kernel"])


def test_attention_is_repeatable_too() -> None:
    graph = chain((9, 64), Attention(heads=2), PositionEmbedding())
    first, second = values(build(graph, seed=7)), values(build(graph, seed=7))
    assert equal(first, second, first)
    assert not equal(first, values(build(graph, seed=8)), ["layer1/query/kernel"])


def test_dropout_is_repeatable() -> None:
    ones = np.ones((1, 100), "float32")
    models = [build(chain((100,), Dropout(rate=0.5)), seed=seed) for seed in (1, 1, 2)]
    a, b, c = [np.asarray(model(ones, training=True)) for model in models]
    assert (a == b).all()
    assert (a != c).any()


def test_pythons_own_random_numbers_go_on_as_before() -> None:
    random.seed(1)
    expected = [random.random(), random.random()]
    random.seed(1)
    found = [random.random()]
    build(network(), seed=7)
    assert [*found, random.random()] == expected


def kernel(init: str, layer: type[Conv | Dense | DepthwiseConv]) -> np.ndarray:
    if layer is Dense:
        model = build(chain((500,), Dense(units=400, init=init)), seed=1)
    elif layer is Conv:
        model = build(chain((4, 4, 128), Conv(filters=256, kernel=3, init=init)), seed=1)
    else:
        model = build(chain((4, 4, 4096), DepthwiseConv(kernel=5, init=init)), seed=1)
    return np.asarray(model.weights[0])


@pytest.mark.parametrize("layer", [Conv, Dense, DepthwiseConv])
@pytest.mark.parametrize("init", [name for name in INITIALIZERS if name != "orthogonal"])
def test_values_are_distributed_as_those_of_keras(
    init: str, layer: type[Conv | Dense | DepthwiseConv]
) -> None:
    ours = kernel(init, layer)
    keras.utils.set_random_seed(0)
    theirs = np.asarray(keras.initializers.get(init)(ours.shape, "float32"))
    spread = float(theirs.std())
    levels = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]
    assert ours.dtype == theirs.dtype
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.02 * spread)
    assert ours.var() == pytest.approx(theirs.var(), rel=0.02)
    assert np.quantile(ours, levels) == pytest.approx(
        np.quantile(theirs, levels), rel=0.03, abs=0.02 * spread
    )
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.15)


def test_the_extent_of_known_distributions() -> None:
    """By hand: Glorot's limit is √(6 / (fan in + fan out)); a truncated normal ends at 2 σ."""
    limit = math.sqrt(6 / (9 * 128 + 9 * 256))
    glorot = kernel("glorot_uniform", Conv)
    assert np.abs(glorot).max() <= limit
    assert np.abs(glorot).max() > 0.999 * limit
    deviation = math.sqrt(2 / (9 * 128))
    he = kernel("he_normal", Conv)
    assert he.std() == pytest.approx(deviation, rel=0.01)
    assert np.abs(he).max() <= 2 * deviation / 0.8796


def test_initializers_that_draw_nothing_independent_are_kerass_own() -> None:
    found = kernel("orthogonal", Dense)
    assert found.T @ found == pytest.approx(np.eye(400), abs=1e-4)


def test_other_initial_values() -> None:
    embeddings, scale = build(chain((128, 64), PositionEmbedding(), LayerScale(init=0.25))).weights
    assert np.asarray(embeddings).std() == pytest.approx(0.02, rel=0.05)
    assert (np.asarray(scale) == 0.25).all()


@pytest.mark.parametrize(
    ("initializer", "shape", "expected"),
    [
        (keras.initializers.RandomUniform(-1, 3), (5,), Distribution("uniform", 1.0, 2.0)),
        (keras.initializers.RandomNormal(1, 3), (5,), Distribution("normal", 1, 3)),
        (
            keras.initializers.TruncatedNormal(1, 3),
            (5,),
            Distribution("truncated_normal", 1, 3),
        ),
        (
            keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
            (3, 3, 5, 8),
            Distribution("normal", 0.0, math.sqrt(2 / 72)),
        ),
        (
            keras.initializers.VarianceScaling(
                3.0, "fan_in", "uniform", input_axes=[0, 1], output_axes=[2]
            ),
            (2, 3, 5),
            Distribution("uniform", 0.0, math.sqrt(9 / 6)),
        ),
        (keras.initializers.VarianceScaling(1.0, "fan_in", "uniform"), (12,), (0.5,)),
        (keras.initializers.Zeros(), (5,), None),
        (keras.initializers.Orthogonal(), (5, 5), None),
    ],
)
def test_the_distribution_of_an_initializer(
    initializer: Any, shape: tuple[int, ...], expected: object
) -> None:
    found = distribution_of(keras, initializer, shape)
    if isinstance(expected, tuple):
        assert found is not None
        assert found.spread == pytest.approx(expected[0])
    else:
        assert found == expected


@pytest.mark.parametrize("kind", ["uniform", "normal", "truncated_normal"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_around_another_center(kind: Any, dtype: Any) -> None:
    request = Request("path", (300_001,), Distribution(kind, 2.0, 0.5), dtype)
    array = draw(1, request)
    assert (array.dtype, array.shape) == (dtype, (300_001,))
    assert array.mean() == pytest.approx(2, abs=0.01)
    deviation = {"uniform": 0.5 / math.sqrt(3), "normal": 0.5, "truncated_normal": 0.5 * 0.8796}
    assert array.std() == pytest.approx(deviation[kind], rel=0.01)


def test_neighbouring_values_are_independent() -> None:
    array = draw(1, Request("path", (1 << 20,), UNIFORM, "float32"))
    for distance in (1, 2, 1 << 18):
        correlation = np.corrcoef(array[:-distance], array[distance:])[0, 1]
        assert abs(correlation) < 0.005
    assert len(np.unique(array)) > 900_000


def test_memory_is_aligned_as_tensorflow_asks() -> None:
    for size in (1, 3, 1000):
        array = draw(1, Request("path", (size,), UNIFORM, "float32"))
        assert array.ctypes.data % 64 == 0


def test_an_array_that_is_taken_is_its_takers_own() -> None:
    request = Request("path", (100_000,), UNIFORM, "float32")
    with Draws(1) as drawn:
        drawn.plan([request])
        first = drawn.take(request)
        expected = first.copy()
        first[:] = 0
        assert (drawn.take(request) == expected).all()
