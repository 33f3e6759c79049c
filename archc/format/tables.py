"""Rows of a table with their columns aligned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Row: TypeAlias = tuple[str, Sequence[tuple[str, str]]]
"""What stands before the brace, and each key with its `key: value`."""


def aligned(rows: Sequence[Row]) -> list[str]:
    """A line for each row.

    A column is aligned as long as all rows that reach it have had the same keys up to it; so is
    the last value of the rows that have others too, where it has one key in all rows.
    """
    cells = [[text for _, text in pairs] for _, pairs in rows]
    for column in range(_shared([[key for key, _ in pairs] for _, pairs in rows])):
        reaching = [row for row in cells if len(row) > column + 1]
        width = max((len(row[column]) for row in reaching), default=0)
        for row in reaching:
            # The comma stands right behind the value, the blanks behind the comma.
            row[column] = f"{row[column]},".ljust(width + 1)
    lines = [_joined(row) for row in cells]
    if len({pairs[-1][0] for _, pairs in rows if pairs}) == 1:
        lines = _last_aligned(cells, lines)
    head_width = max((len(head) for head, _ in rows), default=0)
    return [f"{head:<{head_width}} {{{line}}}" for (head, _), line in zip(rows, lines, strict=True)]


def _shared(rows: Sequence[Sequence[str]]) -> int:
    """How many columns have one key in all rows that reach them."""
    column = 0
    while any(len(row) > column for row in rows):
        if len({row[column] for row in rows if len(row) > column}) > 1:
            break
        column += 1
    return column


def _joined(cells: Sequence[str]) -> str:
    """The cells of a row; those that are padded have their comma."""
    text = ""
    for number, cell in enumerate(cells):
        last = number == len(cells) - 1
        text += cell if last else f"{cell} " if cell.rstrip().endswith(",") else f"{cell}, "
    return text


def _last_aligned(cells: Sequence[Sequence[str]], lines: Sequence[str]) -> list[str]:
    starts = [
        line[: len(line) - len(row[-1])].rstrip() if len(row) > 1 else ""
        for line, row in zip(lines, cells, strict=True)
    ]
    width = max(map(len, starts))
    return [
        f"{start:<{width}} {row[-1]}" if start else line
        for start, row, line in zip(starts, cells, lines, strict=True)
    ]
