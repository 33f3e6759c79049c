"""The classes that emitted PyTorch source brings with it, against PyTorch, Keras and TensorFlow."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.torch_graphs import channels_first, channels_last

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def modules() -> Any:
    from archc.targets.torch import modules

    return modules


def definitions() -> dict[str, ast.ClassDef | ast.FunctionDef]:
    tree = ast.parse(Path(modules().__file__).read_text(encoding="utf-8"))
    return {
        node.name: node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape)


def close(found: Any, expected: Any) -> bool:
    return found.shape == expected.shape and torch.allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_what_is_copied_needs_only_what_is_in_the_file() -> None:
    """Any class or function may be copied with those that it names, `torch`, `F` and `nn`."""
    known = {*definitions(), *dir(builtins), "torch", "F", "nn"}
    for name, node in definitions().items():
        own = {
            *[n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _is_stored(n)],
            *[n.arg for n in ast.walk(node) if isinstance(n, ast.arg)],
        }
        read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not _is_stored(n)}
        assert read <= known | own, name


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def test_all_are_told_in_one_line_and_none_has_annotations() -> None:
    for name, node in definitions().items():
        docstring = ast.get_docstring(node)
        assert docstring, name
        assert "\n" not in docstring, name
        assert not any(isinstance(n, ast.AnnAssign) for n in ast.walk(node)), name
        assert not any(n.annotation for n in ast.walk(node) if isinstance(n, ast.arg)), name


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 7])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (5, 1), (1, 2)])
def test_same_padding_is_that_of_tensorflow_at_every_size(
    kernel: int, stride: int, dilation: int
) -> None:
    import tensorflow as tf

    weight = values(kernel, kernel, 3, 2, seed=1)
    for height, width in ((1, 2), (7, 8), (9, 14)):
        image = values(2, height, width, 3)
        expected = tf.nn.conv2d(image, weight, stride, "SAME", dilations=dilation).numpy()
        padded = modules().pad_same(channels_first(image), kernel, stride, dilation)
        turned = torch.from_numpy(weight).permute(3, 2, 0, 1)
        found = torch.nn.functional.conv2d(padded, turned, None, stride, 0, dilation)
        assert channels_last(found) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_any_padding_equals_that_of_torch_where_torch_has_it(rank: int) -> None:
    nn, ours = torch.nn, modules()
    x = torch.from_numpy(values(2, 3, *(9, 8, 7)[:rank]))
    for padding, theirs in (("valid", 0), (1, 1), ("symmetric", 1), ((2, 1, 0)[:rank],) * 2):
        convolution = getattr(ours, f"PaddedConv{rank}d")(3, 4, 3, padding=padding, stride=2)
        plain = getattr(nn, f"Conv{rank}d")(3, 4, 3, padding=theirs, stride=2)
        plain.load_state_dict(convolution.state_dict())
        assert close(convolution(x), plain(x))
        transposed = getattr(ours, f"PaddedConvTranspose{rank}d")(3, 4, 3, padding, stride=2)
        plain = getattr(nn, f"ConvTranspose{rank}d")(3, 4, 3, padding=theirs, stride=2)
        plain.load_state_dict(transposed.state_dict())
        assert close(transposed(x), plain(x))
        if padding != (2, 1, 0)[:rank]:
            plain = getattr(nn, f"MaxPool{rank}d")(3, 2, theirs)
            assert close(ours.PaddedMaxPool(3, 2, padding)(x), plain(x))
            plain = getattr(nn, f"AvgPool{rank}d")(3, 2, theirs, count_include_pad=False)
            assert close(ours.PaddedAvgPool(3, 2, padding)(x), plain(x))


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 5), (8, 6, 5, 4), (4, 6, 3, 4, 5)])
def test_batch_normalization_trains_as_that_of_torch(shape: tuple[int, ...]) -> None:
    rank = max(len(shape) - 2, 1)
    theirs = getattr(torch.nn, f"BatchNorm{rank}d")(6, eps=0.1, momentum=0.3)
    ours = modules().BatchNorm(6, eps=0.1, momentum=0.3)
    for seed in range(3):
        x = torch.from_numpy(values(*shape, seed=seed))
        assert close(ours(x), theirs(x))
    assert close(ours.running_mean, theirs.running_mean)
    assert close(ours.running_var, theirs.running_var)
    assert close(ours.eval()(x), theirs.eval()(x))
    assert not torch.allclose(ours(x), ours.train()(x))


@pytest.mark.parametrize("name", ["BatchNorm", "LayerNorm", "GroupNorm"])
@pytest.mark.parametrize(("scale", "center"), [(True, False), (False, True), (False, False)])
def test_what_a_normalization_lacks_is_no_parameter(name: str, scale: bool, center: bool) -> None:
    leading = (2, 6) if name == "GroupNorm" else (6,)
    norm = getattr(modules(), name)(*leading, scale=scale, center=center)
    wanted = [part for part, present in (("weight", scale), ("bias", center)) if present]
    assert [name for name, _ in norm.named_parameters()] == wanted
    x = torch.from_numpy(values(4, 6, 5, seed=1)).requires_grad_()
    norm(x).square().sum().backward()
    assert x.grad is not None
    assert all(parameter.grad is not None for parameter in norm.parameters())


@pytest.mark.parametrize(("heads", "bias"), [(1, True), (2, True), (3, False)])
def test_attention_is_that_of_torch(heads: int, bias: bool) -> None:
    theirs = torch.nn.MultiheadAttention(12, heads, bias=bias, batch_first=True)
    ours = modules().Attention(12, heads, bias)
    projections = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        for ours_part, weight in zip(projections, theirs.in_proj_weight.chunk(3), strict=True):
            ours_part.weight.copy_(weight)
        ours.output.weight.copy_(theirs.out_proj.weight)
        if bias:
            theirs.in_proj_bias.uniform_()
            theirs.out_proj.bias.uniform_()
            for ours_part, part in zip(projections, theirs.in_proj_bias.chunk(3), strict=True):
                ours_part.bias.copy_(part)
            ours.output.bias.copy_(theirs.out_proj.bias)
    x = torch.from_numpy(values(2, 12, 7))
    tokens = x.transpose(1, 2)
    expected, _ = theirs(tokens, tokens, tokens, need_weights=False)
    assert close(ours(x), expected.transpose(1, 2))
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())


def test_drop_path_leaves_whole_samples_out_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    ones = torch.ones(4000, 3, 2, 2)
    drop_path = modules().DropPath(0.25)
    given = drop_path(ones)
    assert torch.equal(given, given[:, :1, :1, :1].expand_as(given))
    assert sorted(given.unique().tolist()) == pytest.approx([0, 4 / 3])
    assert given.mean().item() == pytest.approx(1, abs=0.05)
    assert torch.equal(drop_path.eval()(ones), ones)


def test_standardized_filters_have_mean_0_and_variance_1() -> None:
    weight = torch.from_numpy(values(5, 4, 3, 3)) * 7 + 2
    found = modules().standardized(weight).flatten(1)
    assert torch.allclose(found.mean(1), torch.zeros(5), atol=1e-9)
    assert torch.allclose(found.var(1, correction=0), torch.ones(5), rtol=1e-6)


def test_a_convolution_learns_the_filters_before_they_are_standardized() -> None:
    convolution = modules().StandardizedConv2d(3, 4, 3)
    convolution(torch.from_numpy(values(1, 3, 8, 8))).square().sum().backward()
    # What is standardized does not change with the scale: the gradient is at right angles.
    filters, gradients = (t.flatten(1) for t in (convolution.weight, convolution.weight.grad))
    cosines = torch.nn.functional.cosine_similarity(filters, gradients)
    assert torch.allclose(cosines, torch.zeros(4), atol=1e-3)
    assert gradients.norm(dim=1).min() > 0.1


def test_statistics_that_are_given_are_not_saved() -> None:
    given = modules().Normalize((0.5, 0.25), (4.0, 9.0))
    assert given.state_dict() == {}
    learned = modules().LearnedNormalize(2)
    assert sorted(learned.state_dict()) == ["count", "mean", "variance"]
    assert list(learned.parameters()) == []
    image = values(2, 5, 2)
    layer = keras.layers.Normalization(mean=(0.5, 0.25), variance=(4.0, 9.0))
    expected = np.asarray(layer(image.astype("float32")))
    assert channels_last(given(channels_first(image))) == pytest.approx(expected, rel=1e-5)


def test_learned_arrays_of_tokens_start_as_in_keras() -> None:
    torch.manual_seed(0)
    embedding = modules().PositionEmbedding(197, 192)
    assert embedding.embeddings.std().item() == pytest.approx(0.02, rel=0.02)
    assert embedding.embeddings.mean().item() == pytest.approx(0, abs=1e-3)
    assert not modules().ClassToken(192).token.any()
    assert modules().LayerScale(3, 1).gamma.tolist() == [1, 1, 1]


def test_an_activation_is_known_by_every_name_of_the_language() -> None:
    from archc.layers.names import PARAMETERLESS

    x = values(2, 6)
    for kind in (*PARAMETERLESS, "elu", "leaky_relu", "linear"):
        expected = keras.activations.get(kind)(x)
        if kind == "leaky_relu":
            expected = np.where(x > 0, x, 0.01 * x)
        found = modules().Activation(kind)(torch.from_numpy(x)).numpy()
        assert found == pytest.approx(np.asarray(expected), rel=1e-6, abs=1e-7), kind


def test_every_definition_is_used() -> None:
    """Those that the lowering can ask for, and what they use."""
    from tests.unit import test_torch_lowering

    asked = {call.constructor for call in test_torch_lowering.every_call()}
    pending, used = [name for name in definitions() if name in asked], set()
    while pending:
        name = pending.pop()
        used.add(name)
        read = {n.id for n in ast.walk(definitions()[name]) if isinstance(n, ast.Name)}
        pending += (read & definitions().keys()) - used
    generic = {name.translate(str.maketrans("13", "22")) for name in definitions()}
    assert {name.translate(str.maketrans("13", "22")) for name in used} == generic
