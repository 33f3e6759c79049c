"""The rows of a sweep as a picture, by matplotlib."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from archc import __version__
from archc.atomic import CannotWrite, WouldOverwrite, atomic_path, check_writable
from archc.cli.sweeping.formats import Result
from archc.diagnostics.printable import escaped
from archc.explore import Order, Point, Row

MAX_DOTS = 20_000
"""Rows that are drawn; of more than these every so many, and the front whole."""

_SIGNATURES = {".svg": b"archc", ".png": b"archc"}


class NotInstalled(click.ClickException):
    """matplotlib is not there."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__("`--plot` needs the library matplotlib: pip install 'archc[plot]'")


def check_plot(path: Path, *, force: bool) -> None:
    """Raise what `write_plot` would, as far as it can be told before. Makes nothing."""
    if path.suffix not in _SIGNATURES:
        raise CannotWrite(f"cannot write {path}: the name of a plot ends in .svg or .png")
    if find_spec("matplotlib") is None:
        raise NotInstalled
    check_writable(path)
    if not force and path.exists() and _SIGNATURES[path.suffix] not in path.read_bytes():
        raise WouldOverwrite(path)


def write_plot(path: Path, result: Result, front: tuple[Order, Order]) -> None:
    """Draw the rows with the front marked. The same rows give the same file."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    others, best = _dots(result, front)
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.scatter(*_columns(others), s=8, color="#9aa5b1", linewidths=0, label="variants")
    axes.plot(*_columns(sorted(best)), "o-", ms=4, lw=1, color="#d1495b", label="front")
    axes.set_xlabel(front[0].name)
    axes.set_ylabel(front[1].name)
    title = f"{result.sweep.spec.family.place.path.stem}: {result.rows.count:,} variants"
    # In the name of a file dollars are no formula.
    axes.set_title(escaped(title), parse_math=False)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    made = f"archc {__version__}"
    is_svg = path.suffix == ".svg"
    metadata = {"Creator": made, "Date": None} if is_svg else {"Software": made}
    with atomic_path(path) as temporary, rc_context({"svg.hashsalt": "archc"}):
        figure.savefig(temporary, metadata=metadata, dpi=150)


def _dots(
    result: Result, front: tuple[Order, Order]
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    others: list[tuple[float, float]] = []
    best: list[tuple[float, float]] = []
    for row in result.rows.spread(MAX_DOTS):
        x, y = [_number(order, result, row) for order in front]
        (best if row.front else others).append((x, y))
    return others, best


def _number(order: Order, result: Result, row: Row) -> float:
    totals = (row.params, row.trainable, row.macs)
    value = order.getter(Point(result.values(row), totals, (), (), True))
    assert isinstance(value, int | float)
    return value


def _columns(dots: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in dots], [y for _, y in dots]
