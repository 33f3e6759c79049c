"""Source as `ruff format` lays it out."""

from __future__ import annotations

import subprocess
from functools import cache

_OPTIONS = ("format", "--isolated", "--no-cache", "--stdin-filename", "emitted.py", "-")


def formatted(source: str) -> str:
    """The source in the default style of ruff, which no settings of a folder change.

    Raises `AssertionError` with ruff's message where the source is not Python.
    """
    done = subprocess.run(
        [_ruff(), *_OPTIONS], input=source.encode(), capture_output=True, check=False
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode()


@cache
def _ruff() -> str:
    """The program that the package `ruff` brings."""
    from ruff.__main__ import find_ruff_bin  # type: ignore[import-untyped]

    return str(find_ruff_bin())
