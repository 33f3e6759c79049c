"""What archc tells its user about a text: errors, where they stand, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from archc.diagnostics.fix import Fix
from archc.diagnostics.span import Span

Severity = Literal["error", "warning"]


class Related(NamedTuple):
    """Another place that has a part in a diagnostic, and what stands there."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a stable code, a message, its place, the way there, and what helps.

    The code is one of `archc.diagnostics.codes`. The message is lower case, has no full stop, and
    says what was expected and what was found.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    related: tuple[Related, ...] = ()
    trail: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    severity: Severity = "error"
    fix: Fix | None = None
    """A change that is sure to be what was meant, if there is one."""


class CompileError(Exception):
    """The input is not a valid spec; `diagnostics` says why, each with its place.

    They stand in the order of the text, file by file, those without a place first. `exit_code`
    is what a command ends with: 2 for bad input, 1 for a contract that does not hold.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], exit_code: int = 2) -> None:
        self.diagnostics = _in_reading_order(diagnostics)
        self.exit_code = exit_code
        super().__init__(*self.diagnostics)

    def __str__(self) -> str:
        from archc.diagnostics.render import render

        return "\n".join(render(diagnostic) for diagnostic in self.diagnostics)


def _in_reading_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    found = list(diagnostics)
    files = dict.fromkeys(each.span.source for each in found if each.span is not None)
    numbers = {source: number for number, source in enumerate(files)}

    def place(diagnostic: Diagnostic) -> tuple[int, int]:
        span = diagnostic.span
        return (-1, 0) if span is None else (numbers[span.source], span.start)

    return tuple(sorted(found, key=place))


ENOUGH = 200
"""Findings after which it is of no use to look for more."""


class Findings:
    """Collects diagnostics: one per code and place, so that a block's error is told once."""

    def __init__(self) -> None:
        self._diagnostics: dict[tuple[str, Span | None, str], Diagnostic] = {}
        self.told = 0
        """How often anything was added, those that were told before included."""

    def add(self, diagnostic: Diagnostic) -> None:
        self.told += 1
        self._diagnostics.setdefault(_identity(diagnostic), diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._diagnostics.values())

    def __contains__(self, diagnostic: Diagnostic) -> bool:
        """Whether one of the same code and place was added."""
        return _identity(diagnostic) in self._diagnostics

    def __len__(self) -> int:
        return len(self._diagnostics)

    @property
    def enough(self) -> bool:
        """Whether there are so many that whoever adds them should stop looking."""
        return len(self._diagnostics) >= ENOUGH

    def raise_if_any(self) -> None:
        """Raise a `CompileError` with all that was found, if anything was."""
        if self._diagnostics:
            raise CompileError(self._diagnostics.values())


def _identity(diagnostic: Diagnostic) -> tuple[str, Span | None, str]:
    """What tells two findings apart: an error inside a block is found at every instance of it."""
    where = diagnostic.span
    return diagnostic.code, where, "" if where else diagnostic.message
