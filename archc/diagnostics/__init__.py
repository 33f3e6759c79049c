"""Spans, diagnostics, and how they are shown."""

from archc.diagnostics.diagnostic import (
    ENOUGH,
    CompileError,
    Diagnostic,
    Findings,
    Related,
    Severity,
)
from archc.diagnostics.names import close_matches, one_of, strange_letter
from archc.diagnostics.span import SourceText, Span

__all__ = [
    "ENOUGH",
    "CompileError",
    "Diagnostic",
    "Findings",
    "Related",
    "Severity",
    "SourceText",
    "Span",
    "close_matches",
    "one_of",
    "strange_letter",
]
