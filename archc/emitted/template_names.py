"""The names of a user's templates: one that nothing asks for changes nothing, and is told."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from archc.diagnostics import CompileError, Diagnostic, one_of, one_slip_from
from archc.resources import templates_folder
from archc.source import read_source
from archc.targets.source import TARGETS, folder_of

_SUFFIXES = (".jinja", ".jinja2", ".j2")
"""Endings of files that are meant as templates."""


def check_names(templates: Path, target: str) -> None:
    """See that every template of a user's is asked for: by archc, or by another of them.

    Files of other kinds are left alone, but for those whose name is one slip away from that of a
    template. A folder that can't be read has no names here.

    Raises `CompileError` (`template-unknown`).
    """
    known = [name for name in _names(templates_folder() / target) if name.endswith(_SUFFIXES)]
    folder = folder_of(target, templates)
    texts = {name: folder / name for name in _names(folder)}
    wrong = [
        _unasked(path, known)
        for name, path in texts.items()
        if _is_meant(name, known) and not _asked_for(name, texts)
    ]
    wrong += [
        _no_target(templates / name)
        for name in _names(templates)
        if _slips(name, TARGETS) and os.path.isdir(templates / name)  # noqa: PTH112  (may raise)
    ]
    if wrong:
        raise CompileError(wrong)


def _names(folder: Path) -> list[str]:
    """What is in a folder, but for hidden files and the copies that editors leave."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  (iterdir makes paths of them)
    except (OSError, ValueError):
        return []
    return [name for name in names if not name.startswith(".") and not name.endswith("~")]


def _is_meant(name: str, known: list[str]) -> bool:
    """Whether a file is meant as a template of archc's, and is none."""
    return name not in known and (name.endswith(_SUFFIXES) or _slips(name, known))


def _slips(name: str, known: Iterable[str]) -> bool:
    return name not in known and one_slip_from(name, known) is not None


def _asked_for(name: str, texts: dict[str, Path]) -> bool:
    """Whether another file of the folder has the name in its text."""
    return any(name in _text(path) for other, path in texts.items() if other != name)


def _text(path: Path) -> str:
    try:
        return read_source(path).text
    except CompileError:
        return ""


def _unasked(path: Path, known: list[str]) -> Diagnostic:
    message = f"`{path}` replaces no template, and no other template asks for it"
    return Diagnostic("template-unknown", message, helps=(one_of(path.name, known, "templates"),))


def _no_target(path: Path) -> Diagnostic:
    message = f"`{path}` is the folder of no target, so its templates replace none"
    return Diagnostic("template-unknown", message, helps=(one_of(path.name, TARGETS),))
