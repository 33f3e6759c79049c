"""Diagnostics for machines: as plain data, and as annotations of a workflow on GitHub."""

from __future__ import annotations

from pathlib import Path

from archc.diagnostics.diagnostic import Diagnostic
from archc.diagnostics.fix import Fix
from archc.diagnostics.printable import escaped, printable
from archc.diagnostics.span import Span


def as_record(diagnostic: Diagnostic) -> dict[str, object]:
    """A diagnostic as plain data, for `--format json`; docs/errors/README.md says what is in it.

    Lines and columns count from 1, in characters; the end of a place is the first that is not
    part of it.
    """
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "place": _place(diagnostic.span) if diagnostic.span else None,
        "label": diagnostic.label,
        "trail": list(diagnostic.trail),
        "notes": list(diagnostic.notes),
        "helps": list(diagnostic.helps),
        "related": [_place(mark.span) | {"label": mark.label} for mark in diagnostic.related],
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
    }


def as_annotation(diagnostic: Diagnostic) -> str:
    """A diagnostic as a command of GitHub's workflows, which shows it beside the line."""
    properties = {"title": f"archc {diagnostic.code}"}
    span = diagnostic.span
    # A place in a setting of the command line is no place in the repository.
    if span is not None and Path(span.path).is_file():
        properties |= {"file": span.path, "line": str(span.line), "endLine": str(span.end_line)}
        # GitHub takes columns, the last one included, within a line alone.
        if span.line == span.end_line:
            last = max(span.column, span.end_column - 1)
            properties |= {"col": str(span.column), "endColumn": str(last)}
    shown = ",".join(f"{key}={_escaped_property(value)}" for key, value in properties.items())
    return escaped(f"::{diagnostic.severity} {shown}::{_escaped(_in_words(diagnostic))}")


def _in_words(diagnostic: Diagnostic) -> str:
    """The message and what stands below it, a line each."""
    lines = [diagnostic.message]
    lines += [f"{mark.span}: {mark.label}" for mark in diagnostic.related]
    if diagnostic.trail:
        lines.append(f"in: {' → '.join(diagnostic.trail)}")
    lines += [f"note: {note}" for note in diagnostic.notes]
    lines += [f"help: {text}" for text in diagnostic.helps]
    return "\n".join(map(printable, lines))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _fix(fix: Fix) -> dict[str, object]:
    edits = [_place(edit.span) | {"text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "edits": edits}


def _place(span: Span) -> dict[str, object]:
    return {
        "file": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
