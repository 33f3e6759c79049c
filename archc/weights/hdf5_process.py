"""The process that looks through an HDF5 file: a file that crashes it crashes nothing else.

It is asked and answers by JSON on its standard streams.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

from archc.diagnostics import CompileError
from archc.weights.hdf5_tree import Hdf5Array, Hdf5Tree
from archc.weights.keras_hdf5 import keras_arrays_of

_MEMORY = 4 * 2**30
"""Bytes that it may take beyond those of the arrays that it unpacks."""


def main() -> None:
    request = json.load(sys.stdin)
    _limit_memory(request["most"])
    json.dump(_answer(request), sys.stdout)


def _answer(request: dict[str, Any]) -> dict[str, object]:
    import h5py

    tree = Hdf5Tree(Path(request["shown"]))
    try:
        with h5py.File(request["path"], "r") as file:
            described, arrays = keras_arrays_of(tree, file, request["names"])
            with Path(request["unpacked"]).open("wb") as unpacked:
                rows = [_row(tree, array, unpacked, request["most"]) for array in arrays]
    except CompileError as error:
        (told,) = error.diagnostics
        return {"refused": told.message, "reason": "".join(told.notes)}
    # A damaged file surfaces as any of a dozen kinds of exception.
    except Exception as error:
        message = f"expected a whole HDF5 file, found `{tree.path}`, which is damaged"
        return {"refused": message, "reason": str(error)}
    return {"described": described, "arrays": rows}


def _row(tree: Hdf5Tree, array: Hdf5Array, unpacked: BinaryIO, most: int) -> dict[str, object]:
    held = array.held
    offset = held.id.get_offset()
    row = {
        "name": array.name,
        "shape": held.shape,
        "dtype": array.dtype,
        "itemsize": held.dtype.itemsize,
        "offset": offset,
        "unpacked": unpacked.tell(),
    }
    if offset is None and held.dtype.kind in "biufV":
        if unpacked.tell() + prod(held.shape) * held.dtype.itemsize > most:
            tree.refuse("more values than this network has")
        unpacked.write(held[()].tobytes())
    return row


def _limit_memory(most: int) -> None:
    # Not every system knows of such limits.
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY + most, _MEMORY + most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
