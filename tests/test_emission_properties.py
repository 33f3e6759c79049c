"""Whatever a valid spec says, its emissions are the network, clean, and always the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given

from tests.fuzz import (
    TARGETS,
    Fuzz,
    emission_problems,
    installed_targets,
    loaded,
    main,
    numeric_problems,
    source_problems,
)
from tests.strategies import is_valid, rendered, spec_data, specs
from tests.strategies.naive_parts import Data


@pytest.mark.parametrize("target", TARGETS)
@given(text=specs())
@hypothesis.settings(max_examples=25)
def test_valid_specs_are_emitted(target: str, text: str) -> None:
    """Emitted without error, found right without a framework, as ruff wants it, twice alike."""
    with loaded(text) as spec:
        problems, emitted = emission_problems(spec, target)
    assert problems == []
    assert emitted is not None


@pytest.mark.slow
@given(text=specs())
@hypothesis.settings(max_examples=12)
def test_numbers_are_equal(text: str) -> None:
    pytest.importorskip("torch")
    assert installed_targets() == TARGETS
    with loaded(text) as spec:
        assert numeric_problems(spec) == []


@pytest.mark.slow
def test_emissions_hang_on_no_hash(tmp_path: Path) -> None:
    """Sets of texts have another order in each process; what is emitted has not."""
    texts: list[str] = []

    @hypothesis.settings(max_examples=60, derandomize=True, database=None)
    @given(spec_data())
    def collect(data: Data) -> None:
        if is_valid(data):
            texts.append(rendered(data))

    collect()
    file = tmp_path / "texts.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    told = [
        subprocess.run(
            [sys.executable, "-m", "tests.fuzz", "--digests", str(file)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for seed in ("1", "2")
    ]
    assert len(told[0]) == len(TARGETS) * len(texts)
    differ = [i // len(TARGETS) for i, (a, b) in enumerate(zip(*told, strict=True)) if a != b]
    assert [texts[i] for i in differ] == []


def test_unclean_source_is_seen() -> None:
    clean = '"""A docstring."""\n\nimport keras\n\nprint(keras.Model)\n'
    assert source_problems("keras", clean) == []
    kinds = [
        problem.kind
        for source in ("x = (", clean.replace("\n\nprint", "\nprint"), clean + "import os\n")
        for problem in source_problems("keras", source)
    ]
    assert len(kinds) == 3
    assert kinds[0].startswith("keras: compile: SyntaxError")
    assert kinds[1:] == ["keras: ruff format", "keras: ruff check E402 F401"]


def test_a_fuzz_tells_what_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault planted in the emitter is found, told with a small spec, and the exit code is 1."""

    def broken(spec: object, target: str) -> tuple[list[object], None]:
        raise_for = "dense" in Path(spec.family.place.path).read_text("utf-8")  # type: ignore[attr-defined]
        from tests.fuzz import Problem

        return [Problem(f"{target}: planted", "it has a dense layer")] if raise_for else [], None

    monkeypatch.setattr("tests.fuzz.emission_problems", broken)
    assert main(["--count", "40", "--seed", "3", "--shrink", "5"]) == 1
    told = capsys.readouterr().out
    smallest = told.rpartition("--- a small spec that shows it\n")[2]
    assert "planted" in told
    assert "dense" in smallest
    assert len(smallest.splitlines()) <= 8


def test_a_fuzz_without_failures_is_silent_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.emission_problems", lambda _spec, _target: ([], None))
    assert main(["--count", "5"]) == 0
    assert Fuzz(numeric_every=0).problems == {}
