"""Trees of files, each read once as long as its file does not change."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from archc.diagnostics import CompileError, Diagnostic, Span
from archc.source import Mapping, compose, read_source
from archc.source.locate import Place
from archc.spec.limits import MAX_KEPT


def read_tree(place: Place) -> Mapping:
    """The tree of a file, read anew where the file has changed. Raises `CompileError`."""
    path = os.fspath(place.path)
    try:
        stat = place.path.stat()
    except (OSError, ValueError):
        # Not from the cache: the file may come back between this line and the next.
        return _tree_at_version.__wrapped__(path, place.shown, ())
    if stat.st_size > MAX_KEPT:
        return _tree_at_version.__wrapped__(path, place.shown, ())
    # A copy that keeps the time of its source changes st_ctime alone.
    version = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)
    return _tree_at_version(path, place.shown, version)


@lru_cache(maxsize=64)
def _tree_at_version(path: str, shown: str, _version: tuple[int, ...]) -> Mapping:
    tree = compose(read_source(Path(path), shown))
    if not isinstance(tree, Mapping):
        message = "expected a mapping of `name`, `input`, `stem`, `learner`, `task`, …"
        raise CompileError([Diagnostic("wrong-type", message, tree.span)])
    return tree


def placed(error: CompileError, span: Span) -> CompileError:
    """The error with the place that names the file, where a file as a whole is wrong."""
    return CompileError(
        replace(each, span=span) if each.span is None else each for each in error.diagnostics
    )
