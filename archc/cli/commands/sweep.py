"""`archc sweep`: what a spec costs over ranges of its values."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from archc.cli.options import load_spec, spec_options
from archc.cli.sweeping.counts import Counts
from archc.cli.sweeping.emit import check_emit, emit_specs
from archc.cli.sweeping.files import check_table, told_as_diagnostics, write_table
from archc.cli.sweeping.formats import FORMATS, Result, text_table
from archc.cli.sweeping.plot import check_plot, write_plot
from archc.cli.sweeping.progress import tracked
from archc.cli.terminal import remark, show, show_line
from archc.explore import (
    Condition,
    Getter,
    Order,
    Rows,
    Sweep,
    check_count,
    check_knobs,
    getters,
    parse_knob,
    parse_order,
)

MAX_SHOWN = 1000
"""Rows of a text table that does not go to a terminal."""

_AROUND_THE_TABLE = 8
"""Lines of a screen that are not rows of the table."""

_LEAST_ROWS = 5


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
    files = _Files(output, plot, folder, force)
    with told_as_diagnostics():
        files.check(sweep)
    counts = Counts(sweep, condition)
    with Rows(order, ends) as rows:
        total = sweep.count if sample is None else min(sample, sweep.count)
        points = enumerate(sweep) if sample is None else sweep.sample(sample, seed)
        rows.fill(counts.kept(tracked(points, total, "variants")))
        result = Result(sweep, rows, top or -1, counts.infeasible, counts.left_out)
        _show(result, form, ends)
        with told_as_diagnostics():
            tell = show_line if form == "text" else remark
            for line in files.write(result, ends):
                tell(line)
    counts.explain()


def _front(text: str, names: dict[str, Getter]) -> tuple[Order, Order]:
    first, _, second = text.partition(",")
    return parse_order(first, names, "--front"), parse_order(second, names, "--front")


@dataclass(frozen=True)
class _Files:
    """What is written beside the table on stdout."""

    table: Path | None
    plot: Path | None
    specs: Path | None
    force: bool

    def check(self, sweep: Sweep) -> None:
        """Tell before the work what can't be written after it."""
        if self.table is not None:
            check_table(self.table, force=self.force)
        if self.plot is not None:
            check_plot(self.plot, force=self.force)
        if self.specs is not None:
            check_emit(sweep.spec, self.specs)

    def write(self, result: Result, front: tuple[Order, Order]) -> Iterator[str]:
        """Write them, and say what was written."""
        if self.table is not None:
            write_table(self.table, result)
            yield f"wrote {self.table} ({result.count:,} rows)"
        if self.plot is not None:
            write_plot(self.plot, result, front)
            yield f"wrote {self.plot}"
        if self.specs is not None:
            specs = emit_specs(result, self.specs, force=self.force)
            count = sum(1 for _ in tracked(specs, result.count, "specs"))
            yield f"wrote {count:,} specs to {self.specs}"


def _show(result: Result, form: str, front: tuple[Order, Order]) -> None:
    """Print the table, in a format for machines whole, else as much as can be read."""
    if form != "text":
        for line in FORMATS[form](result):
            click.echo(line, nl=False)
        return
    shown = MAX_SHOWN
    if sys.stdout.isatty():
        shown = max(_LEAST_ROWS, shutil.get_terminal_size().lines - _AROUND_THE_TABLE)
    show(text_table(result, shown))
    if result.count > shown:
        click.echo(f"… and {result.count - shown:,} rows more: `-o FILE.csv` writes all")
    click.echo()
    show_line(_summary(result, front))


def _summary(result: Result, front: tuple[Order, Order]) -> str:
    points = result.rows.count + result.infeasible + result.left_out
    parts = [f"{points:,} variants"]
    if result.left_out:
        parts.append(f"{result.left_out:,} left out by `--where`")
    if result.infeasible:
        parts.append(f"{result.infeasible:,} infeasible")
    parts.append(f"{result.rows.front_size:,} on the front (*) of {front[0]} and {front[1]}")
    return ", ".join(parts)
