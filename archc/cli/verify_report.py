"""How verifications are shown: a line for each output, and what is wrong below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archc.cli.tables import Table, as_text
from archc.diagnostics.printable import printable
from archc.verification import OutputDifference, Verification

_LANGUAGES = {"keras": "python", "torch": "torch"}


def verifications_text(title: str, verifications: Sequence[Verification]) -> str:
    """All verifications of one spec as a table, what failed in sentences, and the verdict."""
    head = ("target", "input", "output", "difference", "parameters")
    rows = [row for verification in verifications for row in _rows(verification)]
    closing = [line for verification in verifications for line in _failures(verification)]
    closing += _verdict(verifications)
    table = Table(title, head, rows, frozenset({3}), closing=tuple(closing))
    return as_text(table)


def _rows(verification: Verification) -> Iterator[tuple[str, ...]]:
    language, size = _LANGUAGES[verification.target], _size(verification)
    if verification.failure:
        yield language, size, "", "✗", ""
        return
    parameters = f"{verification.parameters:,} {_mark(_same_parameters(verification))}"
    for output in verification.outputs:
        yield language, size, output.name, _difference(output, verification), parameters
        language = size = parameters = ""


def _difference(output: OutputDifference, verification: Verification) -> str:
    good = output.difference <= verification.tolerance and output.name not in verification.blind
    return f"{output.difference:.1e} {_mark(good)}"


def _failures(verification: Verification) -> Iterator[str]:
    where = f"{_LANGUAGES[verification.target]} at {_size(verification)}"
    if verification.failure:
        yield f"{where}: the source fails: {printable(verification.failure)}"
        return
    if not _same_parameters(verification):
        yield f"{where}: expected {verification.expected:,} parameters"
    for name in verification.blind:
        yield f"{where}: `{name}` is much the same for two inputs, so that it tells nothing"
    for layer in verification.layers:
        off = f"`{layer.layer}`, by {layer.difference:.1e}"
        yield f"{where}: in {layer.component} the first layer that differs is {off}"
    if not verification.equal and not verification.layers:
        yield f"{where}: no layer that can be seen by itself differs"


def _verdict(verifications: Sequence[Verification]) -> Iterator[str]:
    failed = sum([not verification.passed for verification in verifications])
    if failed:
        yield f"{failed} of {len(verifications)} not equal"
        return
    dtype = verifications[0].dtype
    tolerance = max(verification.tolerance for verification in verifications)
    yield f"equal: in {dtype} no output differs by more than {tolerance:.0e} of its greatest value"
    rounded = dict.fromkeys(verb for verification in verifications for verb in verification.rounded)
    if rounded and dtype == "float64":
        verbs = ", ".join([f"`{verb}`" for verb in rounded])
        yield f"(Keras has constants of float32 in {verbs}, PyTorch of {dtype})"


def _same_parameters(verification: Verification) -> bool:
    return verification.parameters == verification.expected


def _mark(good: bool) -> str:
    return "✓" if good else "✗"


def _size(verification: Verification) -> str:
    return ", ".join([str(shape) for _, shape in verification.inputs])
