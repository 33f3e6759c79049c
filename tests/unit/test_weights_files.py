"""Weights in files: what is written, read back, and refused."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from archc import weights
from archc.cli.boundary import run
from archc.diagnostics import CompileError
from tests.weighted_graphs import every_layer


def refused(path: Path) -> str:
    """The message and the notes of the one finding on a file."""
    with pytest.raises(CompileError) as raised:
        weights.load(path)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "weights-file"
    return "; ".join([diagnostic.message, *diagnostic.notes])


def by_the_format(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a file, read as huggingface.co/docs/safetensors says: length, JSON, numbers."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    kinds = {"F32": "<f4", "F64": "<f8", "I64": "<i8"}
    found = {}
    for name, entry in header.items():
        start, stop = entry["data_offsets"]
        numbers = data[8 + length + start : 8 + length + stop]
        found[name] = np.frombuffer(numbers, kinds[entry["dtype"]]).reshape(entry["shape"])
    return found


def assert_same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_saved_is_what_others_read(tmp_path: Path, dtype: str) -> None:
    values = weights.random(every_layer(1), dtype=dtype)
    path = tmp_path / "new" / "folder" / "values.safetensors"
    weights.save(path, values)
    assert_same(by_the_format(path.read_bytes()), values)
    assert_same(safetensors.numpy.load_file(path), values)
    assert_same(weights.load(path), values)
    assert path.read_bytes() == safetensors.numpy.save(values)


def test_the_memory_of_an_array_does_not_matter(tmp_path: Path) -> None:
    table = np.arange(12.0).reshape(3, 4)
    values = {
        "turned/kernel": table.T,
        "backwards/kernel": table[::-1],
        "every_second/kernel": table[:, ::2],
        "big_endian/kernel": table.astype(">f8"),
        "number/count": np.array(3),
        "nothing/kernel": np.zeros((0, 2)),
    }
    path = tmp_path / "values.safetensors"
    weights.save(path, values)
    found = by_the_format(path.read_bytes())
    for name, array in values.items():
        np.testing.assert_array_equal(found[name], array)
        np.testing.assert_array_equal(weights.load(path)[name], array)


def test_files_of_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "values.safetensors"
    values = {"a": np.ones((2, 1), "float16"), "b": np.zeros(3, "uint8")}
    safetensors.numpy.save_file(values, path, metadata={"format": "np"})
    assert_same(weights.load(str(path)), values)


def test_a_file_is_replaced_or_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "values.safetensors"
    weights.save(path, {"a/kernel": np.zeros(2)})
    weights.save(path, {"a/kernel": np.ones(2)})
    assert (weights.load(path)["a/kernel"] == 1).all()

    def full(_values: object, target: Path) -> None:
        Path(target).write_bytes(b"half")
        raise safetensors.SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(safetensors.numpy, "save_file", full)
    with pytest.raises(CompileError, match="no space left on device"):
        weights.save(path, {"a/kernel": np.zeros(2)})
    assert (weights.load(path)["a/kernel"] == 1).all()
    assert [entry.name for entry in tmp_path.iterdir()] == ["values.safetensors"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [("folder", "it is a directory"), ("file/w.safetensors", "file is not a directory")],
)
def test_where_no_file_can_be(target: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(CompileError, match=reason) as raised:
        weights.save(tmp_path / target, {"a/kernel": np.zeros(2)})
    assert [each.code for each in raised.value.diagnostics] == ["cannot-write"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


def test_a_folder_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "w.safetensors"
    folder.mkdir()
    for force in ([], ["--force"]):
        # Neither the spec nor the file of weights is looked at.
        assert run(["weights", "convert", "net.yaml", "w.h5", "-o", str(folder), *force]) == 2
        told = capsys.readouterr().err
        assert told == f"error[cannot-write]: cannot write {folder}: it is a directory\n"


def test_what_is_no_number_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "values.safetensors"
    with pytest.raises(CompileError, match="expected real numbers in `a`, found object"):
        weights.save(path, {"a": np.array([None])})
    with pytest.raises(CompileError, match="expected real numbers in `b`, found complex128"):
        weights.save(path, {"b": np.array([1j])})
    assert not path.exists()


def of_header(entries: object, data: bytes = b"") -> bytes:
    header = json.dumps(entries).encode()
    return struct.pack("<Q", len(header)) + header + data


def entry(dtype: str, shape: list[int], size: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04" * 10, id="a zip"),
        pytest.param(b"\x89HDF\r\n\x1a\n" + bytes(100), id="hdf5"),
        pytest.param(struct.pack("<Q", 2**63) + b"{}", id="a header too long"),
        pytest.param(struct.pack("<Q", 100) + b"{}", id="a header cut short"),
        pytest.param(of_header([]), id="a header that is a list"),
        pytest.param(struct.pack("<Q", 100_000) + b"[" * 100_000, id="a deep header"),
        pytest.param(of_header({"a": entry("F32", [2], 8)}, bytes(4)), id="numbers cut short"),
        pytest.param(of_header({"a": entry("F32", [2], 8)}, bytes(12)), id="numbers left over"),
        pytest.param(of_header({"a": entry("F32", [3], 8)}, bytes(8)), id="another shape"),
        pytest.param(of_header({"a": entry("X", [1], 1)}, bytes(1)), id="no such type"),
        pytest.param(of_header({"a": entry("F32", [2**62, 8], 8)}, bytes(8)), id="overflow"),
    ],
)
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "values.safetensors"
    path.write_bytes(data)
    assert refused(path).startswith(f"expected a safetensors file, found `{path}`, which is none")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(of_header({"a": entry("F32", [1] * 100, 4)}, bytes(4)), id="a hundred axes"),
        pytest.param(of_header({"a": entry("F32", [0, 2**62], 0)}), id="nothing of very many"),
        pytest.param(of_header({"a": entry("F8_E8M0", [1], 1)}, bytes(1)), id="8 bits"),
    ],
)
def test_arrays_that_numpy_cannot_hold_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "values.safetensors"
    path.write_bytes(data)
    assert refused(path).startswith(f"expected arrays that numpy can hold in `{path}`")


@given(cut=st.integers(0, 400), noise=st.binary(max_size=3))
def test_a_damaged_file_is_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "values.safetensors"
    whole = safetensors.numpy.save({"a/kernel": np.arange(50.0), "b/bias": np.ones(3)})
    data = whole[:cut] + noise + whole[cut + len(noise) :] if noise else whole[:cut]
    path.write_bytes(data)
    if not noise:
        assert cut < len(whole)
        refused(path)
        return
    try:
        found = weights.load(path)
    except CompileError as error:
        assert [each.code for each in error.diagnostics] == ["weights-file"]
    else:
        assert all(isinstance(values, np.ndarray) for values in found.values())


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda _path: None, "found nothing at"),
        (lambda path: path.mkdir(), "which is a directory"),
        (lambda path: os.mkfifo(path), "which is no regular file"),
    ],
    ids=["nothing", "a directory", "a pipe"],
)
def test_what_is_no_file_is_refused(
    tmp_path: Path, make: Callable[[Path], None], expected: str
) -> None:
    path = tmp_path / "values.safetensors"
    make(path)
    assert expected in refused(path)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    assert refused(Path("a\0b"))
    assert refused(Path("a" * 5000))
