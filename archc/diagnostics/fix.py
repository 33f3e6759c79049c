"""Changes of a text that mend what a diagnostic tells, where no one need look at them first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from archc.diagnostics.names import one_slip_from
from archc.diagnostics.span import Span

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
"""Names that YAML reads as themselves wherever they stand."""


class Edit(NamedTuple):
    """A stretch of a text, and what takes its place."""

    span: Span
    text: str


class Fix(NamedTuple):
    """What a change does, in a few words, and its edits: all of one text, none over another."""

    title: str
    edits: tuple[Edit, ...]


def replacing(span: Span, text: str) -> Fix:
    """The fix that puts a text in the place of another."""
    return Fix(f"`{span.text}` → `{text}`", (Edit(span, text),))


def renaming(
    span: Span | None, name: str, known: Iterable[str], taken: Iterable[str] = ()
) -> Fix | None:
    """The fix of a name that is one slip of the finger away from a single known one.

    `taken` are names that stand beside it: what is there already was not meant. None where the
    text at `span` is not the name itself, in quotes or without.
    """
    meant = one_slip_from(name, known)
    if span is None or meant is None or meant in taken or not _PLAIN.fullmatch(meant):
        return None
    quotes = 1 if span.text in (f'"{name}"', f"'{name}'") else 0
    inner = Span(span.source, span.start + quotes, span.end - quotes)
    return replacing(inner, meant) if inner.text == name else None
