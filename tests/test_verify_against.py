"""`archc verify --against`: what equals its reference passes, and every planted fault is told."""

from __future__ import annotations

from importlib import util

import keras
import pytest

import archc
from archc.cli.boundary import run
from archc.verification import Agreement, references_keras, references_timm, verify_against

SMALL = ("--set", "input=[40, 40, 3]")
"""At 40 pixels maps have even and odd sides: 20, 10, 5, 3 and 2."""

FAULT = 1e-4
"""The least that a planted fault has to move the outputs."""


@pytest.fixture
def timm() -> None:
    """timm, and torchvision's operators where its own don't load."""
    pytest.importorskip("tests.timm_references", reason="needs timm: pip install 'archc[oracle]'")


def held(name: str, reference: str, **settings: object) -> Agreement:
    spec = archc.load(name).with_({"input": [40, 40, 3], **settings})
    return verify_against(spec, reference)


def test_what_is_equal_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--against", "keras.applications.MobileNet", "--set", "classes=7"]
    assert run(["verify", "mobilenet", *arguments, *SMALL, "--input-size", "33"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["against", "keras.applications.MobileNet"]
    # 3,228,864 are Keras's without the head; the head has 1024·7 + 7.
    for size, first in (("40×40×3", 5), ("33×33×3", 8)):
        assert lines[first] == [size, "parameters", "3,236,039", "3,236,039", "✓"]
        assert lines[first + 1] == ["arrays", "by", "name", "137", "137", "✓"]
        assert lines[first + 2][0] == "output"
        assert float(lines[first + 2][2]) < 1e-9
    assert lines[-1][:3] == ["equal:", "in", "float64"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("efficientnet@b0", "EfficientNetB0"),
        ("convnext@tiny", "ConvNeXtTiny"),
    ],
)
def test_specs_equal_keras(name: str, reference: str) -> None:
    agreement = held(name, f"keras.applications.{reference}")
    published = getattr(keras.applications, reference)(weights=None)
    assert agreement.passed
    assert agreement.ours == published.count_params()


@pytest.mark.slow
@pytest.mark.usefixtures("timm")
def test_specs_equal_timm() -> None:
    assert held("resnet_torch@resnet18", "timm:resnet18").passed


@pytest.mark.slow
@pytest.mark.usefixtures("timm")
def test_attention_equals_that_of_timm() -> None:
    """Projections that timm holds as one array, tokens that are no layers there."""
    spec = archc.load("vit@ti16").with_({"input": [48, 48, 3]})
    assert verify_against(spec, "timm:vit_tiny_patch16_224").passed


@pytest.mark.parametrize(
    "fault",
    [
        {"defaults.batch_norm.epsilon": 0.01},
        {"stem[0].conv.padding": 1},
        {"stem[2]": {"id": "conv1_relu", "silu": None}},
    ],
    ids=str,
)
def test_another_output_is_seen(fault: dict[str, object]) -> None:
    agreement = held("mobilenet", "keras.applications.MobileNet", **fault)
    assert agreement.ours == agreement.theirs
    assert agreement.same_names
    assert agreement.outputs[0].difference > FAULT
    assert not agreement.passed


@pytest.mark.slow
@pytest.mark.usefixtures("timm")
def test_another_output_than_that_of_timm_is_seen() -> None:
    fault = {"defaults.conv.padding": "same"}
    agreement = held("resnet_torch@resnet18", "timm:resnet18", **fault)
    assert agreement.same_names
    assert agreement.outputs[0].difference > FAULT


def test_other_names_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--against", "keras.applications.MobileNetV2", "--set", "task[0].id=other"]
    assert run(["verify", "mobilenet_v2", *arguments, *SMALL]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "the reference lacks 1:" in lines
    assert "the reference has besides 1:" in lines
    assert "  Conv_1/kernel" in lines
    assert lines[-2:] == [
        "outputs are not compared: not all arrays go together",
        "1 of 1 not equal",
    ]


def test_other_shapes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--against", "keras.applications.MobileNetV2", "--set", "stem[0].conv.kernel=5"]
    assert run(["verify", "mobilenet_v2", *arguments, *SMALL]) == 1
    told = capsys.readouterr().out
    assert "the reference has in another shape 1:\n  Conv1/kernel\n" in told
    assert "✗" in told


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("ResNet50", "expected `keras.applications.NAME` or `timm:NAME`, found `ResNet50`"),
        ("keras.applications.MobileNetV9", "did you mean `MobileNetV2`"),
        ("keras.applications.resnet50", "has no network `resnet50`"),
        ("keras.applications.__init__", "has no network `__init__`"),
        ("keras.applications.InceptionV3", "can't make `InceptionV3` for inputs of 40×40×3"),
        ("timm:resnet50", "the spec has no weight rules for `timm`"),
    ],
)
def test_a_reference_that_is_none(
    reference: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", "mobilenet_v2", "--against", reference, *SMALL]) == 2
    shown = capsys.readouterr().err
    assert told in shown
    assert shown.count("error[") == 1


@pytest.mark.usefixtures("timm")
@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("timm:resnet_50", "did you mean"),
        ("timm:../resnet50", "timm has no network"),
        ("timm:hf-hub:someone/something", "timm has no network"),
    ],
)
def test_a_network_that_timm_lacks(
    reference: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", "resnet_torch@resnet18", "--against", reference, *SMALL]) == 2
    assert told in capsys.readouterr().err


def test_timm_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = util.find_spec
    monkeypatch.setattr(
        references_timm, "find_spec", lambda name: None if name == "timm" else real(name)
    )
    assert run(["verify", "resnet_torch@resnet18", "--against", "timm:resnet18"]) == 2
    assert "pip install 'archc[oracle]'" in capsys.readouterr().err


def test_no_source_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--against", "keras.applications.MobileNetV2", "--to", "torch"]
    assert run(["verify", "mobilenet_v2", *arguments]) == 2
    assert "--to is of no use" in capsys.readouterr().err


def test_what_was_set_in_keras_is_set_again() -> None:
    before = keras.config.floatx(), keras.config.dtype_policy().name
    assert held("mobilenet", "keras.applications.MobileNet").passed
    assert (keras.config.floatx(), keras.config.dtype_policy().name) == before


def test_weights_of_models_inside_of_models_are_found() -> None:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="inside")], name="in")
    model = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(4, name="last")])
    names = [name for name, _ in references_keras._variables(model)]
    assert names == ["inside/kernel", "inside/bias", "last/kernel", "last/bias"]
