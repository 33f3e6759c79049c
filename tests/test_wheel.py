"""The wheel carries the zoo: an installed archc knows `resnet50` from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_the_wheel_works_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("archc-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    names = {path.name for path in (tmp_path / "site" / "archc" / "_specs").glob("*.yaml")}
    assert names == {path.name for path in (ROOT / "specs").glob("*.yaml")}
    assert (tmp_path / "site" / "archc" / "_templates").is_dir()
    pages = {path.name for path in (tmp_path / "site" / "archc" / "_errors").iterdir()}
    assert pages == {path.name for path in (ROOT / "docs" / "errors").iterdir()}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    # Where nothing is written: the checkout itself must not be found.
    checked = run_installed(tmp_path / "site", elsewhere, "check", "resnet50", "resnet101")
    assert "resnet50: 174 layers, 25,636,712 parameters" in checked
    assert run_installed(tmp_path / "site", elsewhere, "explain", "yaml-tag").startswith("# yaml")
    assert list(elsewhere.iterdir()) == []


def run_installed(site: Path, folder: Path, *arguments: str) -> str:
    """What the installed archc prints, run in a folder."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "archc", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
