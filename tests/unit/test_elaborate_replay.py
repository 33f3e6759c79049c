"""Blocks that are copied give what they give where each of them is carried out.

The elaboration that emission asks for carries out every block, as the language says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

import archc
from archc.diagnostics import CompileError, Diagnostic
from archc.elaborate import elaborate, elaborate_recorded
from archc.elaborate.replay import ReplayingInterpreter
from archc.graph import Graph, Instance
from archc.spec import Assembled
from tests.fuzz import loaded
from tests.strategies import examples, specs

Tree = tuple[object, ...]

NESTED = """\
input: [32, 32, 3]
define:
  conv_relu:
    args: {filters: required, kernel: 3}
    steps: [{conv: {filters: =, kernel: =}}, relu]
  cell:
    args: {filters: required}
    inputs: [left, right]
    steps:
    - add:
        one: [{from: left, conv_relu: {filters: =}}]
        other: [{from: right, conv_relu: {filters: =, kernel: 1}, repeat: 2}]
      id: sum
    - {id: inner, steps: [{groups: {block: conv_relu, filters: [8, 8], blocks: 2}}]}
    - {id: out, conv: {filters: =filters, kernel: 1}}
    outputs: [sum, out]
stem:
- {id: first, conv_relu: {filters: 16}}
- {id: second, conv_relu: {filters: 16}}
- {id: a, cell: {filters: 16, left: first, right: second}}
- {id: b, cell: {filters: 16}}
- {id: c, cell: {filters: 16}}
- {id: d, cell: {filters: 16, left: c, right: c}}
- {id: e, cell: {filters: 16}}
- {id: f, cell: {filters: 16, left: e, right: e}}
- {id: g, cell: {filters: 16, left: f, right: e}}
- {id: h, cell: {filters: 16}}
- {id: i, cell: {filters: 16}}
"""


def tree(part: Instance) -> Tree:
    own = (part.kind, part.label, part.name, part.span, part.block, part.arguments)
    return (*own, part.start, part.stop, part.output, part.trail, *map(tree, part.children))


def places(graph: Graph) -> Iterator[tuple[str, object, tuple[str, ...]]]:
    return ((node.name, node.span, node.instance.trail) for node in graph)


def assert_alike(assembled: Assembled) -> None:
    copied, carried_out = elaborate(assembled), elaborate_recorded(assembled).graph
    assert copied == carried_out
    assert list(places(copied)) == list(places(carried_out))
    assert tree(copied.root) == tree(carried_out.root)


def told(assembled: Assembled) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """What is wrong with a spec by either elaboration."""
    with pytest.raises(CompileError) as copied:
        elaborate(assembled)
    with pytest.raises(CompileError) as carried_out:
        elaborate_recorded(assembled)
    return copied.value.diagnostics, carried_out.value.diagnostics


def assembled(folder: Path, text: str) -> Assembled:
    file = folder / "spec.yaml"
    file.write_text(text, encoding="utf-8")
    return archc.load(str(file)).assembled


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The blocks that are copied from now on."""
    names: list[str] = []
    replay = ReplayingInterpreter._replay

    def watched(self: ReplayingInterpreter, kept: object, *rest: object) -> object:
        names.append(kept.part.block)  # type: ignore[attr-defined]
        return replay(self, kept, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ReplayingInterpreter, "_replay", watched)
    return names


@pytest.mark.parametrize("name", ["resnet50", "nasnet", "efficientnet", "densenet", "vit", "unet"])
def test_networks_of_the_zoo(name: str) -> None:
    assert_alike(archc.load(name).assembled)


@pytest.mark.slow
@pytest.mark.parametrize("name", archc.zoo())
def test_all_variants_of_the_zoo(name: str) -> None:
    spec = archc.load(name)
    for one in [spec.at(variant) for variant in spec.variants] or [spec]:
        assert_alike(one.assembled)


@examples(40)
@given(specs())
def test_random_specs(text: str) -> None:
    with loaded(text) as spec:
        assert_alike(spec.assembled)


def test_blocks_inside_blocks_and_inputs_by_name(tmp_path: Path, copies: list[str]) -> None:
    assert_alike(assembled(tmp_path, NESTED))
    # `c`, `e`, `h` and `i` take two tensors as `b` does, `f` one tensor twice as `d` does.
    assert copies.count("cell") == 5
    assert "conv_relu" in copies


def test_numbers_and_truth_values_are_told_apart(tmp_path: Path) -> None:
    text = """\
input: [8, 8, 3]
define:
  one:
    args: {bias: required}
    steps: [{conv: {filters: 3, kernel: 1, bias: =}, when: =bias == 1}]
stem:
- one: {bias: true}
- one: {bias: 1}
"""
    copied, carried_out = told(assembled(tmp_path, text))
    assert [diagnostic.code for diagnostic in copied] == ["wrong-type"]
    assert copied == carried_out


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("- {id: same, one: {}, repeat: 3}", "duplicate-name"),
        ("- {one: {}, repeat: 70000}", "too-large"),
        ("- relu\n- {one: {}, repeat: 70000}", "too-large"),
        ("- {steps: [relu, relu]}\n- {one: {}, repeat: 70000}", "too-large"),
        ("- {many: {}, repeat: 11}", "expression-limit"),
        ("- steps: [down: {n: 1}]\n- up: {n: 2}", "recursion"),
        ("- one\n- nested57", "too-large"),
        ("- {one: {}, repeat: 3}\n- bad: {}\n- bad: {}", "input-rank"),
    ],
)
def test_errors_are_the_same(tmp_path: Path, steps: str, code: str) -> None:
    nested = "\n".join(f"  nested{n + 1}: {{steps: [nested{n}]}}" for n in range(57))
    text = f"""\
input: [8, 8, 3]
define:
  one:
    steps:
    - {{conv: {{filters: 3, kernel: 1}}}}
    - {{steps: [relu]}}
  down:
    args: {{n: required}}
    steps: [{{up: {{n: =n - 1}}, when: =n > 0}}, relu]
  up:
    args: {{n: required}}
    steps: [{{down: {{n: =n - 1}}, when: =n > 1}}, relu]
  many:
    steps: [{{conv: {{filters: '=max(x for x in range(90000))', kernel: 1}}, when: =False}}, relu,
            {{relu: , when: '=len([x for x in range(45000)]) > 0'}}]
  bad:
    steps: [flatten, max_pool: 2, relu]
  nested0:
    steps: [one]
{nested}
stem:
{steps}
"""
    copied, carried_out = told(assembled(tmp_path, text))
    assert {diagnostic.code for diagnostic in copied} == {code}
    assert copied == carried_out
