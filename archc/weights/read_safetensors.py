"""Safetensors files: a header and plain numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archc.weights.file_limits import MAX_ARRAYS
from archc.weights.weight_file import StoredArray, WeightFile, by_name, refuse_file

if TYPE_CHECKING:
    import numpy as np

_NUMERIC = frozenset(
    ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8"]
)


@contextmanager
def open_safetensors(path: Path) -> Iterator[WeightFile]:
    """The arrays of a safetensors file. Raises `CompileError` where it is none, or cut short."""
    from safetensors import SafetensorError, safe_open

    try:
        opened = safe_open(path, framework="numpy")
    except (SafetensorError, OSError, ValueError) as error:
        refuse_file(f"expected a whole safetensors file, found `{path}`, which is damaged", error)
    with opened as file:
        names = list(file.keys())
        if len(names) > MAX_ARRAYS:
            refuse_file(f"expected at most {MAX_ARRAYS:,} arrays in `{path}`, found {len(names):,}")
        arrays = [_stored(file, name) for name in names]
        # Names of PyTorch's modules have dots.
        own = any("/" in name for name in names)
        yield WeightFile(path, "safetensors", "safetensors", by_name(path, arrays), own)


def _stored(file: Any, name: str) -> StoredArray:
    part = file.get_slice(name)
    dtype = str(part.get_dtype())

    def read() -> np.ndarray:
        if dtype == "BF16":
            # Only where this package is loaded has numpy the type.
            import_module("ml_dtypes")
        values: np.ndarray = file.get_tensor(name)
        return values.astype("float32") if dtype == "BF16" else values

    return StoredArray(name, tuple(part.get_shape()), dtype, dtype in _NUMERIC, read)
