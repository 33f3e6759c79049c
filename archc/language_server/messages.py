"""Diagnostics and fixes as the protocol has them."""

from __future__ import annotations

from lsprotocol import types

from archc.diagnostics import Diagnostic, Edit, Span
from archc.diagnostics.printable import printable
from archc.language_server.document import Document
from archc.language_server.positions import Positions

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
}


class Messages:
    """What is told of one document, in the units of one client."""

    def __init__(self, document: Document, encoding: str) -> None:
        self._document = document
        self._encoding = encoding
        self._own = Positions(document.text, encoding)

    def diagnostic(self, found: Diagnostic) -> types.Diagnostic:
        """A diagnostic; one of another file stands where this one names it, or at its start."""
        elsewhere = found.span is not None and not self._is_own(found.span)
        span = None if elsewhere else found.span
        related = [self._related(mark.span, mark.label) for mark in found.related]
        if elsewhere and found.span is not None:
            related.insert(0, self._related(found.span, found.message))
        return types.Diagnostic(
            range=self.place(span) if span is not None else self._reference(),
            message=_words(found),
            severity=_SEVERITIES[found.severity],
            code=found.code,
            source="archc",
            related_information=related or None,
        )

    def fix(self, found: Diagnostic, uri: str) -> types.CodeAction | None:
        """The change that mends what a diagnostic tells, where it is one of this document."""
        if found.fix is None or not all(self._is_own(edit.span) for edit in found.fix.edits):
            return None
        return types.CodeAction(
            title=printable(found.fix.title),
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self.diagnostic(found)],
            is_preferred=True,
            edit=types.WorkspaceEdit({uri: [self.edit(edit) for edit in found.fix.edits]}),
        )

    def edit(self, edit: Edit) -> types.TextEdit:
        """An edit of this document, or of another file."""
        return types.TextEdit(self.place(edit.span), edit.text)

    def place(self, span: Span) -> types.Range:
        """A place in this document, or in another file."""
        return _range(*Positions(span.source.text, self._encoding).range(span))

    def range(self, start: int, end: int) -> types.Range:
        """A stretch of this document."""
        return _range(self._own.position(start), self._own.position(end))

    def _is_own(self, span: Span) -> bool:
        return self._document.real(span.source) == self._document.path

    def _related(self, span: Span, label: str) -> types.DiagnosticRelatedInformation:
        uri = self._document.real(span.source).as_uri()
        place = types.Location(uri, self.place(span))
        return types.DiagnosticRelatedInformation(place, printable(label))

    def _reference(self) -> types.Range:
        tree = self._document.mapping
        for key in ("use", "extends"):
            if tree is not None and key in tree.entries:
                return self.place(tree.entries[key].key_span)
        return self.range(0, 0)


def _range(start: tuple[int, int], end: tuple[int, int]) -> types.Range:
    return types.Range(types.Position(*start), types.Position(*end))


def _words(found: Diagnostic) -> str:
    """The message, the way there and what helps, a line each."""
    lines = [found.message]
    if found.trail:
        lines.append(f"in: {' → '.join(found.trail)}")
    lines += [f"note: {note}" for note in found.notes]
    lines += [f"help: {text}" for text in found.helps]
    return "\n".join(map(printable, lines))
