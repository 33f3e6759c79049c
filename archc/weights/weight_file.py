"""A weight file that is open: its arrays by their names, none of them read yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

from archc.diagnostics import CompileError, Diagnostic

if TYPE_CHECKING:
    import numpy as np

FileFormat = Literal["keras", "safetensors", "torch"]
"""`keras` is HDF5 as Keras writes it, whether alone, as legacy, or inside a `.keras` file."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array of a file: its shape and type as the file says them, and how to read its values.

    `name` is a path: of groups and an array in HDF5 (`conv1/kernel`, or `conv1/0` where Keras has
    numbers alone), of modules in PyTorch (`layer1.0.conv1.weight`).
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    numeric: bool
    read: Callable[[], np.ndarray]

    @property
    def group(self) -> str:
        """The path of what has the array."""
        return self.name.rpartition("/")[0]

    @property
    def label(self) -> str:
        """The name inside of that."""
        return self.name.rpartition("/")[2]

    def named(self, name: str) -> StoredArray:
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """The arrays of a file in its order; `described` says what the file is (`Keras, HDF5`).

    `from_archc` is whether it has the names of archc's layers.
    """

    path: Path
    format: FileFormat
    described: str
    arrays: dict[str, StoredArray]
    from_archc: bool = False


def refuse_file(message: str, reason: object = "", *, helps: tuple[str, ...] = ()) -> NoReturn:
    """Raise a `CompileError` (`weights-file`); `reason` is what a library says of it."""
    text = str(reason).strip().partition("\n")[0]
    notes = (f"{text[:1].lower()}{text[1:]}",) if text else ()
    raise CompileError([Diagnostic("weights-file", message, notes=notes, helps=helps)])


def by_name(path: Path, arrays: list[StoredArray]) -> dict[str, StoredArray]:
    """The arrays by their names. Raises `CompileError` where two have the same."""
    found: dict[str, StoredArray] = {}
    for array in arrays:
        if array.name in found:
            refuse_file(
                f"expected names of their own for the arrays of `{path}`, found two `{array.name}`"
            )
        found[array.name] = array
    return found
