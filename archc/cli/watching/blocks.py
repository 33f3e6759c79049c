"""An update as text for people and as a line of JSON. Neither says when: equal edits print the
same.
"""

from __future__ import annotations

from archc.cli.report import record
from archc.cli.terminal import table
from archc.cli.watching.changes import Row, inputs, rows, total
from archc.cli.watching.subject import Outcome
from archc.diagnostics.printable import escaped, json_text
from archc.diagnostics.record import as_record
from archc.diagnostics.render import render_all
from archc.graph import Graph, TensorShape

_HEAD = ("part", "blocks", "output", "parameters", "change", "MACs", "change")
_RIGHT = frozenset({3, 4, 5, 6})
_FIRST_COLUMNS = (0, 1, 2, 3, 5)
_FIRST_RIGHT = frozenset({3, 4})


def text_block(name: str, outcome: Outcome, before: Graph | None, *, colour: bool) -> str:
    """A heading, then the table of the network with what changed since `before`, then what is
    wrong; each only where there is any.
    """
    lines = [escaped(f"== {name}: {_heading(outcome, before)}")]
    if outcome.graph is not None:
        lines += ["", _table(outcome.graph, before)]
    if outcome.diagnostics:
        lines += ["", render_all(outcome.diagnostics, colour=colour).rstrip("\n")]
    return "\n".join(lines)


def json_line(name: str, outcome: Outcome, before: Graph | None) -> str:
    """One line with everything; differences are now less before, and null at the first network."""
    graph = outcome.graph
    data = {
        "spec": name,
        "status": outcome.status,
        "summary": None if graph is None else record(graph, layers=False),
        "change": None if graph is None or before is None else _change_record(graph, before),
        "diagnostics": [as_record(diagnostic) for diagnostic in outcome.diagnostics],
    }
    return json_text(data)


def _heading(outcome: Outcome, before: Graph | None) -> str:
    if outcome.status == "gone":
        return "gone; waiting"
    said = []
    if outcome.graph is not None:
        found = total(outcome.graph, outcome.graph).now
        said.append(f"{found.params:,} parameters, {found.macs:,} MACs")
        if before is not None and all(row.change == "same" for row in rows(outcome.graph, before)):
            said.append("sizes unchanged")
    count = len(outcome.diagnostics)
    if count:
        said.append("1 error" if count == 1 else f"{count} errors")
    return "; ".join(said)


def _table(graph: Graph, before: Graph | None) -> str:
    """Without columns of changes where there is nothing before."""
    since = graph if before is None else before
    found = [*inputs(graph, since), *rows(graph, since), total(graph, since)]
    cells = [_HEAD, *(_cells(row) for row in found)]
    if before is not None:
        return table(cells, _RIGHT)
    return table([[row[column] for column in _FIRST_COLUMNS] for row in cells], _FIRST_RIGHT)


def _cells(row: Row) -> tuple[str, ...]:
    blocks = ", ".join(block if n == 1 else f"{n} × {block}" for block, n in row.blocks)
    return (
        "  " * row.level + row.name,
        blocks,
        _output(row),
        f"{row.now.params:,}",
        _difference(row.difference.params),
        f"{row.now.macs:,}",
        _difference(row.difference.macs),
    )


def _output(row: Row) -> str:
    if row.change == "removed":
        return "(removed)"
    now, before = _shapes(row.now.outputs), _shapes(row.before.outputs)
    if row.change == "new":
        return f"{now} (new)"
    return now if now == before else f"{now} (was {before})"


def _shapes(shapes: tuple[TensorShape, ...]) -> str:
    return ", ".join(str(shape) for shape in shapes)


def _difference(count: int) -> str:
    return f"{count:+,}".replace("-", "−") if count else ""


def _change_record(graph: Graph, before: Graph) -> dict[str, object]:
    found = [*inputs(graph, before), *rows(graph, before)]
    return {
        **_difference_record(total(graph, before)),
        "parts": [
            {"name": row.name, "level": row.level, "change": row.change, **_difference_record(row)}
            for row in found
        ],
    }


def _difference_record(row: Row) -> dict[str, object]:
    return {
        "layers": row.difference.layers,
        "parameters": row.difference.params,
        "trainable": row.difference.trainable,
        "macs": row.difference.macs,
        "outputs": [list(shape) for shape in row.now.outputs],
        "outputs_before": [list(shape) for shape in row.before.outputs],
    }
