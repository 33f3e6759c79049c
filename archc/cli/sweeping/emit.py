"""Rows of a sweep as specs of their own, each in a file that says its values in its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from archc.analyses import analyse
from archc.api import Spec, load
from archc.cli.sweeping.files import write_spec
from archc.cli.sweeping.formats import Result
from archc.diagnostics import CompileError, Diagnostic
from archc.diagnostics.printable import escaped
from archc.explore import check_references, respelled
from archc.explore.columns import short_names
from archc.source.spelled import spelled_value

MAX_SPECS = 10_000
"""Specs that are written at once."""

_LONGEST = 100
_STRANGE = re.compile(r"[^A-Za-z0-9.-]+")

Totals = tuple[int, int, int]


def check_emit(spec: Spec, folder: Path) -> None:
    """Raises `CompileError` where specs in that folder would not find what they use."""
    check_references(spec, folder / "spec.yaml", spec.search)


def emit_specs(result: Result, folder: Path, *, force: bool) -> Iterator[Path]:
    """Write each row as a spec. Raises `CannotWrite`, `WouldOverwrite` and `CompileError`."""
    if result.count > MAX_SPECS:
        message = f"there are {result.count:,} rows, and at most {MAX_SPECS:,} specs are written"
        help_line = "keep the best with `--sort` and `--top`, or some with `--where`"
        raise CompileError([Diagnostic("vary", message, helps=(help_line,))])
    names = short_names(result.paths)
    taken: set[str] = set()
    for row in result:
        values = result.values(row)
        name = _file_name(result.sweep.spec, names, values)
        if name in taken:
            name = f"{name}_{row.number}"
        taken.add(name)
        path = folder / f"{name}.yaml"
        totals = (row.params, row.trainable, row.macs)
        write_variant(result.sweep.variant(values), path, totals, force=force)
        yield path


def write_variant(spec: Spec, path: Path, totals: Totals, *, force: bool) -> None:
    """Write a spec with its settings, and see that it comes to these costs by itself.

    Raises `CannotWrite`, `WouldOverwrite` and `CompileError`.
    """
    settings = [f"--set {key}={value.span.source.text}" for key, value in spec.settings]
    variant = f"@{spec.variant}" if spec.variant else ""
    origin = escaped(" ".join([spec.family.place.path.stem + variant, *settings]))
    write_spec(path, respelled(spec, totals, origin), force=force)
    try:
        total = analyse(load(str(path), search=spec.search).graph()).total
        holds = (total.params, total.trainable, total.macs) == totals
    except CompileError:
        holds = False
    if not holds:
        path.unlink()
        message = f"cannot write {path}: the spec with its settings in place is another network"
        helps = ("give the settings as `--set` instead",)
        raise CompileError([Diagnostic("cannot-write", message, helps=helps)])


def _file_name(spec: Spec, names: list[str], values: tuple[object, ...]) -> str:
    given = [f"{n}-{spelled_value(v)}" for n, v in zip(names, values, strict=True)]
    variant = [spec.variant] if spec.variant else []
    parts = [_STRANGE.sub("-", part).strip("-") for part in (*variant, *given)]
    return "_".join([spec.family.place.path.stem, *parts])[:_LONGEST]
