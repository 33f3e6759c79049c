"""What built layers compute, against plain numpy."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest

from archc.layers import (
    Activation,
    AvgPool,
    ChannelShuffle,
    ClassToken,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    Dropout,
    DropPath,
    GroupNorm,
    Layer,
    LayerNorm,
    LayerScale,
    LeakyRelu,
    MaxPool,
    Normalize,
    PositionEmbedding,
    Prelu,
    SeparableConv,
    Slice,
    Upsample,
    ZeroPad,
)
from archc.targets.keras import build
from tests.keras_graphs import chain

CLOSE = {"rel": 1e-4, "abs": 1e-5}


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape).astype("float32")


def run(x: np.ndarray, *layers: Layer, weights: list[np.ndarray] | None = None) -> np.ndarray:
    model = build(chain(x.shape[1:], *layers), seed=0)
    if weights is not None:
        model.set_weights(weights)
    return np.asarray(model(x))


def windows(
    x: np.ndarray, size: int, stride: int, before: int, after: int, fill: float, dilation: int = 1
) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Every window over all spatial axes of x: its place in the output, and (N, window…, C)."""
    rank = x.ndim - 2
    pads = [(0, 0), *[(before, after)] * rank, (0, 0)]
    padded = np.pad(x, pads, constant_values=fill)
    extent = (size - 1) * dilation + 1
    counts = [(side - extent) // stride + 1 for side in padded.shape[1:-1]]
    for place in itertools.product(*map(range, counts)):
        at = [slice(i * stride, i * stride + extent, dilation) for i in place]
        yield place, padded[(slice(None), *at)]


def pooled(
    x: np.ndarray, reduce: Callable[..., Any], size: int, stride: int, before: int, after: int
) -> np.ndarray:
    """Pooling in which padding is missing: NaN, which the reduction passes over."""
    spatial = tuple(range(1, x.ndim - 1))
    found = {
        place: reduce(window, axis=spatial)
        for place, window in windows(x, size, stride, before, after, np.nan)
    }
    sides = [last + 1 for last in max(found)]
    out = np.empty((x.shape[0], *sides, x.shape[-1]))
    for place, value in found.items():
        out[(slice(None), *place)] = value
    return out


def convolved(
    x: np.ndarray, kernel: np.ndarray, stride: int, before: int, after: int, dilation: int = 1
) -> np.ndarray:
    found = {
        place: np.tensordot(window, kernel, axes=(range(1, x.ndim), range(x.ndim - 1)))
        for place, window in windows(x, kernel.shape[0], stride, before, after, 0.0, dilation)
    }
    sides = [last + 1 for last in max(found)]
    out = np.empty((x.shape[0], *sides, kernel.shape[-1]))
    for place, value in found.items():
        out[(slice(None), *place)] = value
    return out


SHAPES = {1: (2, 11, 3), 2: (2, 9, 8, 3), 3: (2, 6, 5, 7, 2)}


@pytest.mark.parametrize("rank", SHAPES)
@pytest.mark.parametrize(("size", "stride", "pad"), [(3, 2, 1), (2, 2, 1), (3, 1, 1), (5, 3, 2)])
@pytest.mark.parametrize(
    ("kind", "reduce"), [(MaxPool, np.nanmax), (AvgPool, np.nanmean)], ids=["max", "avg"]
)
def test_padding_of_a_pool_never_counts(
    kind: type[MaxPool | AvgPool],
    reduce: Callable[..., Any],
    rank: int,
    size: int,
    stride: int,
    pad: int,
) -> None:
    x = values(*SHAPES[rank]) - 5  # all values are negative: zeros would win every maximum
    out = run(x, kind(size=size, stride=stride, padding=pad))
    assert out == pytest.approx(pooled(x, reduce, size, stride, pad, pad), **CLOSE)


def test_padding_of_a_pool_after_a_relu_is_plain_keras() -> None:
    x = values(2, 9, 8, 3)
    graph = chain(x.shape[1:], Activation(kind="relu"), MaxPool(size=3, stride=2, padding=1))
    model = build(graph)
    assert [type(layer).__module__.split(".")[0] for layer in model.layers] == ["keras"] * 4
    expected = pooled(np.maximum(x, 0), np.nanmax, 3, 2, 1, 1)
    assert np.asarray(model(x)) == pytest.approx(expected, **CLOSE)


def test_an_uneven_padding_of_a_pool() -> None:
    x = values(2, 8, 8, 3) - 5
    layer = MaxPool(size=3, stride=2, padding=((0, 1), (0, 1)))
    assert run(x, layer) == pytest.approx(pooled(x, np.nanmax, 3, 2, 0, 1), **CLOSE)


@pytest.mark.parametrize("kind", [MaxPool, AvgPool])
def test_padded_pools_train(kind: type[MaxPool | AvgPool]) -> None:
    graph = chain((9, 8, 3), Conv(filters=4, kernel=3), kind(size=3, stride=2, padding=1))
    model = build(graph, seed=0)
    model.compile("sgd", "mse")
    model.fit(values(4, 9, 8, 3), np.ones((4, 5, 4, 4)), verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.parametrize("rank", SHAPES)
@pytest.mark.parametrize(
    ("stride", "padding", "before", "after", "dilation"),
    [(1, "symmetric", 1, 1, 1), (2, "symmetric", 1, 1, 1), (2, 2, 2, 2, 1), (1, 2, 2, 2, 2)],
)
def test_padding_of_a_convolution(
    rank: int, stride: int, padding: str | int, before: int, after: int, dilation: int
) -> None:
    x = values(*SHAPES[rank])
    layer = Conv(filters=4, kernel=3, stride=stride, padding=padding, dilation=dilation, bias=False)
    kernel = values(*(3,) * rank, x.shape[-1], 4, seed=1)
    expected = convolved(x, kernel, stride, before, after, dilation)
    assert run(x, layer, weights=[kernel]) == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize("rank", SHAPES)
def test_a_standardized_convolution(rank: int) -> None:
    x = values(*SHAPES[rank])
    kernel = 3 * values(*(3,) * rank, x.shape[-1], 4, seed=1) + 1
    bias = values(4, seed=2)
    axes = tuple(range(rank + 1))
    standard = (kernel - kernel.mean(axes)) / np.sqrt(kernel.var(axes) + 1e-6)
    layer = Conv(filters=4, kernel=3, stride=2, padding=1, standardize=True, activation="relu")
    expected = np.maximum(convolved(x, standard, 2, 1, 1) + bias, 0)
    assert run(x, layer, weights=[kernel, bias]) == pytest.approx(expected, **CLOSE)


def test_a_depthwise_convolution_of_volumes() -> None:
    x = values(2, 5, 6, 4, 3)
    kernel = values(3, 3, 3, 3, 2, seed=1)
    channels = [convolved(x[..., c : c + 1], kernel[..., c : c + 1, :], 1, 1, 1) for c in range(3)]
    layer = DepthwiseConv(kernel=3, multiplier=2, bias=False)
    out = run(x, layer, weights=[kernel.reshape(3, 3, 3, 1, 6)])
    assert out == pytest.approx(np.concatenate(channels, axis=-1), **CLOSE)


def test_a_separable_convolution_of_volumes() -> None:
    x = values(2, 5, 6, 4, 3)
    depthwise, pointwise = values(3, 3, 3, 3, 1, seed=1), values(1, 1, 1, 3, 5, seed=2)
    channels = [
        convolved(x[..., c : c + 1], depthwise[..., c : c + 1, :], 1, 1, 1) for c in range(3)
    ]
    expected = np.concatenate(channels, axis=-1) @ pointwise[0, 0, 0] + 1
    layer = SeparableConv(filters=5, kernel=3)
    weights = [depthwise.reshape(3, 3, 3, 1, 3), pointwise, np.ones(5)]
    assert run(x, layer, weights=weights) == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize(("size", "stride", "cut"), [(3, 2, 1), (4, 2, 1), (3, 1, 1), (5, 3, 2)])
def test_a_transposed_convolution_cuts_its_padding_off(size: int, stride: int, cut: int) -> None:
    x = values(2, 5, 4, 3)
    kernel = values(size, size, 6, 3, seed=1)
    full = np.zeros((2, 4 * stride + size, 3 * stride + size, 6))
    for i, j in itertools.product(range(5), range(4)):
        spread = np.einsum("nc,hwfc->nhwf", x[:, i, j], kernel)
        full[:, i * stride : i * stride + size, j * stride : j * stride + size] += spread
    expected = full[:, cut:-cut, cut:-cut]
    layer = ConvTranspose(filters=6, kernel=size, stride=stride, padding=cut, bias=False)
    assert run(x, layer, weights=[kernel]) == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize("shape", [(2, 6), (2, 5, 6), (2, 5, 4, 6), (2, 3, 4, 5, 6)])
def test_layers_on_channels_at_every_rank(shape: tuple[int, ...]) -> None:
    x = values(*shape)
    sides = [(0, 0)] * (len(shape) - 1)
    assert (run(x, ZeroPad(channels=(1, 2))) == np.pad(x, [*sides, (1, 2)])).all()
    assert (run(x, Slice(part=1, of=3)) == x[..., 2:4]).all()
    assert (run(x, Slice(start=1, stop=-2)) == x[..., 1:-2]).all()
    shuffled = x[..., [0, 3, 1, 4, 2, 5]]
    assert (run(x, ChannelShuffle(groups=2)) == shuffled).all()
    assert run(x, LayerScale(init=0.5)) == pytest.approx(0.5 * x, **CLOSE)
    scales = [values(6, seed=1)]
    assert run(x, Prelu(), weights=[scales[0].reshape((1,) * (len(shape) - 2) + (6,))]) == (
        pytest.approx(np.where(x > 0, x, scales[0] * x), **CLOSE)
    )


def test_zeros_around_sides_and_channels() -> None:
    x = values(2, 5, 4, 3)
    out = run(x, ZeroPad(padding=((1, 0), (2, 3)), channels=(1, 2)))
    assert (out == np.pad(x, [(0, 0), (1, 0), (2, 3), (1, 2)])).all()


def test_slices_of_sides() -> None:
    x = values(2, 6, 5, 3)
    assert (run(x, Slice(axis="height", part=1, of=3)) == x[:, 2:4]).all()
    assert (run(x, Slice(axis="width", start=1, stop=-1)) == x[:, :, 1:-1]).all()
    assert (run(x[:, :, 0], Slice(axis="tokens", stop=1)) == x[:, :1, 0]).all()


@pytest.mark.parametrize(("fused", "slope"), [("leaky_relu", 0.01), ("relu", 0.0), ("elu", None)])
def test_fused_activations(fused: str, slope: float | None) -> None:
    x = values(4, 3)
    below = np.expm1(x) if slope is None else slope * x
    out = run(x, Dense(units=3, activation=fused), weights=[np.eye(3), np.zeros(3)])
    assert out == pytest.approx(np.where(x > 0, x, below), **CLOSE)


def test_activations_with_values_of_their_own() -> None:
    x = 10 * values(4, 3)
    assert run(x, LeakyRelu(slope=0.3)) == pytest.approx(np.where(x > 0, x, 0.3 * x), **CLOSE)
    assert run(x, Activation(kind="relu6")) == pytest.approx(np.clip(x, 0, 6), **CLOSE)
    gates = np.clip(x / 6 + 0.5, 0, 1)
    assert run(x, Activation(kind="hard_sigmoid")) == pytest.approx(gates, **CLOSE)
    assert run(x, Activation(kind="hard_silu")) == pytest.approx(x * gates, **CLOSE)


def test_normalisation_is_over_the_channels_of_a_position_or_a_group() -> None:
    x = values(2, 5, 4, 6)
    by_position = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    assert run(x, LayerNorm()) == pytest.approx(by_position, rel=1e-3, abs=1e-4)
    grouped = x.reshape(2, 20, 3, 2)
    mean, variance = grouped.mean((1, 3), keepdims=True), grouped.var((1, 3), keepdims=True)
    by_group = ((grouped - mean) / np.sqrt(variance + 1e-5)).reshape(x.shape)
    assert run(x, GroupNorm(groups=3)) == pytest.approx(by_group, rel=1e-3, abs=1e-4)


def test_normalisation_by_known_statistics() -> None:
    x = values(2, 5, 3)
    out = run(x, Normalize(mean=(1.0, 2.0, 3.0), variance=(4.0, 9.0, 16.0)))
    assert out == pytest.approx((x - [1, 2, 3]) / [2, 3, 4], **CLOSE)


def test_bilinear_upsampling_of_sequences_is_that_of_flat_images() -> None:
    x = values(2, 5, 3)
    layer = Upsample(size=2, interpolation="bilinear")
    # Centres of samples: a quarter and three quarters between neighbours, the ends repeated.
    padded = np.concatenate([x[:, :1], x, x[:, -1:]], axis=1)
    before = 0.25 * padded[:, :-2] + 0.75 * padded[:, 1:-1]
    after = 0.75 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    expected = np.stack([before, after], axis=2).reshape(2, 10, 3)
    assert run(x, layer) == pytest.approx(expected, **CLOSE)


def test_tokens() -> None:
    x = values(2, 5, 3)
    token, embeddings = values(1, 3, seed=1), values(6, 3, seed=2)
    out = run(x, ClassToken(), PositionEmbedding(), weights=[token, embeddings])
    expected = np.concatenate([np.broadcast_to(token, (2, 1, 3)), x], axis=1) + embeddings
    assert out == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize("shape", [(6,), (5, 6), (5, 4, 6), (3, 4, 5, 6)])
def test_drop_path_leaves_whole_samples_out_while_training(shape: tuple[int, ...]) -> None:
    model = build(chain(shape, DropPath(rate=0.25)), seed=3)
    ones = np.ones((400, *shape), "float32")
    assert (np.asarray(model(ones)) == 1).all()
    trained = np.asarray(model(ones, training=True)).reshape(400, -1)
    assert (trained == trained[:, :1]).all()
    assert set(np.unique(trained.round(5))) == {np.float32(0), np.float32(1.33333)}
    assert 60 <= (trained[:, 0] == 0).sum() <= 140


def test_dropout_leaves_single_values_out() -> None:
    model = build(chain((1000,), Dropout(rate=0.25)), seed=3)
    trained = np.asarray(model(np.ones((1, 1000), "float32"), training=True))
    assert 180 <= (trained == 0).sum() <= 320


# Keras copies its variables in a way that numpy 2 advises against.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_layers_that_keras_lacks_are_saved_and_cloned(tmp_path: Any) -> None:
    graph = chain(
        (9, 8, 4),
        Conv(filters=4, kernel=3, standardize=True, stride=2, padding=1, activation="silu"),
        MaxPool(size=3, stride=2, padding=((1, 0), (1, 1))),
        AvgPool(size=3, stride=2, padding=1),
    )
    model = build(graph, seed=0)
    x = values(2, 9, 8, 4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (np.asarray(loaded(x)) == np.asarray(model(x))).all()
    clone = keras.models.clone_model(model)
    assert clone.to_json() == model.to_json()
