"""`archc --errors json|github COMMAND`: every command tells machines what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archc.cli.boundary import run

BAD = "input: [8, 8, 3]\nstem: [rleu, conv: {filters: 8, kernal: 3}]\n"
GOOD = "input: [8, 8, 3]\nstem: [conv: {filters: 8, kernel: 3}]\n"

COMMANDS = {
    "build": ["build", "bad.yaml"],
    "check": ["check", "bad.yaml"],
    "diff": ["diff", "good.yaml", "bad.yaml"],
    "emit": ["emit", "bad.yaml"],
    "emit torch": ["emit", "bad.yaml", "--to", "torch"],
    "predict": ["predict", "bad.yaml", "image.png", "--weights", "w.safetensors"],
    "solve": ["solve", "bad.yaml", "--vary", "input[0]=8..16", "--target", "macs=1M"],
    "summary": ["summary", "bad.yaml", "--cost"],
    "verify": ["verify", "bad.yaml"],
    "weights": ["weights", "convert", "bad.yaml", "w.h5", "-o", "w.safetensors"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(BAD)
    Path("good.yaml").write_text(GOOD)
    return tmp_path


def records(told: str) -> list[dict[str, object]]:
    """What stands on stderr: one line, and nothing else."""
    (line,) = told.splitlines()
    found: list[dict[str, object]] = json.loads(line)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_gives_the_records_of_check(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "bad.yaml", "--format", "json"]) == 2
    wanted = json.loads(capsys.readouterr().out)
    assert [record["code"] for record in wanted] == ["unknown-verb", "unknown-attribute"]
    assert run(["--errors", "json", *COMMANDS[name]]) == 2
    told = capsys.readouterr()
    assert records(told.err) == wanted
    assert told.out == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_gives_the_annotations_of_check(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "bad.yaml", "--format", "github"]) == 2
    wanted = capsys.readouterr().out
    assert wanted.count("::error title=archc unknown-") == 2
    assert run(["--errors", "github", *COMMANDS[name]]) == 2
    assert capsys.readouterr().err == wanted


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["summary", "nowhere"], "spec-unknown"),
        (["sweep", "good.yaml", "--vary", "widht=1..2"], "setting-path"),
        (["watch", "nowhere.yaml"], "file-missing"),
        (["watch", "good.yaml", "--set", "classes"], "setting-path"),
        (["check-emitted", "good.yaml"], "not-emitted"),
        (["schema", "nowhere.yaml"], "file-missing"),
        (["emit", "good.yaml", "-o", "good.yaml"], "cannot-write"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:2]),
)
def test_what_is_wrong_with_a_command_line(
    arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--errors", "json", *arguments]) == 2
    assert [record["code"] for record in records(capsys.readouterr().err)] == [code]


def test_the_errors_of_all_files_are_one_list(capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.yaml").write_text("a: [")
    Path("two.yaml").write_text("a: {")
    assert run(["--errors", "json", "fmt", "one.yaml", "good.yaml", "two.yaml"]) == 2
    found = [record["place"] for record in records(capsys.readouterr().err)]
    assert [place["file"] for place in found if isinstance(place, dict)] == ["one.yaml", "two.yaml"]


def test_without_errors_the_list_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    """And what a command gives is what it gives without the option; lines beside it are not."""
    sweep = ["sweep", "good.yaml", "--vary", "input[0]=0..8:8"]
    assert run(sweep) == 0
    plain = capsys.readouterr()
    assert "1 variant is infeasible" in plain.err
    assert run(["--errors", "json", *sweep]) == 0
    told = capsys.readouterr()
    assert told.out == plain.out
    assert records(told.err) == []
    assert run(["--errors", "github", *sweep]) == 0
    assert capsys.readouterr() == plain


def test_warnings_are_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.yaml").write_text("args: {classes: 10}\n" + GOOD)
    assert run(["--errors", "json", "check", "odd.yaml", "--lint"]) == 0
    (record,) = records(capsys.readouterr().err)
    assert (record["code"], record["severity"]) == ("unused-arg", "warning")


def test_the_format_of_check_stays_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--errors", "json", "check", "bad.yaml", "--format", "json"]) == 2
    told = capsys.readouterr()
    assert len(json.loads(told.out)) == 2
    assert records(told.err) == []


def test_one_run_leaves_nothing_for_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--errors", "json", "summary", "bad.yaml"]) == 2
    assert len(records(capsys.readouterr().err)) == 2
    assert run(["summary", "bad.yaml"]) == 2
    assert capsys.readouterr().err.startswith("error[unknown-verb]: ")
    assert run(["--errors", "json", "summary", "nowhere"]) == 2
    assert len(records(capsys.readouterr().err)) == 1


def test_a_spec_can_not_give_commands_to_the_workflow(capsys: pytest.CaptureFixture[str]) -> None:
    Path("spec.yaml").write_text('input: [8, 8, 3]\nstem: ["x\\n::add-mask::y\\r\\n::stop"]\n')
    assert run(["--errors", "github", "summary", "spec.yaml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("::error title=archc unknown-verb,")


def test_a_form_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--errors", "xml", "summary", "bad.yaml"]) == 2
    assert "'xml' is not one of 'text', 'json', 'github'" in capsys.readouterr().err
