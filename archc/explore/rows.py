"""The rows of a sweep on disk: filtered, ordered, the front marked; memory stays constant."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from archc.diagnostics import CompileError, Diagnostic, SourceText, Span, one_of
from archc.explore.columns import Getter
from archc.explore.walk import Point

_LARGEST = 2**63 - 1
_BATCH = 1000

_TABLES = """
CREATE TABLE rows (
    number INTEGER PRIMARY KEY, params INTEGER, trainable INTEGER, macs INTEGER,
    output TEXT, rank, x, y
);
CREATE TABLE front (number INTEGER PRIMARY KEY);
"""


class Row(NamedTuple):
    """A feasible point of a sweep: its number, its costs, its output shapes, as `1000`.

    `front` says whether no other row is as good in both and better in one of what the front
    is of.
    """

    number: int
    params: int
    trainable: int
    macs: int
    output: str
    front: bool


class Order(NamedTuple):
    """A name of a row, smaller values first unless `descending`."""

    name: str
    getter: Getter
    descending: bool

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name


def parse_order(text: str, getters: dict[str, Getter], option: str) -> Order:
    """`macs`, or `-macs` for the largest first. Raises `CompileError` for an unknown name."""
    name = text.strip().removeprefix("-")
    if name in getters:
        return Order(name, getters[name], text.strip().startswith("-"))
    source = SourceText(option, text)
    message = f"unknown name `{name}`" if name else "expected a name such as `macs`, found none"
    helps = (one_of(name, getters, "names of a row"),)
    span = Span(source, 0, len(text))
    raise CompileError([Diagnostic("unknown-name", message, span, helps=helps)])


class Rows(AbstractContextManager["Rows"]):
    """Rows in a database that is gone when the block ends.

    `front` are the two names whose best trade-offs are marked. Raises `CompileError`
    (`cannot-write`), at the end of the block too, where the disk does not hold them.
    """

    def __init__(self, sort: Order | None, front: tuple[Order, Order]) -> None:
        self._sort = sort
        self._front = front
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="archc-sweep-")
        except OSError as problem:
            raise _cannot_keep(problem) from None
        self._database = sqlite3.connect(Path(self._folder.name) / "rows.sqlite")
        try:
            # What is lost with the process is of no use to anybody.
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"):
                self._database.execute(f"PRAGMA {pragma}")
            self._database.executescript(_TABLES)
        except sqlite3.OperationalError as problem:
            self._close()
            raise _cannot_keep(problem) from None
        self._direction = "DESC" if sort is not None and sort.descending else "ASC"
        self.count = 0

    def __exit__(self, _kind: object, problem: BaseException | None, _traceback: object) -> None:
        self._close()
        if isinstance(problem, sqlite3.OperationalError):
            raise _cannot_keep(problem) from None

    def _close(self) -> None:
        self._database.close()
        self._folder.cleanup()

    def fill(self, points: Iterable[tuple[int, Point]]) -> None:
        """Keep feasible points under their numbers, then find the front."""
        insert = "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        batch = []
        for number, point in points:
            batch.append(self._record(number, point))
            if len(batch) == _BATCH:
                self._database.executemany(insert, batch)
                self.count += _BATCH
                batch.clear()
        self._database.executemany(insert, batch)
        self.count += len(batch)
        self._database.executemany("INSERT INTO front VALUES (?)", self._front_numbers())

    def __iter__(self) -> Iterator[Row]:
        return self.first(-1)

    def first(self, most: int) -> Iterator[Row]:
        """The first rows in their order; all of them where `most` is below 0."""
        query = (
            "SELECT rows.number, params, trainable, macs, output, front.number IS NOT NULL "
            "FROM rows LEFT JOIN front ON front.number = rows.number "
            f"ORDER BY rank {self._direction}, rows.number LIMIT ?"
        )
        if self._sort is None:
            query = query.replace(f"rank {self._direction}, ", "")
        found = self._database.execute(query, (most,))
        return (Row(n, p, t, m, output, bool(front)) for n, p, t, m, output, front in found)

    def spread(self, most: int) -> Iterator[Row]:
        """At most about so many rows, evenly from all of them, and the front."""
        every = max(1, self.count // max(1, most))
        return (row for place, row in enumerate(self) if row.front or place % every == 0)

    @property
    def front_size(self) -> int:
        found = self._database.execute("SELECT count(*) FROM front").fetchone()
        return int(found[0])

    def _record(self, number: int, point: Point) -> tuple[object, ...]:
        x, y = [_number(order, point) for order in self._front]
        rank = None if self._sort is None else _storable(self._sort.getter(point))
        outputs = " ".join(map(str, point.outputs))
        return (number, *point.totals, outputs, rank, x, y)

    def _front_numbers(self) -> Iterator[tuple[int]]:
        best, reached = float("inf"), (0.0, 0.0)
        for number, x, y in self._database.execute("SELECT number, x, y FROM rows ORDER BY x, y"):
            if y < best:
                best, reached = y, (x, y)
            if (x, y) == reached:
                yield (number,)


def too_large(point: Point) -> bool:
    """Whether a count is beyond what a table holds: 2**63."""
    return max(point.totals) > _LARGEST // 2


def _cannot_keep(problem: Exception) -> CompileError:
    said = problem.strerror if isinstance(problem, OSError) else str(problem)
    message = f"cannot write the rows to a folder for temporary files: {said}"
    return CompileError([Diagnostic("cannot-write", message)])


def _number(order: Order, point: Point) -> float:
    value = order.getter(point)
    if not isinstance(value, int | float):
        message = f"the front needs numbers, and `{order.name}` is not always one"
        raise CompileError([Diagnostic("wrong-type", message)])
    return -value if order.descending else value


def _storable(value: object) -> object:
    """A value as the database compares it: numbers, then texts, then lists as texts."""
    return value if value is None or isinstance(value, int | float | str) else str(value)
