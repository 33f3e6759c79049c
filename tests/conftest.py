"""What all tests share: a quiet, deterministic machine, and golden files."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# Before the first import of TensorFlow: equality is tested to 1e-6, and a GPU may round more.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A process that loads Triton after TensorFlow crashes, and a PyTorch for GPUs would.
sys.modules.setdefault("triton", None)  # type: ignore[arg-type]

# What runs in the background inherits that Ctrl-C is ignored, and so would the commands to which
# tests send it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more of the machine than of archc; CI tries the same ones always.
hypothesis.settings.register_profile(
    "archc",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("archc")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="rewrite the golden files that differ, and fail the tests that they belong to",
    )


class Golden:
    """Compares texts with the files that hold what they should be."""

    def __init__(self, *, update: bool) -> None:
        self._update = update
        self.rewritten: list[Path] = []

    def check(self, path: Path, text: str) -> None:
        """Assert that `path` holds `text`; under `--update-goldens`, make it so."""
        expected = path.read_text(encoding="utf-8") if path.exists() else None
        if self._update and text != expected:
            path.write_text(text, encoding="utf-8")
            self.rewritten.append(path)
            return
        assert expected is not None, f"{path} is missing: make it with --update-goldens"
        assert text == expected, f"{path} differs: see why, then update it with --update-goldens"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Iterator[Golden]:
    """Golden files. A run that rewrites any fails, so that no update goes unseen."""
    golden = Golden(update=request.config.getoption("--update-goldens"))
    yield golden
    if golden.rewritten:
        pytest.fail("rewritten: " + ", ".join(map(str, golden.rewritten)), pytrace=False)
