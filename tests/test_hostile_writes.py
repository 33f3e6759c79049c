"""Where a file can't be written, or a command is killed, the old file stands or the new one."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from archc.cli.boundary import run
from tests import kills

COMMANDS = {name: each for name, each in kills.COMMANDS.items() if name != "weights"}
NAMES = pytest.mark.parametrize(
    ("target", "command"), COMMANDS.values(), ids=[name.replace(" ", "-") for name in COMMANDS]
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for which, width in (("a", 4), ("b", 8)):
        (tmp_path / f"{which}.yaml").write_text(kills.SPEC.replace("WIDTH", str(width)))
    return tmp_path


def carried_out(command: Sequence[str], which: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command tells that can't write its file."""
    assert run([part.replace("WHICH", which) for part in command]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error[cannot-write]")
    return told


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@NAMES
def test_a_directory_in_the_way(
    target: str, command: Sequence[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / target).mkdir()
    assert "it is a directory" in carried_out(command, "a", capsys)
    assert names(folder) == {"a.yaml", "b.yaml", target}


@NAMES
def test_a_file_of_others_in_the_way(
    target: str, command: Sequence[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / target).write_text("notes: mine\n")
    assert "--force" in carried_out(command, "a", capsys)
    assert (folder / target).read_text() == "notes: mine\n"
    assert names(folder) == {"a.yaml", "b.yaml", target}


@NAMES
def test_a_file_where_a_folder_should_be(
    target: str, command: Sequence[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "file").write_text("")
    below = [f"file/{part}" if part == target else part for part in command]
    assert "is not a directory" in carried_out(below, "a", capsys)
    assert names(folder) == {"a.yaml", "b.yaml", "file"}


@NAMES
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(
    target: str, command: Sequence[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.chmod(0o500)
    assert "permission denied" in carried_out(command, "a", capsys)
    assert target not in names(folder)


@NAMES
def test_a_full_disk(
    target: str, command: Sequence[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([part.replace("WHICH", "a") for part in command]) == 0
    capsys.readouterr()
    before = (folder / target).read_bytes()
    with at_most(100):
        told = carried_out(command, "b", capsys)
    # A sweep keeps its rows in a database, which says it in its own words.
    assert "file too large" in told or "disk I/O error" in told
    assert (folder / target).read_bytes() == before
    assert names(folder) == {"a.yaml", "b.yaml", target}


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Within the block no file grows beyond so many bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_kills_at_random_moments() -> None:
    # A process of its own: it forks, and this one may hold threads of a framework.
    command = [sys.executable, "-m", "tests.kills", "--count", "15"]
    root = Path(kills.__file__).parent.parent
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
