"""The rows of a sweep as CSV, JSON and Markdown, line by line, and as a table on a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from archc.cli.terminal import table
from archc.explore import Row, Rows, Sweep
from archc.explore.columns import short_names
from archc.source.spelled import spelled_value

COSTS = ("params", "trainable", "macs", "flops", "output", "front")
"""The columns behind those of the knobs."""


@dataclass(frozen=True, slots=True)
class Result:
    """A sweep that was carried out: its rows, of which `most` are wanted (all where below 0),
    and the numbers of points that were infeasible and that a condition left out.
    """

    sweep: Sweep
    rows: Rows
    most: int
    infeasible: int
    left_out: int

    @property
    def paths(self) -> list[str]:
        return [knob.path.removeprefix("args.") for knob in self.sweep.knobs]

    @property
    def count(self) -> int:
        """The number of rows that are wanted."""
        return self.rows.count if self.most < 0 else min(self.most, self.rows.count)

    def __iter__(self) -> Iterator[Row]:
        return self.rows.first(self.most)

    def values(self, row: Row) -> tuple[object, ...]:
        return self.sweep.values_at(row.number)


def csv_lines(result: Result) -> Iterator[str]:
    """A head and a line for each row; a value is written as `--set` takes it."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    heads: Iterable[list[object]] = [[*result.paths, *COSTS]]
    for cells in chain(heads, (_cells(result, row) for row in result)):
        writer.writerow(cells)
        yield target.getvalue()
        target.seek(0)
        target.truncate()


def _cells(result: Result, row: Row) -> list[object]:
    values = [spelled_value(value) for value in result.values(row)]
    front = "true" if row.front else "false"
    return [*values, row.params, row.trainable, row.macs, 2 * row.macs, row.output, front]


def json_lines(result: Result) -> Iterator[str]:
    """One object: what was counted, and `rows`, each on a line of its own."""
    counted = {
        "points": result.rows.count + result.infeasible + result.left_out,
        "infeasible": result.infeasible,
        "left_out": result.left_out,
        "rows": [],
    }
    head = json.dumps(counted)
    yield head.removesuffix("]}")
    separator = "\n"
    for row in result:
        record = {"knobs": dict(zip(result.paths, result.values(row), strict=True))}
        costs = [row.params, row.trainable, row.macs, 2 * row.macs, row.output.split(), row.front]
        yield separator + json.dumps(record | dict(zip(COSTS, costs, strict=True)))
        separator = ",\n"
    yield "\n]}\n"


def markdown_lines(result: Result) -> Iterator[str]:
    """A table in Markdown; rows of the front are bold."""
    names = [*short_names(result.paths), *COSTS[:-1]]
    yield f"| {' | '.join(names)} |\n"
    yield "|" + " ---: |" * len(names) + "\n"
    for row in result:
        mark = "**" if row.front else ""
        cells = (f"{mark}{cell}{mark}".replace("|", r"\|") for cell in _shown(result, row)[:-1])
        yield f"| {' | '.join(cells)} |\n"


FORMATS: dict[str, Callable[[Result], Iterator[str]]] = {
    "csv": csv_lines,
    "json": json_lines,
    "markdown": markdown_lines,
}


def text_table(result: Result, most: int) -> str:
    """The first rows, at most `most`, in aligned columns."""
    rows = [(*short_names(result.paths), *COSTS)]
    wanted = most if result.most < 0 else min(most, result.most)
    rows += [_shown(result, row) for row in result.rows.first(wanted)]
    return table(rows, frozenset(range(len(rows[0]) - 1)))


def _shown(result: Result, row: Row) -> tuple[str, ...]:
    values = [spelled_value(value) for value in result.values(row)]
    counts = [f"{count:,}" for count in (row.params, row.trainable, row.macs, 2 * row.macs)]
    return (*values, *counts, row.output, "*" if row.front else "")
