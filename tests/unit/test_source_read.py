"""Only regular files of plain text are read; everything else is one error that names the file."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import pytest

from archc.diagnostics import CompileError, Diagnostic
from archc.source import read_source
from archc.source.limits import MAX_BYTES


def test_text_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffname: café 😀\r\nb: 1\r\n".encode())
    source = read_source(path)
    assert source.text == "name: café 😀\r\nb: 1\r\n"
    assert source.path == str(path)
    assert read_source(path, "shown.yaml").path == "shown.yaml"


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    assert read_source(tmp_path / "b.yaml").text == "a: 1"


@pytest.mark.parametrize("name", ["missing.yaml", "a.yaml/b.yaml", "n" * 300, "a\0b", "loop.yaml"])
def test_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.yaml").write_text("a: 1")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    diagnostic = _error(tmp_path / name)
    assert diagnostic.code == "file-missing"
    assert diagnostic.message.endswith(f"`{tmp_path / name}`")


def test_a_missing_file_is_told_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "resnet50.yaml").write_text("a: 1")
    (tmp_path / "notes.txt").write_text("a: 1")
    assert _error(tmp_path / "resnet_50.yaml").helps == ("did you mean `resnet50.yaml`?",)
    assert _error(tmp_path / "notes.yaml").helps == ()
    assert _error(tmp_path / "none" / "resnet50.yaml").helps == ()


def test_directory(tmp_path: Path) -> None:
    assert _error(tmp_path).code == "file-directory"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files cannot be counted")
@pytest.mark.parametrize("name", ["", "pipe", "large", "fine"])
def test_no_file_stays_open(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "fine").write_text("a: 1")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with contextlib.suppress(CompileError):
        read_source(tmp_path / name)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_directory_where_the_system_refuses_to_open_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", _refusing)
    assert _error(tmp_path).code == "file-directory"


def test_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1")
    monkeypatch.setattr(os, "open", _refusing)
    diagnostic = _error(path)
    assert diagnostic.code == "file-permission"
    assert str(path) in diagnostic.message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    diagnostic = _error(tmp_path / "pipe.yaml")
    assert diagnostic.code == "file-kind"
    assert diagnostic.message.endswith("a pipe")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices as files")
def test_a_device_is_not_read() -> None:
    assert _error(Path("/dev/zero")).code == "file-kind"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets as files")
def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")
        assert _error(Path("s.yaml")).code == "file-kind"


def test_size(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"#" * MAX_BYTES)
    assert len(read_source(path).text) == MAX_BYTES
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    diagnostic = _error(path)
    assert diagnostic.code == "file-size"
    assert "1,000,000" in diagnostic.message


@pytest.mark.parametrize(
    ("data", "message", "line", "column"),
    [
        ("é: 1\nb: ".encode() + b"\xff\n", "the byte 0xff at offset 9 in line 2", 2, 4),
        (b"a: 1\nb: 2\n\xc3", "the byte 0xc3 at offset 10 in line 3", 3, 1),
        (b"a: 1\nb: \x1b[31m", "the character U+001B in line 2", 2, 4),
        (b"a: \x7f", "the character U+007F in line 1", 1, 4),
        ("a: \ufeffb".encode(), "the character U+FEFF in line 1", 1, 4),
    ],
)
def test_encoding(tmp_path: Path, data: bytes, message: str, line: int, column: int) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    diagnostic = _error(path)
    assert diagnostic.code == "file-encoding"
    assert diagnostic.message.endswith(f"{message} of `{path}`")
    assert diagnostic.span is not None
    assert (diagnostic.span.line, diagnostic.span.column) == (line, column)
    assert "\x1b" not in diagnostic.span.source.text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a: 1".encode("utf-16"), "expected UTF-8, found UTF-16"),
        (b"PK\x03\x04\x00\x00", "expected text, found binary data"),
        (b"\x89HDF\r\n\x1a\n\x00", "expected text, found binary data"),
    ],
)
def test_no_text(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    diagnostic = _error(path)
    assert diagnostic.code == "file-encoding"
    assert diagnostic.message == f"{message} in `{path}`"


def _error(path: Path) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        read_source(path)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def _refusing(*_: object) -> int:
    raise PermissionError(13, "Permission denied")
