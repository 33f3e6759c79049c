"""The loop of `archc watch` without a clock: what happens while it looks is part of each test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archc.cli.watching.disk import Folders, folders_of
from archc.cli.watching.loop import Look, looks
from archc.cli.watching.subject import subject

SPEC = "input: [8, 8, 3]\ntask:\n- dense: 2\n"
WIDER = SPEC.replace("2", "64")


class Disk:
    """Wakes the loop once for each deed, after it is done; `folders` are those then watched."""

    def __init__(self, *deeds: Callable[[], object]) -> None:
        self.deeds = deeds
        self.folders: list[Folders] = []

    def wakes(self, folders: Callable[[], Folders]) -> Iterator[None]:
        for deed in self.deeds:
            self.folders.append(folders())
            deed()
            yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    return path


def watched(path: Path, disk: Disk, pause: Callable[[float], None] = lambda _: None) -> list[Look]:
    return list(looks(subject(os.fspath(path), (), ()), disk.wakes, pause))


def statuses(found: list[Look]) -> list[str]:
    return [look.outcome.status for look in found]


def test_saves_before_one_wake_are_one_update(path: Path) -> None:
    def save_often() -> None:
        for units in range(3, 30):
            path.write_text(SPEC.replace("2", str(units)))

    found = watched(path, Disk(save_often))
    assert statuses(found) == ["ok", "ok"]
    assert found[1].outcome.graph is not None
    assert found[1].outcome.graph.nodes[-1].shape == (8, 8, 29)


def test_wakes_and_saves_without_a_change_say_nothing(path: Path) -> None:
    disk = Disk(lambda: None, path.touch, lambda: path.write_text(SPEC))
    assert statuses(watched(path, disk)) == ["ok"]


@pytest.mark.parametrize("seen", ["", WIDER[:25], "input: [8, 8"])
def test_half_a_save_is_not_told(path: Path, seen: str) -> None:
    pauses: list[float] = []

    def finish(seconds: float) -> None:
        pauses.append(seconds)
        path.write_text(WIDER)

    found = watched(path, Disk(lambda: path.write_text(seen)), finish)
    assert statuses(found) == ["ok", "ok"]
    assert len(pauses) == 1


def test_a_file_that_is_missing_for_a_moment_is_not_gone(path: Path) -> None:
    found = watched(path, Disk(path.unlink), lambda _: path.write_text(WIDER) and None)
    assert statuses(found) == ["ok", "ok"]


def test_a_mistake_that_stays_is_told_once(path: Path) -> None:
    disk = Disk(lambda: path.write_text("input: ["), lambda: None, lambda: path.write_text(SPEC))
    assert statuses(watched(path, disk)) == ["ok", "error", "ok"]


def test_a_file_that_never_rests_is_looked_at_in_the_end(path: Path) -> None:
    saves = iter(range(1000))
    pause = lambda _: path.write_text(f"input: [ # {next(saves)}\n") and None  # noqa: E731
    found = watched(path, Disk(lambda: path.write_text("input: [")), pause)
    assert statuses(found) == ["ok", "error"]
    assert next(saves) < 100


def test_gone_is_told_once(path: Path) -> None:
    disk = Disk(path.unlink, lambda: None, lambda: path.write_text(SPEC))
    assert statuses(watched(path, disk)) == ["ok", "gone", "ok"]


def test_a_copy_that_keeps_time_and_size_is_seen(path: Path) -> None:
    status = path.stat()

    def save() -> None:
        path.write_text(SPEC.replace("2", "5"))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    found = watched(path, Disk(save))
    assert found[1].outcome.graph is not None
    assert found[1].outcome.graph.nodes[-1].shape == (8, 8, 5)


@pytest.mark.skipif(os.name == "nt", reason="no such files")
def test_a_pipe_in_place_of_the_spec_does_not_block(path: Path) -> None:
    def deed() -> None:
        path.unlink()
        os.mkfifo(path)

    assert statuses(watched(path, Disk(deed))) == ["ok", "error"]


def test_bytes_that_are_no_text(path: Path) -> None:
    disk = Disk(lambda: path.write_bytes(b"\xff\xfe\x00"), lambda: path.write_text(SPEC))
    assert statuses(watched(path, disk)) == ["ok", "error", "ok"]


def test_folders_of_new_libraries_are_watched(path: Path) -> None:
    library = path.parent / "parts" / "unit.yaml"
    disk = Disk(
        lambda: path.write_text(f"use: [parts/unit.yaml]\n{SPEC}"), library.parent.mkdir, int
    )
    assert statuses(watched(path, disk)) == ["ok", "error"]
    assert library.parent not in disk.folders[1]
    assert library.parent in disk.folders[2]


def test_folders_are_those_nearest_and_those_behind_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "net.yaml"
    link.symlink_to(tmp_path / "real" / "net.yaml")
    found = folders_of([link, tmp_path / "not" / "there" / "net.yaml"])
    assert set(found) == {tmp_path, tmp_path / "links", (tmp_path / "real").resolve()}


def test_a_folder_made_again_is_another(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    before = folders_of([folder / "net.yaml"])
    folder.rename(tmp_path / "old")
    folder.mkdir()
    assert folders_of([folder / "net.yaml"]) != before
