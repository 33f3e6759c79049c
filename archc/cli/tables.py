"""Tables with a title and notes, as text, as Markdown, and as comma-separated values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from archc.cli.terminal import table as aligned
from archc.diagnostics.markdown import literal
from archc.diagnostics.printable import escaped


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; columns in `right` hold numbers. Notes stand below the title, and
    `closing` lines below the rows.
    """

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: frozenset[int]
    notes: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()


def as_text(table: Table) -> str:
    """The table in aligned columns."""
    rows = aligned([table.head, *table.rows], table.right)
    above = [escaped(line) for line in (table.title, *table.notes)]
    closing = ["", *map(escaped, table.closing)] if table.closing else []
    return "\n".join([*above, "", rows, *closing])


def as_markdown(table: Table) -> str:
    """The table as GitHub's Markdown, fit for a comment on a pull request."""
    rule = ["---:" if column in table.right else "---" for column in range(len(table.head))]
    lines = [_markdown_row(row) for row in (table.head, rule, *table.rows)]
    above = [f"**{literal(table.title)}**", ""]
    below = [f"{literal(line)}  " for line in (*table.closing, *table.notes)]
    return "\n".join([*above, *lines, *(["", *below] if below else [])])


def as_csv(records: Iterable[Mapping[str, object]]) -> str:
    """The records, all of the same keys, with a head; lists are written `56×56×256`."""
    import csv
    from io import StringIO

    target = StringIO()
    writer: csv.DictWriter[str] | None = None
    for record in records:
        if writer is None:
            writer = csv.DictWriter(target, list(record), lineterminator="\n")
            writer.writeheader()
        writer.writerow({key: _cell(value) for key, value in record.items()})
    return target.getvalue().rstrip("\n")


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "×".join(map(_cell, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_cell_text, cells))} |"


def _cell_text(cell: str) -> str:
    """A cell, its leading blanks kept: they say what is part of what."""
    bare = cell.lstrip(" ")
    return "&nbsp;" * (len(cell) - len(bare)) + literal(bare)
