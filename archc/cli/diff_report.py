"""What differs between two networks, as a table and as plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from archc.analyses.diff import Difference, LayerChanges, PartDifference, Side, Survival
from archc.cli.cost_report import axes
from archc.cli.report import costs_record
from archc.cli.tables import Table
from archc.cli.units import count, memory

_COLUMNS: dict[str, Callable[[Side], str]] = {
    "layers": lambda side: str(side.layers),
    "output": lambda side: str(side.shape) if side.shape is not None else "",
    "params": lambda side: count(side.costs.params),
    "MACs": lambda side: count(side.costs.macs),
    "activations": lambda side: memory(side.costs.activation_memory),
    "training": lambda side: memory(side.costs.training_memory),
    "field": lambda side: axes(side.costs.receptive_field),
}
_SHOWN_NAMES = 5
"""Names of layers that a line lists before it counts the rest."""


def diff_table(difference: Difference, before: str, after: str) -> Table:
    """The parts that differ, each number that changed as `before → after`, and what becomes of the
    weights. `before` and `after` name the networks.
    """
    changed = [part for part in difference.parts if not part.same]
    rows = [_row(part) for part in (*changed, difference.total)]
    notes = (
        "layers: + added, - removed, ~ changed; params: all weights; MACs: multiply-adds; "
        "activations: the most that is held",
        "while it runs; training: kept for the backward pass; field: the side of the input that a "
        "value sees by windows",
    )
    closing = [_weights_line(difference.weights)]
    if difference.weights.reshaped:
        closing.append(f"other shapes: {_listed(difference.weights.reshaped)}")
    alike = len(difference.parts) - len(changed)
    if alike:
        closing.append(f"parts without a difference: {alike} of {len(difference.parts)}")
    head = ("part", "change", *_COLUMNS)
    right = frozenset(range(2, len(head)))
    return Table(f"{before} → {after}", head, rows, right, notes, tuple(closing))


def diff_record(difference: Difference, before: str, after: str) -> dict[str, object]:
    """The difference as plain data: memory in bytes, shapes without the batch axis."""
    return {
        "before": before,
        "after": after,
        "same": difference.same,
        "parts": [_part_record(part) for part in difference.parts],
        "total": _part_record(difference.total),
        "weights": asdict(difference.weights),
    }


def _row(part: PartDifference) -> tuple[str, ...]:
    cells = [_cell(column, part.before, part.after) for column in _COLUMNS.values()]
    return ("  " * part.level + part.name, _change(part), *cells)


def _change(part: PartDifference) -> str:
    if part.before is None:
        return "new"
    if part.after is None:
        return "gone"
    return _counted(part.changes)


def _counted(changes: LayerChanges) -> str:
    numbers = {"+": changes.added, "-": changes.removed, "~": changes.changed}
    return " ".join(f"{sign}{len(names)}" for sign, names in numbers.items() if names)


def _cell(column: Callable[[Side], str], before: Side | None, after: Side | None) -> str:
    old = column(before) if before else ""
    new = column(after) if after else ""
    return new if old == new or not old else f"{old} → {new or '–'}"


def _weights_line(weights: Survival) -> str:
    return (
        f"weights that survive: {weights.layers} of {weights.layers_after} layers with weights, "
        f"{weights.arrays:,} arrays, {weights.params:,} parameters: "
        f"{_share(weights.params, weights.params_before)} of the first network's, "
        f"{_share(weights.params, weights.params_after)} of the second's"
    )


def _share(part: int, whole: int) -> str:
    """A per cent that says 100 and 0 only of all and of nothing."""
    if part in (0, whole):
        return "100 %" if part == whole else "0 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %"


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN_NAMES
    shown = ", ".join(names[:_SHOWN_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


def _part_record(part: PartDifference) -> dict[str, object]:
    return {
        "name": part.name,
        "level": part.level,
        "same": part.same,
        "before": _side_record(part.before),
        "after": _side_record(part.after),
        "added": list(part.changes.added),
        "removed": list(part.changes.removed),
        "changed": list(part.changes.changed),
    }


def _side_record(side: Side | None) -> dict[str, object] | None:
    if side is None:
        return None
    shape = list(side.shape) if side.shape is not None else None
    return {"layers": side.layers, "output": shape, **costs_record(side.costs)}
