"""HDF5 files of Keras, looked through by a process of its own: HDF5's library crashes on some,
and on others it never ends.

That process tells where the values of each array stand. They are then read from there as they are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archc.weights.weight_file import StoredArray, WeightFile, by_name, refuse_file

if TYPE_CHECKING:
    import numpy as np

_SECONDS = 60
"""A whole file takes a few; some that are damaged have no end."""


@contextmanager
def open_hdf5(
    path: Path,
    most: int,
    *,
    shown: Path | None = None,
    names: Mapping[str, str] | None = None,
) -> Iterator[WeightFile]:
    """The arrays of an HDF5 file of Keras: `layer/kernel`, or `layer/0` where it has numbers only.

    `most` are the bytes that what is compressed may become. `shown` is the file that messages name,
    `names` those of layers by their place in the file, where it does not have them itself.

    Raises `CompileError` (`weights-file`) where it is damaged, no file of Keras, or has links to
    other files.
    """
    told = shown or path
    with tempfile.TemporaryDirectory(prefix="archc-") as folder:
        unpacked = Path(folder) / "values"
        request = {
            "path": str(path),
            "shown": str(told),
            "unpacked": str(unpacked),
            "names": dict(names or {}),
            "most": most,
        }
        answer = _asked(request, told)
        if "refused" in answer:
            refuse_file(answer["refused"], answer["reason"])
        arrays = [_stored(told, path, unpacked, row) for row in answer["arrays"]]
        yield WeightFile(told, "keras", answer["described"], by_name(told, arrays))


def _asked(request: Mapping[str, object], told: Path) -> dict[str, Any]:
    """What the other process answers. Raises `CompileError` where it ends without an answer."""
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-P", "-m", "archc.weights.hdf5_process"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired:
        refuse_file(f"expected a file that is read in {_SECONDS} s, found `{told}`")
    if done.returncode > 0:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    if done.returncode < 0:
        refuse_file(f"expected a whole HDF5 file, found `{told}`, which is damaged")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _stored(told: Path, path: Path, unpacked: Path, row: Mapping[str, Any]) -> StoredArray:
    """An array whose values stand in the file itself, or were unpacked from it."""
    place, offset = (unpacked, row["unpacked"]) if row["offset"] is None else (path, row["offset"])
    shape, dtype = tuple(row["shape"]), row["dtype"]
    size = prod(shape) * row["itemsize"]
    if offset + size > place.stat().st_size:
        refuse_file(f"expected a whole file, found `{told}`, which ends within `{row['name']}`")

    def read() -> np.ndarray:
        return _values(place, offset, shape, dtype)

    numeric = dtype == "bfloat16" or dtype[1:2] in "biuf"
    return StoredArray(row["name"], shape, dtype.lstrip("<>|"), numeric, read)


def _values(place: Path, offset: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    import numpy as np

    if dtype == "bfloat16":
        # The upper half of the bits of a float.
        upper = np.fromfile(place, "<u2", prod(shape), offset=offset).astype("<u4")
        return (upper << 16).view("<f4").reshape(shape)
    return np.fromfile(place, dtype, prod(shape), offset=offset).reshape(shape)
