"""Keras is loaded late, and quietly."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

BUILD = """
import sys
from archc.targets.keras import build
assert not {"keras", "tensorflow", "numpy"} & sys.modules.keys()
from archc.layers import Conv, Dense, Flatten
from tests.keras_graphs import chain
model = build(chain((8, 8, 4), Conv(filters=4, kernel=3, groups=2), Flatten(), Dense(units=2)))
print(model.count_params(), "on stdout")
print("a warning of the program", file=sys.stderr)
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.mark.slow
def test_building_writes_nothing_but_what_the_program_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    done = run(BUILD)
    assert done.stdout == "590 on stdout\n"
    assert done.stderr == "a warning of the program\n"


NOISE = """
import os
from archc.targets.keras.runtime import _without_noise
with _without_noise():
    os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written\\n")
    os.write(2, b"I0000 00:00:1795417497.362174    3919 port.cc:153] oneDNN is on.\\n")
    os.write(2, b"W0000 00:00:1795417497.362174    3919 other.cc:15] a warning\\n")
    os.write(2, b"E0000 00:00:1795417497.362174    3919 cuda.cc:52] an error\\n")
    os.write(2, b"Illegal instruction\\n")
os.write(2, b"I0000 00:00:1795417497.362174    3919 port.cc:153] later\\n")
"""


def test_only_noise_is_left_out() -> None:
    lines = run(NOISE).stderr.splitlines()
    assert [line.rpartition("] ")[2] for line in lines] == [
        "an error",
        "Illegal instruction",
        "later",
    ]


def test_noise_is_left_out_without_a_stderr() -> None:
    closed = "import os; os.close(2)\n" + NOISE.replace("os.write(2", "print(2")
    assert run(closed).returncode == 0
