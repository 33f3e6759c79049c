"""What is emitted is the network: checked for every shipped spec, and equal in numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import archc
from archc.graph import Graph
from archc.targets.keras.recording import mismatches
from archc.targets.source import emit_source
from archc.targets.torch.recording import record
from archc.verification import verify

TARGETS = ("keras", "torch")


def variants() -> list[str]:
    """Every shipped spec at every variant."""
    found = []
    for name in archc.zoo():
        spec = archc.load(name)
        found += [f"{name}@{variant}" for variant in spec.variants] or [name]
    return found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("reference", variants())
def test_every_spec_keeps_its_structure(reference: str, target: str) -> None:
    assembled = archc.load(reference).assembled
    emitted = emit_source(assembled, target, reference)
    assert not emitted.flat
    assert emit_source(assembled, target, reference) == emitted


@pytest.mark.parametrize("target", TARGETS)
def test_every_emission_is_clean(target: str, tmp_path: Path) -> None:
    for name in archc.zoo():
        source = emit_source(archc.load(name).assembled, target, name).source
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    for command in (["format", "--check"], ["check", "--ignore", "E501"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "."]
        ran = subprocess.run(
            ruff,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


# A network, a size that suits it, and an odd one where it allows one.
NUMERIC = [
    ("resnet50", 64, 75),
    ("resnet18", 64, 75),
    ("resnet1d", None, None),
    ("resnet3d", 24, None),
    ("vgg@vgg16", 64, None),
    ("mobilenet_v2", 64, 75),
    ("mobilenet_v3@small", 64, 75),
    ("densenet@densenet121", 64, 75),
    ("efficientnet@b0", 64, 75),
    ("inception_v3", 96, 99),
    ("nasnet@mobile", 64, 75),
    ("unet", 32, None),
    ("vit@ti16", 32, None),
]


@pytest.mark.slow
@pytest.mark.parametrize(("reference", "side", "odd"), NUMERIC)
def test_outputs_are_equal(reference: str, side: int | None, odd: int | None) -> None:
    pytest.importorskip("torch")
    spec = archc.load(reference)
    for size in dict.fromkeys([side, odd or side]):
        for result in verify(spec, TARGETS, side=size):
            assert result.passed, result


# A text of the emitted table, what is made of it, and the same change to the spec.
EDITS = [
    ("resnet50", "(128, 4, 2)", "(128, 5, 2)", {"learner.groups[1].blocks": 5}),
    ("resnet50", "(256, 6, 2)", "(96, 6, 2)", {"learner.groups[2].filters": 96}),
    ("resnet18", "(64, 2, 1)", "(64, 3, 1)", {"learner.groups[0].blocks": 3}),
    ("resnet1d", "(128, 4, 2)", "(128, 2, 2)", {"learner.groups[1].blocks": 2}),
    ("resnet3d", "(256, 2, 2)", "(256, 1, 2)", {"learner.groups[2].blocks": 1}),
    ("vgg@vgg16", "(128, 2)", "(128, 3)", {"depths": [2, 3, 3, 3, 3]}),
    ("mobilenet_v2", "(6, 32, 3, 2)", "(6, 32, 4, 2)", {"learner.groups[2].blocks": 4}),
    ("efficientnet@b2", "(2, 24, 6, 3, 2)", "(3, 24, 6, 3, 2)", {"learner.groups[1].blocks": 3}),
    ("convnext@tiny", "(192, 3)", "(192, 4)", {"depths": [3, 4, 9, 3]}),
    ("densenet@densenet121", "[6, 12, 24, 16]", "[6, 13, 24, 16]", {"depths": [6, 13, 24, 16]}),
    ("vit@ti16", "[12]", "[7]", {"depth": 7}),
]
UNROLLED = {("densenet@densenet121", "torch")}
"""Where a group's channels hang on how many blocks it has, the source for PyTorch has no table."""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("reference", "row", "edited", "settings"), EDITS)
def test_an_edited_row_is_an_edited_spec(
    reference: str, row: str, edited: str, settings: dict[str, object], target: str
) -> None:
    if (reference, target) in UNROLLED:
        pytest.skip("written out: there is no table")
    spec = archc.load(reference)
    emitted = emit_source(spec.assembled, target, reference)
    assert emitted.source.count(row) == 1
    source = emitted.source.replace(row, edited)
    graph = spec.with_(settings).graph()
    assert found_in(source, emitted.entry, target, graph) == []
    assert found_in(source, emitted.entry, target, spec.graph()) != []


def found_in(source: str, entry: str, target: str, graph: Graph) -> list[str]:
    """Where a source does not make the graph."""
    if target == "keras":
        return mismatches(source, graph, entry)
    return record(source, graph, entry).mismatches
