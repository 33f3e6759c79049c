"""The command line: its help, what it prints for people and for machines, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import archc
from archc.cli.boundary import run
from archc.cli.group import COMMANDS

GOOD = "input: [8, 8, 3]\nstem:\n- conv: {filters: 4, kernel: 3}\n- relu\n"
BAD = "input: [8, 8, 3]\nstem:\n- rleu\n"
BROKEN_PROMISE = GOOD + "expect: {params: 1}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of specs that the commands run in."""
    for name, text in {"good": GOOD, "bad": BAD, "promise": BROKEN_PROMISE}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARCHC_DEBUG", raising=False)
    return tmp_path


def archc_process(
    *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """`archc` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "archc", *arguments],
        capture_output=True,
        check=False,
        timeout=60,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(archc.__file__).parents[1]),
            **(environment or {}),
        },
    )


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for command, line in COMMANDS.items():
        assert re.search(rf"^  {command} +{re.escape(line[:30])}", shown, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, option]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: archc {command} ")
    assert len(shown.splitlines()) >= 5


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    told = capsys.readouterr()
    assert "Commands:" in told.out + told.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"archc {archc.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chekc", "good.yaml"], "no command `chekc`: did you mean `check`?"),
        (["frobnicate"], "no command `frobnicate`: the commands are `build`, `check`, "),
        (["check"], "Missing argument 'SPEC[@VARIANT]...'"),
        (["check", "good.yaml", "--fromat", "json"], "No such option '--fromat'"),
        (["check", "good.yaml", "--format", "xml"], "'xml' is not one of 'text', 'json', 'github'"),
        (["summary", "good.yaml", "bad.yaml"], "unexpected extra argument (bad.yaml)"),
    ],
)
def test_misuse(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert told in re.sub(r"(No such option): (--\w+)", r"\1 '\2'", shown.err)
    assert shown.out == ""


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (["good.yaml"], 0),
        (["promise.yaml"], 1),
        (["bad.yaml"], 2),
        (["good.yaml", "promise.yaml"], 1),
        (["bad.yaml", "promise.yaml", "good.yaml"], 2),
        (["missing.yaml", "good.yaml"], 2),
    ],
)
def test_check_ends_with_the_worst(
    files: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", *files]) == code
    assert capsys.readouterr().out.count("parameters") == files.count("good.yaml")


def test_check_tells_what_a_good_spec_comes_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "good.yaml"]) == 0
    assert capsys.readouterr() == ("good.yaml: 2 layers, 112 parameters\n", "")


def test_check_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "bad.yaml", "promise.yaml", "missing.yaml", "--format", "json"]) == 2
    told = capsys.readouterr()
    assert told.err == ""
    records = json.loads(told.out)
    assert [(record["code"], record["severity"]) for record in records] == [
        ("unknown-verb", "error"),
        ("contract", "error"),
        ("file-missing", "error"),
    ]
    assert records[0]["place"] == {
        "file": "bad.yaml",
        "line": 3,
        "column": 3,
        "end_line": 3,
        "end_column": 7,
    }
    assert records[0]["helps"] == ["did you mean `relu` or `relu6` or `prelu`?"]
    assert records[2]["place"] is None


def test_a_terminal_is_told_where_to_read_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "bad.yaml"]) == 2
    assert "explain" not in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(["check", "bad.yaml"]) == 2
    assert capsys.readouterr().err.endswith("\n`archc explain unknown-verb` tells more\n")


def test_check_of_good_specs_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "good.yaml", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_summary_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["summary", "good.yaml", "--layers", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["name"] == "good"
    assert record["inputs"] == {"input": [8, 8, 3]}
    assert record["outputs"] == {"relu": [8, 8, 4]}
    # 3·3·3·4 weights and 4 biases; 8·8 positions of 4 filters of 27 products.
    assert (record["parameters"], record["macs"]) == (112, 6912)
    assert [node["name"] for node in record["nodes"]] == ["input", "conv", "relu"]


def test_a_spec_of_several_variants_is_checked_at_all(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "args: {n: 1}\nvariants: {one: {}, two: {n: 2}}\n" + GOOD.replace("4", "=4 * n")
    (folder / "family.yaml").write_text(text, encoding="utf-8")
    assert run(["check", "family.yaml"]) == 0
    assert capsys.readouterr().out == (
        "family.yaml@one: 2 layers, 112 parameters\nfamily.yaml@two: 2 layers, 224 parameters\n"
    )
    assert run(["check", "family.yaml@two"]) == 0
    assert capsys.readouterr().out == "family.yaml@two: 2 layers, 224 parameters\n"


def test_libraries_of_a_search_path(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "lib.yaml").write_text("define: {unit: {steps: [relu]}}\n")
    (folder / "user.yaml").write_text("use: [lib.yaml]\ninput: [8, 8, 3]\nstem: [unit]\n")
    assert run(["check", "user.yaml"]) == 2
    assert run(["check", "user.yaml", "--search-path", "elsewhere"]) == 0


def test_a_fault_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("out of cheese")

    monkeypatch.setattr("archc.cli.commands.summary.load_spec", fail)
    assert run(["summary", "good.yaml"]) == 70
    told = capsys.readouterr().err
    assert "internal error: RuntimeError: out of cheese" in told
    assert "fault of archc" in told
    assert archc.__version__ in told
    monkeypatch.setenv("ARCHC_DEBUG", "1")
    with pytest.raises(RuntimeError, match="out of cheese"):
        run(["summary", "good.yaml"])


def test_an_interruption_ends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("archc.cli.commands.summary.load_spec", interrupt)
    assert run(["summary", "good.yaml"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_in_a_process_of_its_own() -> None:
    assert archc_process("check", "good.yaml").returncode == 0
    bad = archc_process("check", "bad.yaml")
    assert (bad.returncode, bad.stdout) == (2, b"")
    assert bad.stderr.decode() == (
        "error[unknown-verb]: unknown verb `rleu`\n"
        " --> bad.yaml:3:3\n"
        "  |\n"
        "3 | - rleu\n"
        "  |   ^^^^\n"
        "  = help: did you mean `relu` or `relu6` or `prelu`?\n"
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_stream_of_few_letters_is_no_fault(encoding: str) -> None:
    environment = {"PYTHONIOENCODING": encoding}
    good = archc_process("summary", "good.yaml", environment=environment)
    assert (good.returncode, good.stderr) == (0, b"")
    bad = archc_process("check", "bad.yaml", environment=environment)
    assert bad.returncode == 2
    assert b"unknown verb `rleu`" in bad.stderr


@pytest.mark.parametrize(
    ("given", "reader"),
    [
        # More than a pipe holds, so that archc is still writing when its reader is gone.
        ("summary nasnet@large --layers", "head -1"),
        ("summary nasnet@large --layers", "true"),
        ("summary resnet50", "true"),
        ("--help", "true"),
        ("--version", "true"),
    ],
)
def test_a_reader_that_has_enough_is_no_fault(given: str, reader: str) -> None:
    command = f"{sys.executable} -m archc {given} | {reader}; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(archc.__file__).parents[1])},
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb", "NO_COLOR": ""}, False),
    ],
)
def test_colours_are_for_terminals(environment: dict[str, str], coloured: bool) -> None:
    import pty

    ours, theirs = pty.openpty()
    path = str(Path(archc.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "archc", "check", "bad.yaml"],
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": path, **environment},
    )
    os.close(theirs)
    shown = b""
    # A terminal whose other end is closed gives an error in place of an end of file.
    with contextlib.suppress(OSError):
        while chunk := os.read(ours, 4096):
            shown += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 2
    assert b"unknown verb `rleu`" in shown
    assert (b"\x1b[" in shown) == coloured
