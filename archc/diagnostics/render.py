"""Diagnostics as text for people: the line, a caret under the place, the way there, the help."""

from __future__ import annotations

from collections.abc import Sequence

from archc.diagnostics.diagnostic import Diagnostic, Related
from archc.diagnostics.printable import printable
from archc.diagnostics.span import Span

SHOWN_AT_MOST = 20
WIDTH = 120

_TRAIL = 4
"""Places that are shown of each end of a long way."""

_COLOURS = {"error": "\033[1;31m", "warning": "\033[1;33m", "blue": "\033[1;34m", "bold": "\033[1m"}
_RESET = "\033[0m"


class Painter:
    """Adds colours, or none."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, style: str) -> str:
        return f"{_COLOURS[style]}{text}{_RESET}" if self._colour and text else text


def render_all(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """All diagnostics, at most `SHOWN_AT_MOST`, and how many more there are."""
    shown = [render(diagnostic, colour=colour) for diagnostic in diagnostics[:SHOWN_AT_MOST]]
    if len(diagnostics) > SHOWN_AT_MOST:
        shown.append(f"… and {len(diagnostics) - SHOWN_AT_MOST} more\n")
    return "\n".join(shown)


def render(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """One diagnostic as lines of text that end with a newline."""
    paint = Painter(colour)
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    lines = [f"{head}{paint(': ' + printable(diagnostic.message), 'bold')}"]
    gutter = 1
    if diagnostic.span is not None:
        marks = [Related(diagnostic.span, diagnostic.label), *diagnostic.related]
        gutter = len(str(max(mark.span.line for mark in marks)))
        lines += _excerpts(marks, diagnostic.severity, gutter, paint)
    blank = " " * gutter
    if diagnostic.trail:
        lines.append(f"{blank} = in: {printable(' → '.join(_ends(diagnostic.trail)))}")
    lines += [f"{blank} = note: {printable(note)}" for note in diagnostic.notes]
    lines += [f"{blank} = help: {printable(text)}" for text in diagnostic.helps]
    return "\n".join(lines) + "\n"


def _ends(trail: tuple[str, ...]) -> list[str]:
    """The way there; of a long one, its two ends."""
    left_out = len(trail) - 2 * _TRAIL
    if left_out < 2:
        return list(trail)
    return [*trail[:_TRAIL], f"… {left_out} more …", *trail[-_TRAIL:]]


def _excerpts(marks: list[Related], severity: str, gutter: int, paint: Painter) -> list[str]:
    """The lines that the marks stand on, file by file, the primary mark's file first."""
    primary = marks[0]
    lines = [f"{' ' * gutter}{paint('-->', 'blue')} {printable(str(primary.span))}"]
    files = dict.fromkeys(mark.span.source for mark in marks)
    for source in files:
        own = [mark for mark in marks if mark.span.source is source]
        if source is not primary.span.source:
            lines.append(f"{' ' * gutter}{paint(':::', 'blue')} {printable(str(own[0].span))}")
        lines.append(f"{' ' * gutter} {paint('|', 'blue')}")
        above = ""
        for mark in sorted(own, key=lambda mark: mark.span.start):
            style = severity if mark is primary else "blue"
            line, underline = _excerpt(mark, "^" if mark is primary else "-", gutter, paint, style)
            # Marks on one line share it.
            lines += [underline] if line == above else [line, underline]
            above = line
    return lines


def _excerpt(mark: Related, sign: str, gutter: int, paint: Painter, style: str) -> tuple[str, str]:
    """The line that a mark stands on, and the one that underlines it."""
    span = mark.span
    text, indent, length = _window(span)
    bar = paint("|", "blue")
    label = f" {printable(mark.label)}" if mark.label else ""
    before = " " * _columns(text[:indent])
    underline = sign * max(1, _columns(text[indent : indent + length].ljust(length)))
    return (
        f"{paint(str(span.line).rjust(gutter), 'blue')} {bar} {text}".rstrip(),
        f"{' ' * gutter} {bar} {before}{paint(underline + label, style)}",
    )


def _columns(text: str) -> int:
    """The columns that a text takes on a terminal: wide characters take two, accents none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum([0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text])


def _window(span: Span) -> tuple[str, int, int]:
    """The line of a span cut to the width of a page, where its mark starts and how long it is."""
    line = span.source.line(span.line)
    first = span.column - 1
    last = span.end_column - 1 if span.end_line == span.line else len(line)
    last = max(first + 1, min(last, max(len(line), first + 1)))
    start = max(0, first - WIDTH // 2) if len(line) > WIDTH else 0
    text = "".join(c if c.isprintable() else " " for c in line[start : start + WIDTH])
    return text, first - start, max(1, min(last - first, WIDTH - (first - start)))
