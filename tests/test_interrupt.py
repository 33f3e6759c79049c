"""A build that is interrupted leaves the file of the build before it, whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SPEC = """
name: small
input: [64, 64, 3]
stem: [conv: {filters: 256, kernel: 3}]
learner: {block: conv, blocks: [8], filters: 512, kernel: 3}
task: [global_avg_pool, dense: 10]
"""


def build(folder: Path, seed: int) -> subprocess.Popen[str]:
    (folder / "small.yaml").write_text(SPEC)
    command = [sys.executable, "-m", "archc", "build", "small.yaml", "-o", "small.keras"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [*command, "--seed", str(seed)],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_leaves_the_old_file(tmp_path: Path, how: signal.Signals) -> None:
    finish(build(tmp_path, seed=1))
    target = tmp_path / "small.keras"
    before = target.read_bytes()

    code = interrupt(build(tmp_path, seed=2), how)
    assert code == (130 if how is signal.SIGINT else -signal.SIGKILL)
    assert target.read_bytes() == before
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None

    finish(build(tmp_path, seed=2))
    assert target.read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.keras", "small.yaml"]


def finish(process: subprocess.Popen[str]) -> None:
    with process:
        _, errors = process.communicate()
    assert process.returncode == 0, errors


def interrupt(process: subprocess.Popen[str], how: signal.Signals) -> int:
    """Send a signal when the file is being written. Returns the exit code."""
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("writing"):
                process.send_signal(how)
                break
        process.stderr.read()
    return process.returncode
