"""Bad input: every mistake gives the diagnostic that its golden case holds, and nothing else."""

from __future__ import annotations

import re
import time

import pytest

from archc.cli.boundary import run
from tests.conftest import Golden
from tests.golden import CASES, GOLDENS, Case, cases

BUDGET = 20
"""Seconds of the processor after which a case counts as hanging, on however slow a machine."""

HEAD = re.compile(r"^(error|warning)\[(?P<code>[a-z-]+)\]: (?P<message>.+)$", re.MULTILINE)

PYTHON_SPEAK = re.compile(
    r"NoneType|Traceback|pydantic|\btuple\b|\bdict\b|\bstr\b|\bNone\b|\bTrue\b|\bFalse\b"
    r"|[A-Z]\w+Error|internal error|object at 0x"
)

NAMES = re.compile(r"Keras\b|PyTorch\b")
"""What is written with a capital wherever it stands."""

EXCERPT = re.compile(r"^ *\d* \| .*$", re.MULTILINE)
"""Lines that show the spec, which may hold anything."""


@pytest.mark.parametrize("case", cases("errors.txt"), ids=lambda case: case.name)
def test_error(
    case: Case,
    golden: Golden,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(case.folder)
    started = time.process_time()
    code = run(case.arguments)
    taken = time.process_time() - started
    told = capsys.readouterr().err
    golden.check(case.folder / "errors.txt", f"exit {code}\n{told}")
    assert taken < BUDGET


@pytest.mark.parametrize("case", cases("errors.txt"), ids=lambda case: case.name)
def test_diagnostics_speak_the_language_of_the_reader(case: Case) -> None:
    text = (case.folder / "errors.txt").read_text("utf-8")
    assert text.startswith(("exit 1\n", "exit 2\n"))
    assert not PYTHON_SPEAK.search(EXCERPT.sub("", text))
    for head in HEAD.finditer(text):
        message = head["message"]
        assert not message.endswith((".", "!", ":"))
        assert message[0].islower() or not message[0].isalpha() or NAMES.match(message)


def test_every_case_has_a_golden_and_every_golden_a_case() -> None:
    for folder in CASES.glob("*/*"):
        files = {path.name for path in folder.iterdir()}
        assert files & set(GOLDENS), f"{folder} has no golden"
        assert files & {"spec.yaml", "command.txt"}, f"{folder} has a golden and no case"


def test_no_golden_is_elsewhere() -> None:
    placed = set(CASES.glob("*/*/*"))
    named = {path for path in CASES.rglob("*") if path.name in GOLDENS}
    assert named <= placed
