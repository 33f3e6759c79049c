"""Warnings: each has a spec that it is told of, and one much like it that it is not told of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given

import archc
from archc.cli.boundary import run
from archc.diagnostics.codes import CODES
from archc.lint import lint
from archc.resources import specs_folder
from tests.fuzz import loaded
from tests.strategies import examples, specs

SPECS = sorted(specs_folder().glob("*.yaml"))


def warnings(text: str, folder: Path, library: str = "") -> list[str]:
    """`code line:column` of all warnings of a spec, which may use `mine.yaml`."""
    (folder / "mine.yaml").write_text(library or "define: {}\n", encoding="utf-8")
    path = folder / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    spec = archc.load(str(path))
    told = []
    for variant in spec.variants or (None,):
        for found in lint(spec if variant is None else spec.at(variant)):
            assert found.severity == "warning"
            assert found.helps
            assert found.span is not None
            told.append(f"{found.code} {found.span.line}:{found.span.column}")
    return list(dict.fromkeys(told))


SQUARE = "input: [32, 32, 8]\n"

TOLD = {
    "an arg of the spec": (
        f"args: {{a: 1, b: 2}}\n{SQUARE}stem: [dropout: =a / 4]\n",
        "unused-arg 1:14",
    ),
    "an arg of a block": (
        f"{SQUARE}define:\n  b: {{args: {{a: 1}}, steps: [relu]}}\nstem: [b: 2]\n",
        "unused-arg 3:14",
    ),
    "a block": (
        f"{SQUARE}define:\n  b: {{steps: [relu]}}\nstem: [tanh]\n",
        "no-effect 3:3",
    ),
    "a step": (
        f"{SQUARE}stem:\n- {{id: a, relu: }}\n- {{id: b, tanh: }}\n- {{from: a, relu: }}\n",
        "no-effect 4:11",
    ),
    "a call of a block, told once": (
        f"{SQUARE}define:\n  b: {{steps: [relu, tanh]}}\n"
        "stem:\n- {id: a, relu: }\n- b\n- {from: a, relu: }\n",
        "no-effect 6:3",
    ),
    "a call of a block that another call needs": (
        f"{SQUARE}define:\n  b: {{steps: [relu, tanh]}}\n"
        "stem:\n- {id: a, relu: }\n- b\n- {from: a, b: }\n",
        "no-effect 6:3",
    ),
    "a merge of one tensor": (f"{SQUARE}stem: [maximum: {{a: [], b: []}}]\n", "no-effect 2:8"),
    "rounding of an attribute": (
        f"args: {{w: 10}}\n{SQUARE}stem: [conv: {{filters: =round_to(w), kernel: 3}}]\n",
        "rounded-width 3:25",
    ),
    "rounding of scaling": (
        f"args: {{w: 0.6}}\n{SQUARE}learner:\n  block: conv\n  kernel: 3\n"
        "  scaling: {filters: =round_to(filters * w)}\n  groups: [{filters: 16}, {filters: 32}]\n",
        "rounded-width 6:23",
    ),
    "a window": (
        "input: [4, 4, 8]\nstem: [conv: {filters: 8, kernel: 5}]\n",
        "window-beyond-input 2:8",
    ),
    "a window of a group": (
        "input: [8, 8, 8]\nuse: [blocks/residual.yaml]\ndefaults: {conv: {bias: false}}\n"
        "learner:\n  block: basic_block\n  filters: [8, 8]\n  stride_policy: 2\n",
        "window-beyond-input 5:10",
    ),
    "a receptive field": (
        "input: [8, 8, 8]\nstem: [{conv: {filters: 8, kernel: 5}, repeat: 9}]\n",
        "receptive-field 2:9",
    ),
    "a bias": (
        f"{SQUARE}stem: [conv: {{filters: 8, kernel: 3}}, batch_norm]\n",
        "bias-before-norm 2:8",
    ),
    "a bias in a shipped block": (
        f"{SQUARE}use: [blocks/conv.yaml]\nstem: [relu, conv_bn: 8]\n",
        "bias-before-norm 3:14",
    ),
    "filters": (
        f"{SQUARE}stem: [conv: {{filters: 12, kernel: 3}}]\ntask: [global_avg_pool, dense: 3]\n",
        "filters-multiple 2:8",
    ),
}

SILENT = {
    "args that are read": (
        f"name: n$(a)\nargs: {{a: 1, b: =a + 1, filters: 8}}\n{SQUARE}"
        "stem: [dropout: =b / 4, conv: {filters: =, kernel: 3}]\n"
    ),
    "an arg that a variant reads": (
        f"args: {{a: 1, b: 0}}\nvariants: {{v: {{b: =a / 4}}}}\n{SQUARE}stem: [dropout: =b]\n"
    ),
    "a block that an expression chooses": (
        f"{SQUARE}define:\n  b: {{steps: [relu]}}\n"
        'learner: {block: ="b" if group.first else "relu", blocks: 2}\n'
    ),
    "a step that an output takes": (
        f"{SQUARE}stem:\n- {{id: a, relu: }}\n- {{id: b, tanh: }}\n- {{from: a, relu: }}\n"
        "- {id: c, selu: }\noutputs: [b, c]\n"
    ),
    "a sum of one tensor": f"{SQUARE}stem: [add: {{a: [], b: []}}]\n",
    "rounding by little": (
        f"args: {{w: 31}}\n{SQUARE}stem: [conv: {{filters: =divisible(w), kernel: 3}}]\n"
    ),
    "a window as large as its input": ("input: [5, 5, 8]\nstem: [conv: {filters: 8, kernel: 5}]\n"),
    "a receptive field that grows to the end": (
        "input: [32, 32, 8]\nstem: [{conv: {filters: 8, kernel: 5}, repeat: 9}]\n"
    ),
    "few windows": "input: [8, 8, 8]\nstem: [{conv: {filters: 8, kernel: 5}, repeat: 7}]\n",
    "a bias that something else takes": (
        f"{SQUARE}stem:\n- {{id: a, conv: {{filters: 8, kernel: 3}}}}\n"
        "- add: {norm: batch_norm, a: []}\n"
    ),
    "a bias before an activation": (
        f"{SQUARE}stem: [conv: {{filters: 8, kernel: 3, activation: relu}}, batch_norm]\n"
    ),
    "filters of the last layer": f"{SQUARE}stem: [conv: {{filters: 3, kernel: 3}}, relu]\n",
    "filters of a single position": (
        f"{SQUARE}stem:\n- multiply:\n    features: []\n    weights:\n"
        "    - global_avg_pool: {keepdims: true}\n    - conv: {filters: 2, kernel: 1}\n"
        "    - conv: {filters: 8, kernel: 1}\n"
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_told(name: str, tmp_path: Path) -> None:
    text, expected = TOLD[name]
    assert warnings(text, tmp_path) == [expected]


@pytest.mark.parametrize("name", SILENT)
def test_not_told(name: str, tmp_path: Path) -> None:
    assert warnings(SILENT[name], tmp_path) == []


def test_own_libraries_are_looked_at(tmp_path: Path) -> None:
    library = "define:\n  b: {args: {a: 1}, steps: [conv: {filters: 8, kernel: 3}, batch_norm]}\n"
    told = warnings(f"{SQUARE}use: [mine.yaml]\nstem: [b]\n", tmp_path, library)
    assert told == ["unused-arg 2:14", "bias-before-norm 2:29"]


BIASED = SQUARE + "stem:\n- conv: {filters: 8, kernel: 3}COMMENT\n- batch_norm\n"


@pytest.mark.parametrize(
    ("comment", "silent"),
    [
        ("  # archc: ignore[bias-before-norm]", True),
        ("  # archc: ignore[unused-arg, bias-before-norm] as in the paper", True),
        ("  # archc: ignore[unused-arg]", False),
        ("\n# archc: ignore[bias-before-norm]", True),
        ("\n- {dropout: 0}  # archc: ignore[bias-before-norm]", False),
    ],
)
def test_a_comment_silences(comment: str, silent: bool, tmp_path: Path) -> None:
    assert (warnings(BIASED.replace("COMMENT", comment), tmp_path) == []) is silent


def test_a_comment_on_the_first_line_of_a_step_silences_the_step(tmp_path: Path) -> None:
    comment = "# archc: ignore[bias-before-norm]"
    steps = f"stem:\n- id: a  {comment}\n  conv:\n    filters: 8\n    kernel: 3\n"
    assert warnings(f"{SQUARE}{steps}- batch_norm\n", tmp_path) == []
    other = "- conv: {filters: 8, kernel: 3}\n- batch_norm\n"
    assert warnings(f"{SQUARE}{steps}{other}", tmp_path) == ["bias-before-norm 7:3"]


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(TOLD["a bias"][0], encoding="utf-8")
    assert run(["check", str(path)]) == 0
    assert capsys.readouterr().err == ""
    assert run(["check", "--lint", str(path)]) == 0
    assert "warning[bias-before-norm]" in capsys.readouterr().err
    assert run(["check", "--lint", "--strict", str(path)]) == 1
    capsys.readouterr()
    assert run(["check", "--lint", "--format", "json", str(path)]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert (record["code"], record["severity"]) == ("bias-before-norm", "warning")


def test_errors_come_before_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(f"args: {{a: 1}}\n{SQUARE}stem: [rleu]\n", encoding="utf-8")
    assert run(["check", "--lint", "--strict", str(path)]) == 2
    told = capsys.readouterr().err
    assert "error[unknown-verb]" in told
    assert "warning" not in told


@given(text=specs())
@examples(25)
def test_any_spec_can_be_looked_at(text: str) -> None:
    with loaded(text) as spec:
        for found in lint(spec):
            assert found.code in CODES
            assert found.span is not None


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_zoo_is_silent(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--lint", "--strict", str(path)]) == 0
    assert capsys.readouterr().err == ""


# What networks do as published is silenced in their specs, and only that.
SILENCED = {
    "convnext": {"receptive-field"},
    "densenet": {"receptive-field"},
    "efficientnet": {"rounded-width"},
    "efficientnet_v2": {"rounded-width"},
    "nasnet": {"filters-multiple", "receptive-field"},
    "resnet50": {"bias-before-norm"},
    "resnet3d": {"window-beyond-input"},
    "resnet_cifar": {"receptive-field"},
    "unet": {"filters-multiple"},
}


@pytest.mark.parametrize("name", SILENCED)
def test_what_is_silenced_in_the_zoo(name: str, tmp_path: Path) -> None:
    text = (specs_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    assert "archc: ignore" in text
    told = warnings(text.replace("archc: ignore", ""), tmp_path)
    assert {each.partition(" ")[0] for each in told} == SILENCED[name]


def test_silence_is_named_in_the_zoo() -> None:
    silenced = {path.stem for path in SPECS if "archc: ignore" in path.read_text(encoding="utf-8")}
    assert silenced == SILENCED.keys()


def test_libraries_that_ship_have_nothing_unused(tmp_path: Path) -> None:
    # In a copy the libraries are one's own, which are looked at.
    copied = shutil.copytree(specs_folder(), tmp_path / "copied")
    for path in sorted(copied.glob("*.yaml")):
        spec = archc.load(str(path))
        found = lint(spec.at(next(iter(spec.variants))) if spec.variants else spec)
        assert not {each.code for each in found} & {"unused-arg", "no-effect"}, path.stem
