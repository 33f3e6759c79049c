"""Saving a model as a `.keras` file that says where it comes from."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archc.atomic import CannotWrite, WouldOverwrite, atomic_path

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
        _save(model, temporary, path)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(_member(), _text(provenance))


def check_target(path: Path, *, force: bool = False) -> None:
    """Raises what `save` would raise of the path alone, before any work is done."""
    if path.suffix != ".keras":
        raise CannotWrite(f"cannot write {path}: the name of a Keras model ends in .keras")
    if path.is_dir():
        raise CannotWrite(f"cannot write {path}: it is a directory")
    if not force and path.is_file() and read_provenance(path) is None:
        raise WouldOverwrite(path)


def read_provenance(path: Path) -> dict[str, str] | None:
    """What a `.keras` file says it was built from; None where archc did not write it."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read(MARK))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    return found if isinstance(found, dict) else None


def _save(model: keras.Model, temporary: Path, path: Path) -> None:
    try:
        model.save(temporary)
    except RuntimeError as error:
        # HDF5's way to say that the file system refused.
        if "write failed" not in str(error):
            raise
        raise CannotWrite(f"cannot write {path}: {error}") from error


def _member() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(MARK, date_time=(1980, 1, 1, 0, 0, 0))
    member.external_attr = 0o644 << 16
    return member


def _text(provenance: Mapping[str, str]) -> str:
    return json.dumps(dict(provenance), indent=2, sort_keys=True) + "\n"
