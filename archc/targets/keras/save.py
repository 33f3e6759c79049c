"""Saving a model as a `.keras` file that says where it comes from."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archc.atomic import CannotWrite, WouldOverwrite, atomic_path, check_writable

if TYPE_CHECKING:
    import keras

MARK = "archc.json"
"""The member of a `.keras` file, a zip archive, that holds its provenance. Keras ignores it."""


def save(
    model: keras.Model, path: Path, *, force: bool = False, provenance: Mapping[str, str]
) -> None:
    """Write a model and its provenance to a `.keras` file, whole or not at all.

    `provenance` says what the model was built from: its name, archc's version, the spec's hash.

    Raises `CannotWrite` where the file system refuses or the name does not end in `.keras`, and
    `WouldOverwrite` where a file exists that archc did not write, unless `force` is given.
    """
    path = Path(path)
    check_target(path, force=force)
    with atomic_path(path) as temporary:
        _save(model, temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(_member(), _text(provenance))


def check_target(path: Path, *, force: bool = False) -> None:
    """Raise what `save` would for that path, as far as it can be told before. Makes nothing."""
    path = Path(path)
    if path.suffix != ".keras":
        raise CannotWrite(f"cannot write {path}: the name of a Keras model ends in .keras")
    check_writable(path)
    if not force and path.exists() and read_provenance(path) is None:
        raise WouldOverwrite(path)


def read_provenance(path: Path) -> dict[str, str] | None:
    """What a `.keras` file says it was built from; None where archc did not write it."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read(MARK))
    except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile):
        return None
    return found if isinstance(found, dict) else None


def _save(model: keras.Model, path: Path) -> None:
    try:
        model.save(path)
    except RuntimeError as error:
        # HDF5 may tell like this that the file system refused.
        number = re.search(r"errno = (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), str(error)) from error


def _member() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(MARK, date_time=(1980, 1, 1, 0, 0, 0))
    member.external_attr = 0o644 << 16
    return member


def _text(provenance: Mapping[str, str]) -> str:
    return json.dumps(dict(provenance), indent=2, sort_keys=True) + "\n"
