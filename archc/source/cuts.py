"""Expressions that a comma or a bracket of a flow collection has cut: `{filters: =max(a, b)}`."""

from __future__ import annotations

import re
from typing import Final

from archc.diagnostics import Diagnostic, SourceText, Span, replacing
from archc.source.brackets import closing_bracket, expression_end, quote_end, unbalanced

_PAIRED: Final = re.compile(r"[()\[\]{}'\"]")
_TOKEN: Final = re.compile(r"[&*!]\S*|#[^\n]*|[|>][^\n]*\n|[-?:](?=\s)|[\s,]")
_FLOW_PLAIN: Final = re.compile(
    r"(?:[^\s,\[\]{}:#]|:(?=[^\s,\[\]{}])|(?<=\S)#|[ \t]+(?=[^\s#,\[\]{}:]))+"
)
_BLOCK_PLAIN: Final = re.compile(r"(?:[^\s:#]|:(?=\S)|(?<=\S)#|[ \t]+(?=[^\s#]))+")


class CutExpressionError(Exception):
    """A plain scalar is a cut expression.

    `mended` is the stretch of the text that the whole expression takes, None where that
    cannot be told.
    """

    def __init__(self, diagnostic: Diagnostic, mended: tuple[int, int] | None) -> None:
        self.diagnostic = diagnostic
        self.mended = mended
        super().__init__(diagnostic.message)


def check_cut(source: SourceText, text: str, start: int, end: int, collection: str) -> None:
    """Raise `CutExpressionError` if the plain scalar `text`, inside a flow collection, is cut.

    `start` and `end` are its place; `collection` says what it stands in: mapping or sequence.
    """
    after = source.text[end : end + 200].lstrip(" \t")[:1]
    if not _is_cut(text, after):
        return
    whole = expression_end(source.text, start)
    if whole is not None and whole <= end:
        whole = None
    stop = end if whole is None else whole
    knife = f"{_knife(after)} of the flow {collection}"
    message = f"expected a whole expression, found one that is cut by {knife}"
    span = Span(source, start, stop)
    helps, fix = ("quote the expression, and close its brackets and quotes",), None
    if whole is not None:
        helps = (f"quote it: `{_quoted(span.text)}`",)
        fix = replacing(span, _quoted(span.text))
    diagnostic = Diagnostic("cut-expression", message, span, helps=helps, fix=fix)
    raise CutExpressionError(diagnostic, None if whole is None else (start, whole))


def _is_cut(text: str, after: str) -> bool:
    if text.startswith("="):
        has_parts = _PAIRED.search(text) is not None
        return after in ("[", "{") or (has_parts and unbalanced(text) is not None)
    # Text may hold an apostrophe: only what starts at the first `$(` is code.
    opened = text.find("$(")
    return opened >= 0 and unbalanced(_embedded(text[opened:])) is not None


def _embedded(text: str) -> str:
    """The `$(…)` parts of a text, one after the other, without the text between them."""
    parts = []
    opened = text.find("$(")
    while opened >= 0:
        closing = closing_bracket(text, opened + 1)
        if closing is None:
            return text[opened:]
        parts.append(text[opened : closing + 1])
        opened = text.find("$(", closing)
    return "".join(parts)


def _knife(after: str) -> str:
    if after == ",":
        return "a comma"
    if after in ("[", "]", "{", "}"):
        return "a bracket"
    return "a colon" if after == ":" else "the end of a line"


def _quoted(expression: str) -> str:
    if '"' in expression or "\\" in expression:
        return "'" + expression.replace("'", "''") + "'"
    return f'"{expression}"'


def search_cut(source: SourceText, text: str, start: int, stop: int, flow_depth: int) -> None:
    """Raise `CutExpressionError` for the first cut expression in `text[start:stop]`, if any.

    For text that PyYAML's scanner refused before it gave its scalars: the cut is what made the
    syntax wrong. `start` is the end of a token that `flow_depth` flow collections hold.
    """
    offset = start
    openings = ["{"] * flow_depth
    while offset < stop:
        character = text[offset]
        if character in "[{":
            openings.append(character)
        elif character in "]}":
            del openings[-1:]
        elif character in "'\"":
            offset = quote_end(text, offset) or stop
            continue
        else:
            offset = _skip(source, text, offset, openings)
            continue
        offset += 1


def _skip(source: SourceText, text: str, offset: int, openings: list[str]) -> int:
    """The end of the token or plain scalar at `offset`, unless that is a cut expression."""
    token = _TOKEN.match(text, offset)
    if token:
        return token.end()
    plain = (_FLOW_PLAIN if openings else _BLOCK_PLAIN).match(text, offset)
    if plain is None:
        return offset + 1
    if openings:
        collection = "mapping" if openings[-1] == "{" else "sequence"
        check_cut(source, plain[0], offset, plain.end(), collection)
    return plain.end()
