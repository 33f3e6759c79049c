"""What is emitted is the network: checked for every shipped spec, and equal in numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import archc
from archc.targets.source import emit_source
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
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", command[0], "--isolated", "--no-cache", *command[1:], "."],
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
