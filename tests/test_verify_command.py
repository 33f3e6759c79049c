"""`archc verify`: what is equal passes, and every planted fault is found and named."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

import archc
from archc.cli.boundary import run
from archc.targets.source import Emitted, emit_source
from archc.verification import Verification, verify

# `archc.verification` has the function of that name.
compare = importlib.import_module("archc.verification.compare")

NET = """\
about: A net for tests.
args: {classes: 5}
input: [12, 12, 3]
stem:
- {id: first, conv: {filters: 4, kernel: 3, stride: 2, bias: false}}
- batch_norm
- relu
learner:
- {id: second, conv: {filters: 6, kernel: 3}}
- add:
    shortcut: []
    residual:
    - {id: third, conv: {filters: 6, kernel: 3, activation: relu}}
task:
- global_avg_pool
- {id: head, dense: {units: =classes, activation: softmax}}
"""

TWO = """\
input: {image: [9, 9, 3], mask: [9, 9, 1]}
stem:
- concat: {image: [], mask: [from: mask]}
- {id: shared, conv: {filters: 4, kernel: 3}}
task:
- {id: classes, dense: 3}
- {id: scores, from: shared, conv: {filters: 2, kernel: 1}}
outputs: [classes, scores]
"""

TORCH = """\
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(4, eps=1e-3)
        self.learner = nn.ModuleList([
            nn.Conv2d(4, 6, 3, padding=1),
            nn.Conv2d(6, 6, 3, padding=1),
        ])
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        x = F.pad(x, (0, 1, 0, 1))  # 12 is even: TensorFlow's padding stands behind
        x = F.relu(self.norm(self.first(x)))
        x = self.learner[0](x)
        x = x + F.relu(self.learner[1](x))
        return F.softmax(self.head(x.mean((2, 3))), 1)
"""
PATHS = {
    "first": ("first",),
    "batch_norm": ("norm",),
    "second": ("learner.0",),
    "third": ("learner.1",),
    "head": ("head",),
}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"net": NET, "two": TWO}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def emitting(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Lets emission plant a fault: the last of one text in the source becomes another."""

    def plant(right: str, wrong: str) -> None:
        def emit(*arguments: object) -> Emitted:
            made = emit_source(*arguments)  # type: ignore[arg-type]
            before, found, after = made.source.rpartition(right)
            assert found, made.source
            return Emitted(before + wrong + after, made.entry, made.paths)

        monkeypatch.setattr(compare, "emit_source", emit)

    return plant


def verified(reference: str = "net.yaml", target: str = "keras") -> Verification:
    (verification,) = verify(archc.load(reference), (target,))
    return verification


def test_what_is_equal_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "net.yaml", "--input-size", "15", "--set", "classes=7"]) == 0
    told = capsys.readouterr()
    # 3·3·3·4 + 4·4 + (3·3·4·6 + 6) + (3·3·6·6 + 6) + (6·7 + 7) = 725
    lines = [line.split() for line in told.out.splitlines()]
    assert lines[0] == ["net:", "A", "net", "for", "tests."]
    assert lines[4][:3] + lines[4][4:] == ["python", "12×12×3", "head", "✓", "725", "✓"]
    assert lines[5][:3] + lines[5][4:] == ["python", "15×15×3", "head", "✓", "725", "✓"]
    assert lines[-1][:3] == ["equal:", "in", "float64"]


def test_keras_is_another_word_for_python(capsys: pytest.CaptureFixture[str]) -> None:
    """As for `archc emit`."""
    assert run(["verify", "net.yaml"]) == 0
    told = capsys.readouterr()
    for word in ("python", "keras"):
        assert run(["verify", "net.yaml", "--to", word]) == 0
        assert capsys.readouterr() == told
    for word in ("python", "keras", "torch"):
        assert run(["emit", "net.yaml", "--to", word]) == 0


def test_several_inputs_and_outputs() -> None:
    verification = verified("two.yaml")
    assert verification.passed
    assert [output.name for output in verification.outputs] == ["classes", "scores"]
    assert [name for name, _ in verification.inputs] == ["image", "mask"]


def test_another_seed_gives_other_weights() -> None:
    spec = archc.load("net.yaml")
    (first,), (second,) = verify(spec, seed=1), verify(spec, seed=2)
    assert first.outputs[0].contrast != second.outputs[0].contrast


@pytest.mark.parametrize(
    ("right", "wrong", "component", "layer"),
    [
        ('name="third"', 'dilation_rate=2, name="third"', "learner", "third"),
        ("strides=2", "strides=1", "stem", "first"),
        ("BatchNormalization(", "BatchNormalization(epsilon=0.1, ", "stem", "batch_norm"),
        ("Add(", "Subtract(", "learner", "add"),
        ('activation="relu"', 'activation="tanh"', "learner", "third"),
        ('activation="softmax"', 'activation="sigmoid"', "task", "head"),
    ],
)
def test_a_fault_is_found_and_its_layer_named(
    right: str, wrong: str, component: str, layer: str, emitting: Callable[[str, str], None]
) -> None:
    emitting(right, wrong)
    verification = verified()
    assert not verification.passed
    assert (verification.layers[0].component, verification.layers[0].layer) == (component, layer)


def test_a_fault_is_told(
    emitting: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    emitting('activation="softmax"', 'activation="sigmoid"')
    assert run(["verify", "net.yaml"]) == 1
    told = capsys.readouterr().out
    assert "✗" in told
    assert "python at 12×12×3: in task the first layer that differs is `head`, by " in told
    assert told.endswith("1 of 1 not equal\n")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("use_bias=False", "use_bias=True", "`first/bias`"),
        ("Conv2D(4, ", "Conv2D(8, ", "`first/kernel`"),
        ('name="head"', 'name="hat"', "`head/kernel`"),
        ("return Model(", "return Modell(", "NameError"),
        ("def ", "fed ", "SyntaxError"),
    ],
)
def test_source_that_fails_is_told(
    right: str,
    wrong: str,
    told: str,
    emitting: Callable[[str, str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    emitting(right, wrong)
    assert run(["verify", "net.yaml"]) == 1
    shown = capsys.readouterr().out
    assert "the source fails: " in shown
    assert told in shown


def test_outputs_too_many(emitting: Callable[[str, str], None]) -> None:
    emitting('], name="two")', '] * 2, name="two")')
    assert "expected 2 outputs, found 4" in verified("two.yaml").failure


def test_a_network_that_does_not_see_its_input(capsys: pytest.CaptureFixture[str]) -> None:
    Path("blind.yaml").write_text(
        "input: [8, 8, 3]\nstem:\n- rescale: 0\n- {id: last, conv: {filters: 2, kernel: 3}}\n"
    )
    assert run(["verify", "blind.yaml"]) == 1
    told = capsys.readouterr().out
    assert "0.0e+00 ✗" in told
    assert "`last` is much the same for two inputs" in told


def test_a_size_that_does_not_fit_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    setting = ["--set", "learner[0].conv.padding=valid", "--set", "learner[0].conv.kernel=5"]
    assert run(["verify", "net.yaml", *setting, "--input-size", "4", "--input-size", "20"]) == 2
    told = capsys.readouterr()
    assert "20×20×3" in told.out
    assert "4×4×3" not in told.out
    assert "with `--input-size 4`" in told.err


def test_weights_that_fit_no_machine_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    text = "input: [1000]\nstem: [dense: 1000000000000, dense: 1]\n"
    Path("large.yaml").write_text(text, encoding="utf-8")
    assert run(["verify", "large.yaml"]) == 2
    assert capsys.readouterr().err.startswith("error[too-large]: the weights need ")


@pytest.mark.parametrize("target", ["torch", "all"])
def test_without_pytorch(
    target: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("archc.cli.commands.verify.find_spec", lambda _name: None)
    assert run(["verify", "net.yaml", "--to", target]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error[torch-missing]: ")
    assert "pip install 'archc[torch]'" in told.err


@pytest.fixture
def writing_torch(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Takes a module written by hand for an emitted one, with one text in place of another."""

    def write(right: str, wrong: str) -> None:
        assert right in TORCH
        made = Emitted(TORCH.replace(right, wrong), "Net", PATHS)
        monkeypatch.setattr(compare, "emit_source", lambda *_arguments: made)

    return write


def test_a_module_that_is_equal(writing_torch: Callable[[str, str], None]) -> None:
    pytest.importorskip("torch")
    writing_torch("Net", "Net")
    verification = verified(target="torch")
    assert verification.passed
    assert verification.parameters == 711


@pytest.mark.parametrize(
    ("right", "wrong", "component", "layer"),
    [
        ("(0, 1, 0, 1)", "(1, 0, 1, 0)", "stem", "first"),
        (", eps=1e-3", "", "stem", "batch_norm"),
        ("x + F.relu(", "x - F.relu(", "task", "global_avg_pool"),
        ("x = self.learner[0](x)", "x = self.learner[0](x * 2)", "stem", "relu"),
        (
            "padding=1),\n        ])",
            "padding=1, padding_mode='reflect')])",
            "task",
            "global_avg_pool",
        ),
    ],
)
def test_a_fault_of_a_module_is_found_and_its_layer_named(
    right: str,
    wrong: str,
    component: str,
    layer: str,
    writing_torch: Callable[[str, str], None],
) -> None:
    pytest.importorskip("torch")
    writing_torch(right, wrong)
    verification = verified(target="torch")
    assert not verification.passed
    assert (verification.layers[0].component, verification.layers[0].layer) == (component, layer)


def test_parameters_too_many(writing_torch: Callable[[str, str], None]) -> None:
    pytest.importorskip("torch")
    writing_torch(
        "self.head =", "self.rest = nn.Parameter(self.norm.weight * 2)\n        self.head ="
    )
    verification = verified(target="torch")
    assert not verification.passed
    assert verification.failure or verification.parameters == 715


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("nn.Linear(6, 5)", "nn.Linear(6, 4)", "head.weight"),
        ("x.mean((2, 3))", "x.means()", "AttributeError"),
        ("class Net(", "class Nets(", "Net"),
    ],
)
def test_a_module_that_fails_is_told(
    right: str, wrong: str, told: str, writing_torch: Callable[[str, str], None]
) -> None:
    pytest.importorskip("torch")
    writing_torch(right, wrong)
    verification = verified(target="torch")
    assert not verification.passed
    assert told in verification.failure


def test_what_was_set_in_pytorch_is_set_again(writing_torch: Callable[[str, str], None]) -> None:
    torch = pytest.importorskip("torch")
    writing_torch("Net", "Net")
    state, dtype = torch.random.get_rng_state(), torch.get_default_dtype()
    assert verified(target="torch").passed
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_default_dtype() == dtype


def test_what_was_set_in_keras_is_set_again() -> None:
    config = keras.config
    before = config.floatx(), config.dtype_policy().name, config.image_data_format()
    try:
        config.set_dtype_policy("mixed_bfloat16")
        config.set_image_data_format("channels_first")
        assert verified().passed
        found = config.floatx(), config.dtype_policy().name, config.image_data_format()
        assert found == ("float32", "mixed_bfloat16", "channels_first")
    finally:
        config.set_dtype_policy(before[1])
        config.set_image_data_format(before[2])
    assert verified().passed
    assert (config.floatx(), config.dtype_policy().name, config.image_data_format()) == before
