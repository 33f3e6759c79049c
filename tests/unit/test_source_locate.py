"""References to specs: whatever is given, it is a file, a spec of the zoo, or one diagnostic."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import archc
from archc.cli.boundary import run
from archc.diagnostics import CompileError

LONG = "a" * 5_000
"""Longer than a name of a file may be, and longer than a path."""


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (LONG, "spec-unknown"),
        (f"{LONG}.yaml", "file-missing"),
        (f"{LONG}/net.yaml", "file-missing"),
        (f"resnet50@{LONG}", "variant-unknown"),
        (f"{LONG}@first", "spec-unknown"),
        ("a\0b", "spec-unknown"),
        ("a\0b.yaml", "file-missing"),
        ("resnet50@\0", "variant-unknown"),
        ("\udc80", "spec-unknown"),
        ("", "file-directory"),
        (".", "file-directory"),
        ("folder.yaml", "file-directory"),
        ("pipe", "file-kind"),
        ("pipe@first", "file-kind"),
        (os.devnull, "file-kind"),
        ("loop.yaml", "file-missing"),
    ],
)
def test_references_that_are_no_specs(
    reference: str,
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.yaml").mkdir()
    os.mkfifo("pipe")
    Path("loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(CompileError) as raised:
        archc.load(reference).graph()
    assert [found.code for found in raised.value.diagnostics] == [code]
    assert run(["check", reference]) == 2
    assert capsys.readouterr().err.startswith(f"error[{code}]: ")


def test_a_library_with_too_long_a_name(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(f"use: [{LONG}.yaml]\ninput: [8, 8, 3]\nstem: [relu]\n")
    with pytest.raises(CompileError) as raised:
        archc.load(str(tmp_path / "net.yaml")).graph()
    assert [found.code for found in raised.value.diagnostics] == ["library-unknown"]
