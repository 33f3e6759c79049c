"""Spans, diagnostics, and how they are shown."""

from archc.diagnostics.diagnostic import (
    ENOUGH,
    CompileError,
    Diagnostic,
    Findings,
    Related,
    Severity,
)
from archc.diagnostics.fix import Edit, Fix, renaming, replacing
from archc.diagnostics.names import close_matches, one_of, one_slip_from, strange_letter
from archc.diagnostics.span import SourceText, Span

__all__ = [
    "ENOUGH",
    "CompileError",
    "Diagnostic",
    "Edit",
    "Findings",
    "Fix",
    "Related",
    "Severity",
    "SourceText",
    "Span",
    "close_matches",
    "one_of",
    "one_slip_from",
    "renaming",
    "replacing",
    "strange_letter",
]
