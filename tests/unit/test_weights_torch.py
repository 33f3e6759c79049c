"""Weights in PyTorch's layouts: against PyTorch's own layers, and by the paths of modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc import weights
from archc.diagnostics import CompileError
from archc.graph import Graph
from archc.layers import Activation, BatchNorm, Conv, Dense, Flatten, SeparableConv
from archc.targets.keras import build
from archc.targets.torch.arrays import fits, from_parameter, parameter_shape, to_parameter
from archc.targets.torch.lowered import lower_graph
from archc.targets.torch.lowering import Layout
from tests.keras_graphs import GraphMaker
from tests.torch_graphs import made
from tests.weighted_graphs import LAYERS_OF_RANK, every_layer

torch = pytest.importorskip("torch")
nn = torch.nn

SIDE = st.integers(1, 4)
MANY = st.lists(SIDE, max_size=3).map(tuple)
SHAPES: dict[Layout, Any] = {
    "same": MANY,
    "conv": st.tuples(MANY, SIDE, SIDE).map(lambda s: (*s[0], *s[1:])),
    "depthwise": st.tuples(MANY, SIDE, SIDE).map(lambda s: (*s[0], *s[1:])),
    "conv_transpose": st.tuples(MANY, SIDE, SIDE).map(lambda s: (*s[0], *s[1:])),
    "dense": st.tuples(SIDE, SIDE),
    "query": st.one_of(st.tuples(SIDE, SIDE, SIDE), st.tuples(SIDE, SIDE)),
    "attention_output": st.tuples(SIDE, SIDE, SIDE),
}
LAYOUT_AND_SHAPE = st.sampled_from(sorted(SHAPES)).flatmap(
    lambda layout: st.tuples(st.just(layout), SHAPES[layout])
)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape).astype("float32")


@given(case=LAYOUT_AND_SHAPE)
def test_there_and_back_is_the_same(case: tuple[Layout, tuple[int, ...]]) -> None:
    layout, shape = case
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    values = to_parameter(layout, array)
    assert values.shape == parameter_shape(layout, shape)
    assert fits(layout, shape, values.shape)
    assert sorted(values.ravel()) == sorted(array.ravel())
    np.testing.assert_array_equal(from_parameter(layout, values, shape), array)


def set_parameters(module: Any, *values: np.ndarray) -> Any:
    with torch.no_grad():
        for parameter, array in zip(module.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(array.copy()))
    return module.eval()


def applied(module: Any, x: np.ndarray) -> np.ndarray:
    """What a module gives; channels last on both sides."""
    with torch.no_grad():
        tensor = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))
        return np.moveaxis(module(tensor).numpy(), 1, -1)


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolutions_are_those_of_torch(rank: int) -> None:
    x = numbers(2, *(7, 6, 5)[:rank], 4)
    sizes = (3, 2, 1)[:rank]
    layer = getattr(keras.layers, f"Conv{rank}D")(6, sizes, groups=2)
    expected = np.asarray(layer(x))
    kernel, bias = layer.get_weights()
    module = getattr(nn, f"Conv{rank}d")(4, 6, sizes, groups=2)
    set_parameters(module, to_parameter("conv", kernel), bias)
    assert_close(applied(module, x), expected)


@pytest.mark.parametrize("rank", [1, 2])
def test_depthwise_convolutions_are_those_of_torch(rank: int) -> None:
    x = numbers(2, *(7, 6)[:rank], 4)
    layer = getattr(keras.layers, f"DepthwiseConv{rank}D")(3, depth_multiplier=2)
    expected = np.asarray(layer(x))
    kernel, bias = layer.get_weights()
    module = getattr(nn, f"Conv{rank}d")(4, 8, 3, groups=4)
    set_parameters(module, to_parameter("depthwise", kernel), bias)
    assert_close(applied(module, x), expected)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transposed_convolutions_are_those_of_torch(rank: int) -> None:
    x = numbers(2, *(5, 4, 3)[:rank], 4)
    layer = getattr(keras.layers, f"Conv{rank}DTranspose")(6, (3, 2, 4)[:rank], strides=2)
    expected = np.asarray(layer(x))
    kernel, bias = layer.get_weights()
    module = getattr(nn, f"ConvTranspose{rank}d")(4, 6, (3, 2, 4)[:rank], stride=2)
    set_parameters(module, to_parameter("conv_transpose", kernel), bias)
    assert_close(applied(module, x), expected)


def test_dense_layers_are_those_of_torch() -> None:
    x = numbers(2, 4)
    layer = keras.layers.Dense(6)
    expected = np.asarray(layer(x))
    kernel, bias = layer.get_weights()
    module = set_parameters(nn.Linear(4, 6), to_parameter("dense", kernel), bias)
    assert_close(applied(module, x), expected)


def test_attention_is_that_of_torch() -> None:
    """PyTorch's own module has query, key and value as one matrix, one after the other."""
    x = numbers(2, 5, 6)
    layer = keras.layers.MultiHeadAttention(2, 3)
    layer(x, x)
    layer.set_weights(
        [numbers(*array.shape, seed=i) for i, array in enumerate(layer.get_weights())]
    )
    q, q_bias, k, k_bias, v, v_bias, out, out_bias = layer.get_weights()
    inner = np.concatenate([to_parameter("query", kernel) for kernel in (q, k, v)])
    inner_bias = np.concatenate([to_parameter("query", bias) for bias in (q_bias, k_bias, v_bias)])
    module = nn.MultiheadAttention(6, 2, batch_first=True)
    arrays = (inner, inner_bias, to_parameter("attention_output", out), out_bias)
    set_parameters(module, *arrays)
    with torch.no_grad():
        found, _ = module(*[torch.from_numpy(x)] * 3)
    assert_close(found.numpy(), np.asarray(layer(x, x)))


Paths = dict[str, tuple[str, ...]]


def modules_of(graph: Graph) -> tuple[Any, Paths]:
    """The modules with weights of a graph, not connected, and the paths of each node's."""
    model = nn.Module()
    paths: Paths = {}
    for node, calls in zip(graph, lower_graph(graph), strict=True):
        holders = [call for call in calls if call.weights]
        inner = nn.ModuleList([made(call) for call in holders])
        if holders:
            model.add_module(f"the_{node.name}", inner)
            paths[node.name] = tuple([f"the_{node.name}.{i}" for i in range(len(holders))])
    return model, paths


@pytest.mark.parametrize("rank", sorted(LAYERS_OF_RANK))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_goes_into_modules_comes_out(rank: int, dtype: str) -> None:
    graph = every_layer(rank)
    model, paths = modules_of(graph)
    model.to(getattr(torch, dtype))
    values = weights.random(graph, dtype=dtype)
    weights.into_torch(model, graph, values, paths)
    found = weights.from_torch(model, graph, paths)
    assert list(found) == list(values)
    for name, array in values.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array, err_msg=name)


class Network(nn.Module):
    """A network as someone else writes it, in an order of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8 * 4 * 5, 3)
        norm = nn.BatchNorm2d(8, eps=1e-3)
        self.stem = nn.Sequential(nn.Conv2d(3, 6, (3, 2)), nn.ReLU(), nn.Identity(), norm)
        self.stem[2] = nn.Sequential(nn.Conv2d(6, 12, 1, groups=6, bias=False), nn.Conv2d(12, 8, 1))

    def forward(self, x: Any) -> Any:
        return self.head(self.stem(x).permute(0, 2, 3, 1).flatten(1))


PATHS = {
    "conv": ("stem.0",),
    "separable": ("stem.2.0", "stem.2.1"),
    "norm": ("stem.3",),
    "head": ("head",),
}


def graph_of_it() -> Graph:
    maker = GraphMaker()
    x = maker.add(
        Conv(filters=6, kernel=(3, 2), padding="valid"), maker.input(6, 6, 3), name="conv"
    )
    x = maker.add(Activation(kind="relu"), x)
    x = maker.add(SeparableConv(filters=8, kernel=1, multiplier=2), x, name="separable")
    x = maker.add(BatchNorm(), x, name="norm")
    maker.add(Dense(units=3), maker.add(Flatten(), x), name="head")
    return maker.graph()


def test_a_model_of_keras_and_a_module_by_other_hands_compute_the_same() -> None:
    graph, module = graph_of_it(), Network().eval()
    model: Any = build(graph, seed=0)
    x = numbers(2, 6, 6, 3)
    weights.into_torch(module, graph, weights.random(graph, seed=1), PATHS)
    first = applied(module, x)
    weights.into_keras(model, graph, weights.from_torch(module, graph, PATHS))
    assert_close(np.asarray(model(x)), first)
    weights.into_keras(model, graph, weights.random(graph, seed=2))
    weights.into_torch(module, graph, weights.from_keras(model, graph), PATHS)
    assert_close(applied(module, x), np.asarray(model(x)))
    assert np.abs(applied(module, x) - first).max() > 0.1


def test_arrays_of_any_memory_go_in_and_copies_come_out() -> None:
    graph, module = graph_of_it(), Network()
    values = weights.random(graph)
    for name, array in values.items():
        values[name] = array[::-1]
        values[name].flags.writeable = False
    weights.into_torch(module, graph, dict(reversed(values.items())), PATHS)
    found = weights.from_torch(module, graph, PATHS)
    np.testing.assert_array_equal(found["head/bias"], values["head/bias"])
    found["head/bias"] += 1
    again = weights.from_torch(module, graph, PATHS)
    np.testing.assert_array_equal(again["head/bias"], values["head/bias"])
    assert all(parameter.requires_grad for parameter in module.parameters())


def told(module: Any, values: weights.Weights, paths: Mapping[str, Any]) -> list[str]:
    """What is told of weights that do not fit, after making sure that nothing was loaded."""
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with pytest.raises(CompileError) as raised:
        weights.into_torch(module, graph_of_it(), values, paths)
    assert all((tensor == before[name]).all() for name, tensor in module.state_dict().items())
    found = raised.value.diagnostics
    assert {diagnostic.code for diagnostic in found} == {"weights-mismatch"}
    return [line for each in found for line in (each.message, *each.notes, *each.helps)]


def test_what_does_not_fit_is_told_in_the_names_of_the_module() -> None:
    module = Network()
    module.stem[0] = nn.Conv2d(6, 3, (3, 2))
    module.heads = module.head
    del module.head
    values = weights.random(graph_of_it())
    del values["norm/gamma"]
    assert told(module, values, PATHS) == [
        "expected `norm/gamma` of shape 8 in the weights, found none",
        "expected `stem.0.weight` of shape 6×3×3×2 in the PyTorch module, found 3×6×3×2",
        "it holds `conv/kernel` of the graph",
        "expected `stem.0.bias` of shape 6 in the PyTorch module, found 3",
        "it holds `conv/bias` of the graph",
        "expected `head.weight` of shape 3×160 in the PyTorch module, found none",
        "it holds `head/kernel` of the graph",
        "did you mean `heads.weight`?",
        "expected `head.bias` of shape 3 in the PyTorch module, found none",
        "it holds `head/bias` of the graph",
        "did you mean `heads.bias`?",
        "expected no `heads.weight` in the PyTorch module, found one of shape 3×160",
        "did you mean `head.weight`?",
        "expected no `heads.bias` in the PyTorch module, found one of shape 3",
        "did you mean `head.bias`?",
    ]


def test_paths_that_are_too_few_or_too_many_are_told() -> None:
    paths = {**PATHS, "separable": ("stem.2.0",), "norm": ("stem.3", "stem.3")}
    found = told(Network(), weights.random(graph_of_it()), paths)
    assert found[:2] == [
        "expected 2 paths of modules for `separable`, found 1",
        "expected 1 path of a module for `norm`, found 2",
    ]
    assert (
        "expected no `stem.2.1.weight` in the PyTorch module, found one of shape 8×12×1×1" in found
    )


def test_a_layer_without_a_scale_may_have_one_that_nobody_sets() -> None:
    maker = GraphMaker()
    maker.add(BatchNorm(scale=False), maker.input(4, 4, 6), name="norm")
    graph, module = maker.graph(), nn.Sequential(nn.BatchNorm2d(6))
    values = weights.random(graph)
    weights.into_torch(module, graph, values, {"norm": ("0",)})
    assert (module[0].weight == 1).all()
    assert list(weights.from_torch(module, graph, {"norm": ("0",)})) == list(values)


def test_the_module_itself_may_be_the_layer() -> None:
    maker = GraphMaker()
    maker.add(Dense(units=2), maker.input(3), name="head")
    graph, module = maker.graph(), nn.Linear(3, 2)
    values = weights.random(graph)
    weights.into_torch(module, graph, values, {"head": ("",)})
    np.testing.assert_array_equal(module.weight.detach().numpy(), values["head/kernel"].T)
