"""The Python interface: a spec is loaded, changed without being changed, and elaborated."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

import archc
from archc.api import parse_setting, split_reference

FAMILY = """
name: net_$(variant)
args: {width: 4, act: relu, sizes: [1, 3]}
variants:
  small: {width: 4, expect: {params: 112}}
  large: {width: 8, expect: {params: 999}}
input: [8, 8, 3]
define:
  unit:
    args: {filters: required, kernel: 3}
    steps: [conv: {filters: =, kernel: =}]
learner:
  block: unit
  groups:
  - {filters: =width}
weights:
  timm:
    '^group(\\d+)_block(\\d+)_(.*)$': 'stages.\\1.\\2.\\3'
    'conv$': $(act)
"""


@pytest.fixture
def spec(tmp_path: Path) -> archc.Spec:
    path = tmp_path / "family.yaml"
    path.write_text(FAMILY, encoding="utf-8")
    return archc.load(str(path))


def filters(spec: archc.Spec) -> list[int]:
    """The channels that each layer behind the input gives."""
    return [node.shape.channels for node in spec.graph()][1:]


def test_a_spec_of_the_zoo() -> None:
    graph = archc.load("resnet50").graph()
    assert graph.name == "resnet50"
    assert archc.analyse(graph).total.params == 25_636_712  # keras.applications.ResNet50
    assert graph.nodes[-1].shape == (1000,)


def test_the_first_variant_is_taken_where_none_is_chosen(spec: archc.Spec) -> None:
    assert spec.variants == ("small", "large")
    assert (spec.variant, spec.graph().name) == ("small", "net_small")
    assert archc.load("resnet50").variants == ()
    assert archc.load("resnet50").variant == ""


def test_at_another_variant(spec: archc.Spec) -> None:
    large = spec.at("large")
    assert (large.variant, spec.variant) == ("large", "small")
    with pytest.raises(archc.CompileError, match="expected params 999, found 224") as caught:
        large.graph()
    assert caught.value.exit_code == 1
    with pytest.raises(archc.CompileError, match="no variant `huge`"):
        spec.at("huge").graph()


def test_a_variant_in_the_reference(tmp_path: Path) -> None:
    assert archc.load("efficientnet@b1").variant == "b1"
    odd = tmp_path / "a@b.yaml"
    odd.write_text(FAMILY, encoding="utf-8")
    assert split_reference(str(odd)) == (str(odd), None)
    assert split_reference(f"{odd}@large") == (str(odd), "large")


@pytest.mark.parametrize(
    ("settings", "args", "expected"),
    [
        ({}, {"width": 6}, [6]),
        ({"width": 6}, {}, [6]),
        ({"args.width": 6}, {}, [6]),
        ({"learner.groups[0].filters": 5}, {}, [5]),
        ({"learner.groups[0].filters": "=width * 2"}, {}, [8]),
        ({"learner.groups[1]": {"filters": 7, "blocks": 2}}, {"width": 2}, [2, 7, 7]),
        ({"learner.groups": ({"filters": 3}, {"filters": 9})}, {}, [3, 9]),
        ({"task": ["flatten"]}, {}, [4, 256]),
        ({"input": (4, 4, 1)}, {"width": 2}, [2]),
        ({"learner.groups[0].kernel": None}, {}, [4]),
    ],
)
def test_with_settings(
    spec: archc.Spec, settings: dict[str, object], args: dict[str, object], expected: list[int]
) -> None:
    assert filters(spec.with_(settings, **args)) == expected
    assert filters(spec) == [4]


def test_later_settings_win_and_earlier_ones_stay(spec: archc.Spec) -> None:
    changed = spec.with_(width=6).with_({"learner.groups[1]": {"filters": 9}}).with_(width=2)
    assert filters(changed) == [2, 9]


def test_a_changed_spec_is_not_held_against_its_promises(spec: archc.Spec) -> None:
    assert filters(spec.at("large").with_(act="tanh")) == [8]


@pytest.mark.parametrize("text", ["é", "😀", "a: b", "'", '"', "#", "\n", "{x}", "no", "1e3"])
def test_a_text_stays_what_it_is(spec: archc.Spec, text: str) -> None:
    assert spec.with_(about=text).graph().about == text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widht": 6}, "no arg or key `widht`"),
        ({"args.widht": 6}, "no arg `widht`"),
        ({"learner.groups[7].filters": 6}, "the list has one item, [0]"),
        ({"learner.rows[0]": 6}, "no `rows` here"),
        ({"width": "many"}, "expected a whole number of at least 1, found `many`"),
    ],
)
def test_a_setting_that_leads_nowhere(
    spec: archc.Spec, settings: dict[str, object], message: str
) -> None:
    changed = spec.with_(settings)
    with pytest.raises(archc.CompileError, match=message.replace("[", r"\[")):
        changed.graph()


def test_settings_at_load(tmp_path: Path) -> None:
    path = tmp_path / "family.yaml"
    path.write_text(FAMILY, encoding="utf-8")
    assert filters(archc.load(str(path), settings={"width": 3})) == [3]


def test_features_are_the_outputs_of_the_groups() -> None:
    graph = archc.load("resnet50").graph(features=True)
    shapes = [tuple(graph.nodes[output.node].shape) for output in graph.outputs]
    assert shapes == [(56, 56, 256), (28, 28, 512), (14, 14, 1024), (7, 7, 2048)]
    assert "predictions" not in graph.by_name


def test_weight_rules(spec: archc.Spec) -> None:
    assert spec.weight_rules("timm") == [
        (r"^group(\d+)_block(\d+)_(.*)$", r"stages.\1.\2.\3"),
        ("conv$", "relu"),
    ]
    assert spec.with_(act="tanh").weight_rules("timm")[1] == ("conv$", "tanh")
    assert spec.weight_rules("keras") == []
    with pytest.raises(archc.CompileError, match=r"no weight rules for `tim`(.|\n)*`timm`"):
        spec.weight_rules("tim")


def test_a_spec_is_immutable(spec: archc.Spec) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.chosen = "large"  # type: ignore[misc]


def test_a_graph_is_made_anew_and_equal(spec: archc.Spec) -> None:
    first, second = spec.graph(), spec.graph()
    assert first is not second
    assert first == second


def test_a_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "family.yaml"
    path.write_text(FAMILY, encoding="utf-8")
    assert filters(archc.load(str(path))) == [4]
    path.write_text(FAMILY.replace("width: 4", "width: 5"), encoding="utf-8")
    os.utime(path, (1, 1))
    assert filters(archc.load(str(path), settings={"about": "changed"})) == [5]


def test_a_missing_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(archc.CompileError, match="expected a file, found nothing") as caught:
        archc.load(str(tmp_path / "nothing.yaml"))
    assert [each.code for each in caught.value.diagnostics] == ["file-missing"]


def test_libraries_beside_the_spec_whatever_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib.yaml").write_text("define: {unit: {steps: [relu]}}\n")
    (tmp_path / "spec.yaml").write_text("use: [lib.yaml]\ninput: [8, 8, 3]\nstem: [unit]\n")
    monkeypatch.chdir("/")
    assert len(archc.load(str(tmp_path / "spec.yaml")).graph()) == 2


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("classes=10", "classes", 10),
        ("a.b[2].c=x", "a.b[2].c", "x"),
        ("a==1 + 2", "a", "=1 + 2"),
        ("a=", "a", None),
        (" a =b", "a", "b"),
        ('a="10"', "a", "10"),
    ],
)
def test_settings_of_the_command_line(text: str, path: str, value: object) -> None:
    found_path, node = parse_setting(text)
    assert found_path == path
    assert getattr(node, "value", node) == value


def test_the_surface_is_what_it_says() -> None:
    assert sorted(archc.__all__) == archc.__all__
    for name in archc.__all__:
        assert getattr(archc, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = archc.nothing
