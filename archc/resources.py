"""Where shipped specs, templates and pages are: beside the package in a checkout, else in it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def specs_folder() -> Path:
    """The folder of the shipped specs, with their libraries in `blocks/`."""
    return _folder("specs")


def templates_folder() -> Path:
    """The folder of the templates that targets emit source with."""
    return _folder("templates")


def errors_folder() -> Path:
    """The folder of the pages that explain errors, one for each code."""
    return _folder("docs/errors")


def _folder(name: str) -> Path:
    installed = _PACKAGE / f"_{name.rpartition('/')[2]}"
    return installed if installed.is_dir() else _PACKAGE.parent / name
