"""Files of PyTorch as it writes them: they load with its names and layouts, or are refused."""

from __future__ import annotations

import os
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import archc
from archc import weights
from archc.cli.boundary import run
from archc.targets.keras import build

SPEC = r"""
name: small
input: [6, 4, 2]
stem:
- {id: conv1, conv: {filters: 4, kernel: 3, stride: 1, padding: symmetric, bias: false}}
- {id: bn1, batch_norm: 1e-5}
- {id: depth1, depthwise_conv: 3}
- {id: up1, conv_transpose: {filters: 3, kernel: 2, stride: 2}}
- flatten
- {id: flat_bn1, batch_norm: 1e-5}
- relu
- {id: fc1, dense: 5}
weights:
  torch:
    ^(.*)(\d)$: layers.\1.<\2-1>
"""
TOKENS = """
name: tokens
input: [5, 6]
stem:
- {id: look, attention: 2}
- {id: place, position_embedding: }
weights: {fused: {look: attn, place: positions}, other: {look: self_attention, place: positions}}
"""


class Small(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        parts: dict[str, Any] = {
            "conv": torch.nn.Conv2d(2, 4, 3, padding=1, bias=False),
            "bn": torch.nn.BatchNorm2d(4),
            "depth": torch.nn.Conv2d(4, 4, 3, padding=1, groups=4),
            "up": torch.nn.ConvTranspose2d(4, 3, 2, stride=2),
            "flat_bn": torch.nn.BatchNorm1d(3 * 12 * 8),
            "fc": torch.nn.Linear(3 * 12 * 8, 5),
        }
        self.layers = torch.nn.ModuleDict(
            {name: torch.nn.ModuleList([part]) for name, part in parts.items()}
        )
        for values in self.state_dict().values():
            if values.is_floating_point():
                torch.nn.init.uniform_(values, 0.2, 1.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name in ("conv", "bn", "depth", "up"):
            x = self.layers[name][0](x)
        x = torch.relu(self.layers["flat_bn"][0](x.flatten(1)))
        return self.layers["fc"][0](x)


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SPEC, encoding="utf-8")
    Path("tokens.yaml").write_text(TOKENS, encoding="utf-8")
    torch.manual_seed(0)
    return Small().eval()


def convert(file: str, spec: str = "small.yaml", *options: str) -> int:
    arguments = ["weights", "convert", spec, file, "-o", "out.safetensors", "--force"]
    return run([*arguments, *options])


def save(model: Small, how: str) -> str:
    state = model.state_dict()
    match how:
        case "safetensors":
            from safetensors.torch import save_file

            save_file(state, "a.safetensors")
            return "a.safetensors"
        case "nested":
            torch.save({"epoch": 3, "state_dict": state}, "a.pth")
        case "old":
            torch.save(state, "a.pth", _use_new_zipfile_serialization=False)
        case "parameters":
            held = {name: torch.nn.Parameter(v, requires_grad=False) for name, v in state.items()}
            torch.save(held, "a.pth")
        case _:
            torch.save(state, "a.pth")
    return "a.pth"


@pytest.mark.parametrize("how", ["plain", "nested", "old", "parameters", "safetensors"])
def test_outputs_are_those_of_the_module(how: str, model: Small) -> None:
    assert convert(save(model, how)) == 0
    graph = archc.load("small.yaml").graph()
    built = build(graph)
    weights.into_keras(built, graph, weights.load("out.safetensors"))
    images = torch.randn(3, 2, 6, 4)
    expected = model(images).detach().numpy()
    found = np.asarray(built(images.permute(0, 2, 3, 1).numpy(), training=False))
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
    assert np.abs(expected[0] - expected[1]).max() > 1e-2 * np.abs(expected).max()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_small_floats(dtype: str, model: Small) -> None:
    from safetensors.torch import save_file

    state = model.to(getattr(torch, dtype)).state_dict()
    torch.save(state, "a.pth")
    save_file(state, "a.safetensors")
    for name in ("a.pth", "a.safetensors"):
        assert convert(name) == 0
        found = weights.load("out.safetensors")["fc1/bias"].astype("float64")
        np.testing.assert_array_equal(found, state["layers.fc.0.bias"].double().numpy())


@pytest.mark.parametrize("source", ["fused", "other"])
def test_projections_in_one(source: str) -> None:
    attention = torch.nn.MultiheadAttention(6, 2, batch_first=True).eval()
    torch.nn.init.uniform_(attention.in_proj_bias)
    torch.nn.init.uniform_(attention.out_proj.bias)
    positions = torch.randn(1, 5, 6)
    fused = {
        "in_proj_weight": "qkv.weight",
        "in_proj_bias": "qkv.bias",
        "out_proj.weight": "proj.weight",
        "out_proj.bias": "proj.bias",
    }
    names = fused if source == "fused" else {name: name for name in fused}
    prefix = "attn" if source == "fused" else "self_attention"
    state = {f"{prefix}.{names[name]}": v for name, v in attention.state_dict().items()}
    torch.save({**state, "positions": positions}, "a.pth")
    assert convert("a.pth", "tokens.yaml", "--weights-from", source) == 0
    graph = archc.load("tokens.yaml").graph()
    built = build(graph)
    weights.into_keras(built, graph, weights.load("out.safetensors"))
    x = torch.randn(2, 5, 6)
    expected = (attention(x, x, x)[0] + positions).detach().numpy()
    np.testing.assert_allclose(built(x.numpy(), training=False), expected, atol=1e-5)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch executed",)


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("place", ["alone", "among", "bare"])
def test_a_pickle_with_code_is_never_executed(
    new: bool, place: str, model: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    held: object = Evil() if place == "alone" else {**model.state_dict(), "layers.x": Evil()}
    if place == "bare":
        Path("a.pth").write_bytes(pickle.dumps(held, protocol=2))
    else:
        torch.save(held, "a.pth", _use_new_zipfile_serialization=new)
    assert convert("a.pth") == 2
    told = capsys.readouterr().err
    assert told.count("error[weights-file]") == 1
    assert not Path("executed").exists()
    assert not Path("out.safetensors").exists()


def test_a_whole_module_is_refused(model: Small, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(model, "a.pth")
    assert convert("a.pth") == 2
    assert "save `model.state_dict()`" in capsys.readouterr().err


def test_compressed_members_are_refused(model: Small, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(model.state_dict(), "plain.pth")
    with (
        zipfile.ZipFile("plain.pth") as old,
        zipfile.ZipFile("a.pth", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert convert("a.pth") == 2
    assert "found compressed ones" in capsys.readouterr().err


def test_a_tensor_that_says_to_be_huge(model: Small, capsys: pytest.CaptureFixture[str]) -> None:
    state = model.state_dict()
    state["layers.fc.0.weight"] = torch.ones(1).expand(10**6, 10**6)
    torch.save(state, "a.pth")
    assert convert("a.pth") == 2
    assert "1 of another shape" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["sparse", "complex"])
def test_tensors_that_are_no_plain_numbers(
    kind: str, model: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    state = model.state_dict()
    weight = state["layers.fc.0.weight"]
    state["layers.fc.0.weight"] = {
        "sparse": weight.to_sparse,
        "complex": lambda: weight.to(torch.complex64),
    }[kind]()
    torch.save(state, "a.pth")
    assert convert("a.pth") == 2
    told = capsys.readouterr().err
    assert told.count("error[") == 1


def test_nothing_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    for held in ([], {}, {"a": 1}, torch.ones(3), {"state_dict": {"state_dict": {}}}):
        torch.save(held, "a.pth")
        assert convert("a.pth") == 2
        assert "expected tensors by name" in capsys.readouterr().err


def test_without_pytorch(
    model: Small, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(model, "plain")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert convert("a.pth") == 2
    assert "pip install torch" in capsys.readouterr().err
