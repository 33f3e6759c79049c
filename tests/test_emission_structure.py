"""The structure of a spec stays in what is emitted: loops, and what parts tell each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archc
from archc.targets.source import emit_source
from archc.verification import verify
from tests.test_emission_equality import found_in

REPEATS = """
name: repeats
args: {depth: 4, grow: 8}
input: [16, 16, 3]
define:
  unit:
    args: {times: 3, filters: required}
    steps:
    - {id: conv$(repeat.number), conv: {filters: =filters, kernel: 3}, repeat: =times}
    - relu
stem: [conv: {filters: 16, kernel: 3}]
learner:
- id: wider$(repeat.index)
  steps: [conv: {filters: =here.channels + grow, kernel: 3}, relu: ]
  repeat: =depth
- {id: two, unit: {times: 2, filters: 8}}
- {id: five, unit: {times: 5, filters: 16}}
- {id: some$(repeat.number), conv: {filters: 8, kernel: 1}, repeat: 4, when: =repeat.number > 1}
- {id: each$(repeat.number), conv: {filters: =8 * repeat.number, kernel: 1}, repeat: 5}
- {id: taken$(repeat.number), conv: {filters: 8, kernel: 1}, repeat: 3}
- {id: sum, add: {all: [], second: [from: taken2]}}
task: [global_avg_pool: , dense: 10]
"""


@pytest.fixture
def repeats(tmp_path: Path) -> archc.Spec:
    file = tmp_path / "repeats.yaml"
    file.write_text(REPEATS, encoding="utf-8")
    return archc.load(str(file))


def test_repeats_are_loops_in_keras(repeats: archc.Spec) -> None:
    source = emit_source(repeats.assembled, "keras", "").source
    for loop in (
        "for index in range(4):",
        "for number in range(1, times + 1):",
        "for number in range(1, 5):",
        "for number in range(1, 6):",
    ):
        assert source.count(loop) == 1, loop
    assert source.count("def unit") == 1
    assert 'if number > 1:\n            x = layers.Conv2D(8, 1, name=f"some{number}")(x)' in source


def test_repeats_are_loops_in_pytorch(repeats: archc.Spec) -> None:
    """Channels that change from round to round are counted along."""
    source = emit_source(repeats.assembled, "torch", "").source
    assert source.count("for index in range(4):") == 1
    assert source.count("for number in range(1, times + 1):") == 1
    assert "channels += grow" in source
    assert source.count("class Unit") == 1


@pytest.mark.parametrize("target", ["keras", "torch"])
def test_rounds_that_are_taken_by_id_are_written_out(repeats: archc.Spec, target: str) -> None:
    source = emit_source(repeats.assembled, target, "").source
    assert source.count("taken1") >= 1
    assert source.count("taken2") >= 1
    assert "taken{" not in source


@pytest.mark.slow
def test_repeats_give_what_the_model_gives(repeats: archc.Spec) -> None:
    pytest.importorskip("torch")
    for result in verify(repeats, ("keras", "torch")):
        assert result.passed, result


KINDS = """
name: kinds
input: [16, 16, 3]
define:
  plain:
    args: {filters: 8}
    steps: [{conv: {filters: =filters, kernel: 3}}, relu]
  deep:
    args: {filters: 8}
    steps:
    - conv: {filters: =2 * filters, kernel: 1}
    - relu
    - conv: {filters: =filters, kernel: 3}
learner:
- groups: {block: plain, blocks: 8}
- {id: "", plain: }
- groups:
    id: z$(group.number)$(block.number)
    groups:
    - {block: plain, blocks: 2}
    - {block: deep, filters: 16}
    - {block: plain, filters: 24, blocks: 2}
- groups:
    block: {first: deep, rest: '="plain" if group.first else "deep"'}
    id: y$(group.number)$(block.number)
    groups: [{filters: 8, blocks: 3}, {filters: 16, blocks: 3}]
task: [global_avg_pool: ]
"""


@pytest.mark.parametrize("target", ["keras", "torch"])
def test_groups_whose_blocks_differ_are_loops(target: str, tmp_path: Path) -> None:
    """Groups without a column of their own too, and a block without a name."""
    file = tmp_path / "kinds.yaml"
    file.write_text(KINDS, encoding="utf-8")
    emitted = emit_source(archc.load(str(file)).assembled, target, "")
    assert not emitted.flat
    assert emitted.source.count("in enumerate(GROUPS") == 3
    assert '("deep", 1, 16)' in emitted.source


FIXED = """
name: fixed
args: {wide: true, width: 8.0, act: leaky_relu, patch: 4}
input: [16, 16, 3]
stem:
- {conv: {filters: =width * 2, kernel: 3, bias: =not wide}}
- {batch_norm: null, when: =wide}
- activation: =act
learner:
- {id: patches, conv: {filters: 8, kernel: =patch, stride: =patch, padding: valid}}
- reshape: [-1, 8]
- position_embedding
task: [global_avg_pool: , dense: =width / 2]
"""


def test_args_that_the_text_hangs_on_are_fixed(tmp_path: Path) -> None:
    """No argument promises another network than the spec makes with the same value."""
    file = tmp_path / "fixed.yaml"
    file.write_text(FIXED, encoding="utf-8")
    spec = archc.load(str(file))
    keras, torch = (emit_source(spec.assembled, target, "") for target in ("keras", "torch"))
    assert not keras.flat
    assert not torch.flat
    assert "def fixed(width=8.0, patch=4):" in keras.source
    # PyTorch is told how many positions there are, which hangs on the patches.
    assert "def __init__(self, width=8.0):" in torch.source
    for target, emitted in (("keras", keras), ("torch", torch)):
        source = emitted.source.replace("width=8.0)", "width=10.0)").replace(
            "width=8.0,", "width=10.0,"
        )
        assert found_in(source, emitted.entry, target, spec.with_({"width": 10.0}).graph()) == []


KNOBS = [
    ("densenet@densenet121", "growth", 20),
    ("mobilenet_v2", "alpha", 0.5),
    ("mobilenet_v3@small", "alpha", 0.75),
    ("efficientnet@b0", "width", 1.4),
    ("efficientnet@b0", "depth", 1.8),
    ("efficientnet_v2@b0", "depth", 1.4),
    ("efficientnet_lite@lite0", "depth", 1.2),
    ("nasnet@mobile", "penultimate", 528),
]


@pytest.mark.parametrize("target", ["keras", "torch"])
@pytest.mark.parametrize(("reference", "knob", "value"), KNOBS)
def test_a_turned_knob_is_an_edited_spec(
    reference: str, knob: str, value: float, target: str
) -> None:
    """What an arg changes is changed in all that hangs on it, the task's channels included."""
    spec = archc.load(reference)
    emitted = emit_source(spec.assembled, target, reference)
    default = rf"\b{knob}=[0-9.]+(?=[,)])"
    source, turned = re.subn(default, f"{knob}={value}", emitted.source)
    assert turned == 1
    assert found_in(source, emitted.entry, target, spec.with_({knob: value}).graph()) == []
    assert found_in(source, emitted.entry, target, spec.graph()) != []
