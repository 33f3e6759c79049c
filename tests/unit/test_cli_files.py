"""Whatever stands at a path, a command ends quickly and says what it found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archc.cli.boundary import run

SPEC = "input: [8, 8, 3]\nstem:\n- relu\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`inside` is the folder that the commands run in; `secret.yaml` lies outside of it."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(inside)
    return inside


def refused(path: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What `archc check` tells of a path that is no good spec."""
    assert run(["check", path]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


def test_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs.yaml").mkdir()
    assert refused("specs.yaml", capsys) == (
        "error[file-directory]: expected a file, found the directory `specs.yaml`\n"
    )


def test_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused("nothing.yaml", capsys) == (
        "error[file-missing]: expected a file, found nothing at `nothing.yaml`\n"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(folder / "pipe.yaml")
    assert refused("pipe.yaml", capsys) == (
        "error[file-kind]: expected a regular file, found `pipe.yaml`, a pipe\n"
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no /dev/zero")
def test_an_endless_device(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "endless.yaml").symlink_to("/dev/zero")
    assert "[file-kind]" in refused("endless.yaml", capsys)


def test_a_file_that_may_not_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "private.yaml").write_text(SPEC, encoding="utf-8")
    really_open = os.open

    # Who runs the tests may be allowed to read all files.
    def guarded(path: os.PathLike[str] | str, *arguments: int) -> int:
        if str(path).endswith("private.yaml"):
            raise PermissionError(13, "Permission denied", str(path))
        return really_open(path, *arguments)

    monkeypatch.setattr(os, "open", guarded)
    assert refused("private.yaml", capsys) == (
        "error[file-permission]: expected a readable file, found `private.yaml`, "
        "which may not be read\n"
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            "error[file-encoding]: expected text, found binary data",
        ),
        (b"\xff\xfei\0n\0", "error[file-encoding]: expected UTF-8, found UTF-16"),
        (
            b"input: [8, 8, 3]\nname: caf\xe9\n",
            "error[file-encoding]: expected UTF-8, found the byte 0xe9",
        ),
        (
            b"input: [8, 8, 3]\nname: a\x07b\n",
            "error[file-encoding]: expected printable text, found",
        ),
        (b"x" * 1_000_001, "error[file-size]: expected at most 1,000,000 bytes, found more"),
        (b"\n" * 500_000, "error[yaml-empty]: expected YAML, found no content"),
    ],
    ids=["binary", "utf-16", "latin-1", "control character", "huge", "blank"],
)
def test_data(data: bytes, told: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "data.yaml").write_bytes(data)
    shown = refused("data.yaml", capsys)
    assert shown.startswith(told)
    assert all(character.isprintable() or character == "\n" for character in shown)


@pytest.mark.parametrize("key", ["extends", "use"])
@pytest.mark.parametrize("reference", ["../secret.yaml", "link.yaml", "sub/../../secret.yaml"])
def test_what_lies_outside_is_not_reached(
    key: str, reference: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "link.yaml").symlink_to(folder.parent / "secret.yaml")
    (folder / "sub").mkdir()
    value = reference if key == "extends" else f"[{reference}]"
    (folder / "spec.yaml").write_text(f"{SPEC}{key}: {value}\n", encoding="utf-8")
    shown = refused("spec.yaml", capsys)
    assert f"`{reference}` lies outside the spec's folder" in shown
    assert " --> spec.yaml:4:" in shown


def test_a_link_to_a_folder_leads_nowhere_else(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out").symlink_to(folder.parent, target_is_directory=True)
    (folder / "spec.yaml").write_text("extends: out/secret.yaml\n", encoding="utf-8")
    assert "lies outside the spec's folder" in refused("spec.yaml", capsys)


def test_a_link_that_stays_inside_is_fine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "base.yaml").write_text(SPEC, encoding="utf-8")
    (folder / "link.yaml").symlink_to("base.yaml")
    (folder / "spec.yaml").write_text("extends: link.yaml\n", encoding="utf-8")
    assert run(["check", "spec.yaml"]) == 0
    assert capsys.readouterr().err == ""


def test_windows_line_ends_and_a_byte_order_mark(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "spec.yaml").write_bytes(b"\xef\xbb\xbf" + SPEC.replace("\n", "\r\n").encode())
    assert run(["check", "spec.yaml"]) == 0
    assert capsys.readouterr().err == ""
    (folder / "bad.yaml").write_bytes(b"\xef\xbb\xbf" + SPEC.replace("relu\n", "rleu\r\n").encode())
    assert "bad.yaml:3:3\n  |\n3 | - rleu\n  |   ^^^^\n" in refused("bad.yaml", capsys)
