"""An update as text for people and as a line of JSON. Neither says when: equal edits print the
same.
"""

from __future__ import annotations

import json

from archc.analyses import Part, analyse, parts
from archc.cli.report import record
from archc.cli.terminal import table
from archc.cli.watching.changes import Row, Tally, rows, total
from archc.cli.watching.subject import Outcome
from archc.diagnostics.render import as_record, render_all
from archc.graph import Graph, TensorShape

_HEAD = ("part", "blocks", "output", "parameters", "change", "MACs", "change")
_RIGHT = frozenset({3, 4, 5, 6})
_WITHOUT_CHANGES = (0, 1, 2, 3, 5)


def text_block(name: str, outcome: Outcome, before: Graph | None, *, colour: bool) -> str:
    """A heading, then the table of the network with what changed since `before`, then what is
    wrong; each only where there is any.
    """
    lines = [f"== {name}: {_heading(outcome, before)}"]
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
        "summary": record(graph, layers=False) if graph is not None else None,
        "change": _change_record(graph, before) if graph is not None and before else None,
        "diagnostics": [as_record(diagnostic) for diagnostic in outcome.diagnostics],
    }
    return json.dumps(data, ensure_ascii=False)


def _heading(outcome: Outcome, before: Graph | None) -> str:
    if outcome.status == "gone":
        return "gone; waiting"
    count = len(outcome.diagnostics)
    wrong = f"{count} error{'s' if count != 1 else ''}" if count else ""
    if outcome.graph is None:
        return wrong
    found = total(outcome.graph)
    parts = [f"{found.params:,} parameters, {found.macs:,} MACs"]
    if before is not None and all(row.change == "same" for row in rows(outcome.graph, before)):
        parts.append("sizes unchanged")
    return "; ".join([*parts, wrong] if wrong else parts)


def _table(graph: Graph, before: Graph | None) -> str:
    cells = [_HEAD, *_input_cells(graph)]
    if before is None:
        cells += [_cells(_row_of(part)) for part in parts(graph, analyse(graph))]
        cells.append(_total_cells(graph, graph))
        cells = [tuple(row[column] for column in _WITHOUT_CHANGES) for row in cells]
        return table(cells, frozenset({3, 4}))
    cells += [_cells(row) for row in rows(graph, before)]
    cells.append(_total_cells(graph, before))
    return table(cells, _RIGHT)
