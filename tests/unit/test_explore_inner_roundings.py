"""What a spec's expressions round, told with the place and both numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import archc
from archc.cli.boundary import run
from archc.explore.inner_roundings import MOST, inner_roundings

SPEC = """\
args: {width: 0.7, depth: 1.5, unused: 3.5}
input: [16, 16, 3]
define:
  wide:
    args: {filters: required, half: =floor(filters / 3)}
    steps:
    - conv: {filters: =half, kernel: 1}
stem:
- conv: {filters: =round_to(24 * width), kernel: =round(unused) if depth < 1 else 3}
learner:
  block: wide
  blocks: =ceil(depth * 2)
  scaling: {filters: '=divisible(filters * width, 4)'}
  groups:
  - {filters: 20}
  - {filters: 30}
task:
- dense: {units: '=sum(int(x) for x in [depth, 2.0])'}
"""


@pytest.fixture
def spec(tmp_path: Path) -> archc.Spec:
    file = tmp_path / "net.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return archc.load(str(file))


def test_every_call_that_changes_a_number_is_told_once(spec: archc.Spec) -> None:
    found = [(r.span.line, r.span.text, r.exact, r.value) for r in inner_roundings(spec)]
    scaled = "divisible(filters * width, 4)"
    assert found == [
        (9, "round_to(24 * width)", pytest.approx(16.8), 16),
        (13, scaled, 14, 16),
        (5, "floor(filters / 3)", pytest.approx(16 / 3), 5),
        (13, scaled, 21, 20),
        (5, "floor(filters / 3)", pytest.approx(20 / 3), 6),
        (18, "int(x)", 1.5, 1),
    ]


def test_other_elaborations_tell_nothing_and_stay_what_they_are(spec: archc.Spec) -> None:
    before = spec.graph().nodes
    told = inner_roundings(spec)
    assert spec.graph().nodes == before
    assert inner_roundings(spec) == told


def test_roundings_without_end_are_cut(tmp_path: Path) -> None:
    file = tmp_path / "many.yaml"
    steps = "- {conv: {filters: '=ceil(repeat.number / 2)', kernel: 1}, repeat: 4000}"
    file.write_text(f"input: [4, 4, 1]\nstem:\n{steps}\n", encoding="utf-8")
    assert len(inner_roundings(archc.load(str(file)))) == MOST


def test_solve_tells_them(
    spec: archc.Spec, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(spec.family.place.path.parent)
    command = ["solve", "net.yaml", "--vary", "width=0.7,0.7001", "--target", "params=734"]
    assert run(command) == 0
    out = capsys.readouterr().out
    assert "rounded by the spec:\n  net.yaml:9:20: round_to(24 * width): 16.8" in out
    assert run([*command, "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)["rounded_by_the_spec"][0]
    assert (first["file"], first["line"], first["column"]) == ("net.yaml", 9, 20)
    assert (first["expression"], first["value"]) == ("round_to(24 * width)", 16)
