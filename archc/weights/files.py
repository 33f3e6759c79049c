"""Weights in safetensors files: a header and plain numbers, nothing that could run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from archc.atomic import CannotWrite, atomic_path
from archc.diagnostics import CompileError, Diagnostic
from archc.weights.arrays import Weights, as_arrays, not_numbers
from archc.weights.matching import refuse

if TYPE_CHECKING:
    import numpy as np


def save(path: str | Path, weights: Mapping[str, np.ndarray]) -> None:
    """Write weights to a safetensors file, whole or not at all; a file that is there is replaced.

    Raises `CompileError`: `cannot-write` where no file can be at `path` or the file system refuses,
    `weights-mismatch` where an array holds no real numbers.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    arrays = as_arrays(weights)
    refuse(not_numbers(arrays))
    # The format has the memory as it lies, and takes that to be in the order of C.
    ordered = {name: np.asarray(values, order="C") for name, values in arrays.items()}
    try:
        with atomic_path(Path(path)) as temporary, _told_by_number(SafetensorError):
            save_file(ordered, temporary)
    except CannotWrite as problem:
        raise CompileError([Diagnostic("cannot-write", problem.message)]) from None


@contextmanager
def _told_by_number(refusal: type[Exception]) -> Iterator[None]:
    """Within the block, what safetensors says of the file system is an error of the system."""
    try:
        yield
    except refusal as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), str(error)) from error


def load(path: str | Path) -> Weights:
    """The arrays of a safetensors file, in the order of the file.

    Raises `CompileError` (`weights-file`) where the file cannot be read, is no safetensors file, is
    cut short, or has arrays that numpy cannot hold.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = Path(path)
    _require_file(path)
    try:
        return load_file(path)
    except SafetensorError as error:
        _fail(f"expected a safetensors file, found `{path}`, which is none", str(error))
    except OSError as error:
        _fail(f"expected a readable file, found `{path}`", str(error.strerror or error))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        _fail(f"expected arrays that numpy can hold in `{path}`, found others", str(error))


def _require_file(path: Path) -> None:
    try:
        exists, regular = path.exists(), path.is_file()
    except (OSError, ValueError) as error:
        _fail(f"expected a readable file, found `{path}`", str(error))
    if not exists:
        _fail(f"expected a safetensors file, found nothing at `{path}`")
    if not regular:
        kind = "a directory" if path.is_dir() else "no regular file"
        _fail(f"expected a safetensors file, found `{path}`, which is {kind}")


def _fail(message: str, reason: str = "") -> NoReturn:
    notes = (f"{reason[:1].lower()}{reason[1:]}",) if reason else ()
    raise CompileError([Diagnostic("weights-file", message, notes=notes)])
