"""Opening a weight file of any known format, which its first bytes tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from archc.weights.file_limits import most_bytes
from archc.weights.read_hdf5 import open_hdf5
from archc.weights.read_keras import WEIGHTS, open_keras
from archc.weights.read_safetensors import open_safetensors
from archc.weights.read_torch import open_torch_pickle, open_torch_zip
from archc.weights.weight_file import WeightFile, refuse_file
from archc.weights.zip_file import zip_members

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
_KNOWN = "Keras's .weights.h5, .h5 and .keras, safetensors, and PyTorch's files are read"


@contextmanager
def open_weights(path: Path, parameters: int) -> Iterator[WeightFile]:
    """The arrays of a weight file for a network of so many `parameters`, while the block runs.

    Nothing of a file is ever executed, and no values are read before an array's `read`.

    Raises `CompileError` (`weights-file`) where the file is missing, of no known format, cut
    short, or larger than any file for such a network.
    """
    path = Path(path)
    start = _first_bytes(path)
    opened: AbstractContextManager[WeightFile]
    if start.startswith(_HDF5):
        opened = open_hdf5(path, most_bytes(parameters))
    elif start.startswith(_ZIP):
        opened = _open_zip(path, most_bytes(parameters))
    elif len(start) > 8 and start[8:9] == b"{":
        opened = open_safetensors(path)
    elif start.startswith(_PICKLE):
        opened = open_torch_pickle(path)
    else:
        refuse_file(f"expected a weight file, found `{path}`, which is none", helps=(_KNOWN,))
    with opened as file:
        yield file


def _open_zip(path: Path, most: int) -> AbstractContextManager[WeightFile]:
    members = zip_members(path, most)
    if WEIGHTS in members.names:
        return open_keras(path, members, most)
    if not any(name.endswith("/data.pkl") for name in members.names):
        found = f"found `{path}`, a zip archive of something else"
        refuse_file(f"expected a weight file, {found}", helps=(_KNOWN,))
    return open_torch_zip(path, members)


def _first_bytes(path: Path) -> bytes:
    try:
        if path.is_dir() or not path.is_file():
            kind = "a directory" if path.is_dir() else "nothing" if not path.exists() else "no file"
            refuse_file(f"expected a weight file at `{path}`, found {kind}")
        with path.open("rb") as opened:
            return opened.read(16)
    except (OSError, ValueError) as error:
        refuse_file(f"expected a readable file, found `{path}`", getattr(error, "strerror", error))
