"""Files are written whole or not at all."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from archc.atomic import CannotWrite, atomic_path, check_writable, write_text_atomic


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_writes_a_text_into_folders_that_it_makes(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "text.py"
    write_text_atomic(target, "x = 'é'\n")
    assert target.read_bytes() == b"x = '\xc3\xa9'\n"
    assert names(target.parent) == {"text.py"}


def test_replaces_a_file_and_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "text.py"
    target.write_text("old")
    target.chmod(0o640)
    write_text_atomic(target, "new")
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_that_others_get(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_text_atomic(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_writes_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    write_text_atomic(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "file").read_text() == "text"


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    target = tmp_path / "file"
    target.write_text("old")

    def write_half() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half of the n")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert target.read_text() == "old"
    assert names(tmp_path) == {"file"}


def test_what_the_block_writes_beside_its_file_is_removed(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "file") as temporary:
        temporary.write_text("new")
        (temporary.parent / "scratch").write_text("x" * 1000)
    assert names(tmp_path) == {"file"}


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite), atomic_path(tmp_path / "file"):
        pass
    assert names(tmp_path) == set()


def test_threads_that_write_one_file_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "file"
    texts = [letter * 200_000 for letter in "abcd"]
    threads = [threading.Thread(target=write_text_atomic, args=(target, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_text() in texts
    assert names(tmp_path) == {"file"}


SLOW_WRITER = """
import sys, time
from pathlib import Path
from archc.atomic import atomic_path
with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the n")
    print("half", flush=True)
    time.sleep(60)
"""


def kill_in_the_middle(target: Path, signal_number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_WRITER, str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal_number)
        assert process.wait(timeout=30) != 0


def test_a_killed_write_leaves_the_old_file_and_the_next_write_cleans_up(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    kill_in_the_middle(target, signal.SIGKILL)
    assert target.read_text() == "old"
    assert len(names(tmp_path)) == 2
    (tmp_path / ".file.archc-notes").write_text("the user's own")
    write_text_atomic(tmp_path / "other", "another target's leftovers are not touched")
    assert len(names(tmp_path)) == 4
    write_text_atomic(target, "new")
    assert target.read_text() == "new"
    assert names(tmp_path) == {"file", "other", ".file.archc-notes"}


def test_an_interrupt_from_the_keyboard_cleans_up_at_once(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    kill_in_the_middle(target, signal.SIGINT)
    assert target.read_text() == "old"
    assert names(tmp_path) == {"file"}


def test_a_write_in_progress_is_not_cleaned_up(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with atomic_path(target) as first:
        first.write_text("first")
        write_text_atomic(target, "second")
        assert first.exists()
    assert target.read_text() == "first"


def test_a_directory_stands_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="it is a directory"):
        write_text_atomic(tmp_path, "")


def test_a_device_stands_in_the_way(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CannotWrite, match="it is not a regular file"):
        write_text_atomic(tmp_path / "pipe", "")


def test_a_file_stands_where_a_folder_should(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match=r"file is not a directory"):
        write_text_atomic(tmp_path / "file" / "a" / "b", "")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CannotWrite, match="permission denied"):
        write_text_atomic(tmp_path / "file", "")


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="file name too long"):
        write_text_atomic(tmp_path / ("x" * 300), "")


def test_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(CannotWrite, match="file too large"):
            write_text_atomic(tmp_path / "file", "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "file").read_text() == "old"
    assert names(tmp_path) == {"file"}


def test_a_check_makes_nothing(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b" / "file")
    assert names(tmp_path) == set()
    with pytest.raises(CannotWrite, match="it is a directory"):
        check_writable(tmp_path)
