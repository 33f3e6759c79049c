"""How a network is shown beside a reference: a line for each thing compared, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archc.cli.tables import Table, as_text
from archc.diagnostics.printable import printable
from archc.verification.references import Agreement

_LISTED = 10
"""Names of one kind that are told; the rest is counted."""


def agreements_text(title: str, agreements: Sequence[Agreement]) -> str:
    """All comparisons with one reference as a table, what differs in lines, and the verdict."""
    head = ("input", "compared", "archc", "reference", "")
    rows = [row for agreement in agreements for row in _rows(agreement)]
    closing = [line for agreement in agreements for line in _differences(agreement)]
    closing += [_verdict(agreements)]
    notes = (f"against {agreements[0].reference}",)
    return as_text(Table(title, head, rows, frozenset({2, 3}), notes, tuple(closing)))


def _rows(agreement: Agreement) -> Iterator[tuple[str, ...]]:
    size = ", ".join(agreement.inputs)
    same = agreement.ours == agreement.theirs
    yield size, "parameters", f"{agreement.ours:,}", f"{agreement.theirs:,}", _mark(same)
    ours = agreement.matched + len(agreement.missing) + len(agreement.conflicts)
    theirs = agreement.matched + len(agreement.unexpected) + len(agreement.conflicts)
    yield "", "arrays by name", f"{ours:,}", f"{theirs:,}", _mark(agreement.same_names)
    for output in agreement.outputs:
        good = output.difference <= agreement.tolerance and output.name not in agreement.blind
        yield "", f"output {output.name}", "", f"{output.difference:.1e} off", _mark(good)


def _differences(agreement: Agreement) -> Iterator[str]:
    yield from _listed("the reference lacks", agreement.missing)
    yield from _listed("the reference has besides", agreement.unexpected)
    yield from _listed("the reference has in another shape", agreement.conflicts)
    if not agreement.same_names:
        yield "outputs are not compared: not all arrays go together"
    if agreement.failure:
        yield printable(agreement.failure)
    for name in agreement.blind:
        yield f"`{name}` is much the same for two inputs, so that it tells nothing"


def _listed(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{what} {len(names):,}:"
        yield from [f"  {printable(name)}" for name in names[:_LISTED]]
    if len(names) > _LISTED:
        yield f"  and {len(names) - _LISTED:,} more"


def _verdict(agreements: Sequence[Agreement]) -> str:
    failed = sum([not agreement.passed for agreement in agreements])
    if failed:
        return f"{failed} of {len(agreements)} not equal"
    dtype, tolerance = agreements[0].dtype, agreements[0].tolerance
    return f"equal: in {dtype} no output differs by more than {tolerance:.0e} of its greatest value"


def _mark(good: bool) -> str:
    return "✓" if good else "✗"
