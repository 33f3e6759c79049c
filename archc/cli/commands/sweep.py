"""`archc sweep`: what a spec costs over ranges of its values."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from archc.cli.options import load_spec, spec_options
from archc.cli.sweeping.emit import check_emit, emit_specs
from archc.cli.sweeping.files import check_table, told_as_diagnostics, write_table
from archc.cli.sweeping.formats import FORMATS, Result, text_table
from archc.cli.sweeping.plot import check_plot, write_plot
from archc.cli.sweeping.progress import tracked
from archc.diagnostics import CompileError, Diagnostic
from archc.explore import (
    Condition,
    Order,
    Point,
    Rows,
    Sweep,
    check_count,
    check_knobs,
    getters,
    parse_knob,
    parse_order,
    too_large,
)

EXPLAINED = 3
"""Infeasible points of which the first diagnostic is shown."""

MAX_SHOWN = 1000
"""Rows of a text table that does not go to a terminal."""

_AROUND_THE_TABLE = 8
"""Lines of a screen that are not rows of the table."""


@click.command("sweep", short_help="Tell what a spec costs over ranges of its values.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.option(
    "--vary",
    metavar="PATH=VALUES",
    multiple=True,
    required=True,
    help="What to vary: learner.groups[2].blocks=2..36, width=0.5..2:0.25, classes=10,100.",
)
@click.option("--where", metavar="CONDITION", help='Keep these: "macs < 4G and params < 30M".')
@click.option("--sort", metavar="[-]NAME", help="Order the rows; with - the largest first.")
@click.option("--top", metavar="N", type=click.IntRange(min=1), help="Keep the first N rows.")
@click.option(
    "--front",
    metavar="X,Y",
    default="macs,-params",
    show_default=True,
    help="Mark the best trade-offs: few of each, or many of one with a -.",
)
@click.option(
    "--sample", metavar="N", type=click.IntRange(min=1), help="Draw N points at random, not all."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Draw others.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write all rows to a .csv, .json or .md file.",
)
@click.option(
    "--plot", metavar="FILE", type=click.Path(path_type=Path), help="Draw a .svg or .png file."
)
@click.option(
    "--emit-specs",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write each row as a spec of its own.",
)
@click.option("--force", is_flag=True, help="Overwrite files that archc did not write.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *FORMATS]),
    default="text",
    show_default=True,
    help="What to print.",
)
@spec_options
def command(
    reference: str,
    vary: tuple[str, ...],
    where: str | None,
    sort: str | None,
    top: int | None,
    front: str,
    sample: int | None,
    seed: int,
    output: Path | None,
    plot: Path | None,
    folder: Path | None,
    force: bool,
    form: str,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> None:
    """Tell what a spec costs over ranges of its values, without loading a framework.

    Carries out the product of all ranges: hundreds of thousands of variants a second where only
    depths or widths of groups vary. A row has the knobs' values, all parameters (batch-norm
    statistics included, as Keras counts), the trainable ones, multiply-adds (macs), FLOPs (twice
    as many) and the output's shape. Variants that make no network are counted, and the first are
    explained.

    `--where` takes names of the columns and quantities such as 4G. The front marks rows that no
    other row beats in both of its names.
    """
    spec = load_spec(reference, settings, search)
    knobs = tuple(parse_knob(text) for text in vary)
    check_knobs(spec, knobs)
    sweep = Sweep(spec, knobs)
    names = getters(knobs)
    condition = Condition(where, names) if where is not None else None
    order = parse_order(sort, names, "--sort") if sort is not None else None
    ends = _front(front, names)
    if sample is None:
        check_count(sweep.count)
    with told_as_diagnostics():
        _check_targets(sweep, output, plot, folder, force=force)
    counts = _Counts(sweep, condition)
    with Rows(order, ends) as rows:
        total = sweep.count if sample is None else min(sample, sweep.count)
        points = enumerate(sweep) if sample is None else sweep.sample(sample, seed)
        rows.fill(counts.kept(tracked(points, total, "variants")))
        result = Result(sweep, rows, top or -1, counts.infeasible, counts.left_out)
        with told_as_diagnostics():
            _write(result, ends, output, plot, folder, force=force)
        _show(result, ends, form)
    counts.explain()


def _front(text: str, names: dict[str, object]) -> tuple[Order, Order]:
    first, _, second = text.partition(",")
    return parse_order(first, names, "--front"), parse_order(second, names, "--front")  # type: ignore[arg-type]


@dataclass
class _Counts:
    """Sorts out what is no row, and remembers why."""

    sweep: Sweep
    condition: Condition | None
    infeasible: int = 0
    left_out: int = 0
    reasons: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def kept(self, points: Iterator[tuple[int, Point]]) -> Iterator[tuple[int, Point]]:
        """The feasible points that meet the condition."""
        condition = self.condition
        for number, point in points:
            if point.problems:
                self._refuse(point, point.problems[0])
            elif too_large(point):
                self._refuse(point, Diagnostic("too-large", "a count is beyond 2**62"))
            elif condition is None or condition.holds(point):
                yield number, point
            else:
                self.left_out += 1

    def _refuse(self, point: Point, problem: Diagnostic) -> None:
        self.infeasible += 1
        if len(self.reasons) < EXPLAINED:
            place = f" ({problem.span})" if problem.span is not None else ""
            self.reasons.setdefault(f"{problem.message}{place}", point.values)

    def explain(self) -> None:
        """Tell on stderr what is infeasible."""
        if not self.infeasible:
            return
        click.echo(f"{self.infeasible:,} variants are infeasible, such as:", err=True)
        for reason, values in self.reasons.items():
            click.echo(f"  {_assignments(self.sweep, values)}: {reason}", err=True)


def _assignments(sweep: Sweep, values: tuple[object, ...]) -> str:
    from archc.explore.columns import short_names
    from archc.source.spelled import spelled_value

    names = short_names([knob.path for knob in sweep.knobs])
    pairs = zip(names, values, strict=True)
    return " ".join(f"{name}={spelled_value(value)}" for name, value in pairs)
