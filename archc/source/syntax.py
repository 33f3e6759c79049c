"""What PyYAML's syntax errors mean, in archc's words."""

from __future__ import annotations

import re

import yaml

from archc.diagnostics import Diagnostic, Related, SourceText, Span

_EXPECTED: tuple[tuple[str, str, str], ...] = (
    ("mapping values are not allowed", "one value", "quote a text that holds a colon and a space"),
    ("cannot start any token", "a value", "quote it"),
    ("could not find expected ':'", "`:` after a key", ""),
    ("unexpected end of stream", "a closing quote", ""),
    ("<document start>", "the end of the document", ""),
    ("expected key", "a key of the mapping in its column", ""),
    ("<block end>", "a key of the mapping, or an entry of the list, in its column", ""),
    ("'-' indicator", "`-` of the list in its column", ""),
    ("block sequence entries are not allowed", "a value", "start a list on a line of its own"),
    ("node content", "a value", ""),
)


def syntax_diagnostic(source: SourceText, error: yaml.YAMLError, shift: int) -> Diagnostic:
    """The diagnostic for an error of PyYAML, whose marks stand `shift` characters too early."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Diagnostic(
            "yaml-syntax", f"expected YAML, found {_lower(str(error))}", Span(source, 0, 0)
        )
    span = _mark_span(source, error.problem_mark.index + shift)
    tab = _tab(source, span.start)
    if tab is not None:
        message = "expected spaces for indentation, found a tab"
        return Diagnostic("yaml-syntax", message, tab, helps=("indent with spaces",))
    message, help_text = _explain(error.problem or "", _found(span))
    related: tuple[Related, ...] = ()
    if error.context and error.context_mark is not None:
        context = _mark_span(source, error.context_mark.index + shift)
        if context.start != span.start:
            related = (Related(context, _lower(error.context)),)
        if context.text == "-":
            help_text = "write a space after the `-` of a list item"
    return Diagnostic(
        "yaml-syntax", message, span, related=related, helps=(help_text,) if help_text else ()
    )


def _explain(problem: str, found: str) -> tuple[str, str]:
    """The message and the help, "" if there is none."""
    for fragment, expected, help_text in _EXPECTED:
        if fragment in problem:
            return f"expected {expected}, found {found}", help_text
    match = re.fullmatch(r"(?:did not find )?expected (.+?)(?:, but (?:got|found) .*)?", problem)
    if match:
        return f"expected {match[1].replace(chr(39), '`')}, found {found}", ""
    return f"expected YAML, {_lower(problem)}", ""


def _mark_span(source: SourceText, offset: int) -> Span:
    start = min(offset, len(source.text))
    return Span(source, start, min(start + 1, len(source.text)))


def _tab(source: SourceText, offset: int) -> Span | None:
    """The tab that indents the line of `offset`, or stands there."""
    line_start = source.text.rfind("\n", 0, offset) + 1
    position = line_start
    while source.text[position : position + 1] == " ":
        position += 1
    if source.text[position : position + 1] != "\t":
        position = offset
    return (
        Span(source, position, position + 1)
        if source.text[position : position + 1] == "\t"
        else None
    )


def _found(span: Span) -> str:
    if span.start >= len(span.source.text):
        return "the end of the text"
    return "the end of the line" if span.text.isspace() else f"`{span.text}`"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
