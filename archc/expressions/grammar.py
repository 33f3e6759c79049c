"""Text → Python's syntax tree, whatever the text; and where each part of the tree stands."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from typing import Final, NoReturn, TypeAlias

from archc.expressions.errors import ExpressionError
from archc.expressions.limits import MAX_TEXT
from archc.source.brackets import quote_end, unbalanced

Place: TypeAlias = Callable[[ast.AST], tuple[int, int]]

_BLANKS: Final = str.maketrans("\t\n\r\f\v", "     ")
_TOKEN: Final = re.compile(r"\w+|\S")
_SLIPS: Final = (
    (re.compile(r"&&"), "use `and`"),
    (re.compile(r"\|\|"), "use `or`"),
    (re.compile(r"!(?!=)"), "use `not`"),
    (re.compile(r"\?"), "write a choice as `a if condition else b`"),
    (re.compile(r"(?<![=!<>:])=(?!=)"), "use `==` to compare"),
    (re.compile(r"\$"), "leave out `$( )`: an expression needs none"),
)


def parse_tree(text: str) -> tuple[ast.expr, Place]:
    """The syntax tree of an expression, and a function that gives the offsets of a part of it.

    Raises `ExpressionError` for any text that is not one expression of Python.
    """
    _check_text(text)
    # On one line the columns of Python's tree are offsets into the text.
    line = text.translate(_BLANKS)
    margin = len(line) - len(line.lstrip(" "))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(line[margin:], mode="eval").body
    except SyntaxError as error:
        # An offset of 0 stands for the end of the text.
        _fail_syntax(text, margin + error.offset - 1 if error.offset else len(text))
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(
            "expected a simpler expression, found one that cannot be read",
            0,
            len(text),
            code="expression-limit",
        ) from None
    return tree, _places(line, margin)


def _check_text(text: str) -> None:
    if not text.strip():
        raise ExpressionError("expected an expression, found nothing", 0, len(text))
    if len(text) > MAX_TEXT:
        message = f"expected an expression of at most {MAX_TEXT:,} characters, found {len(text):,}"
        raise ExpressionError(message, 0, len(text), code="expression-limit")
    odd = unbalanced(text)
    if odd is not None:
        place = odd.offset, odd.offset + 1
        if odd.partner is None:
            raise ExpressionError(
                f"expected an opening bracket before `{odd.character}`, found none", *place
            )
        raise ExpressionError(
            f"expected `{odd.partner}` to close `{odd.character}`, found none", *place
        )
    comment = _comment(text) if "#" in text else None
    if comment is not None:
        raise ExpressionError("expected an expression, found a comment in it", comment, len(text))


def _comment(text: str) -> int | None:
    """The offset of the first `#` outside quotes."""
    offset = 0
    while offset < len(text):
        if text[offset] == "#":
            return offset
        offset = (quote_end(text, offset) or len(text)) if text[offset] in "'\"" else offset + 1
    return None


def _fail_syntax(text: str, offset: int) -> NoReturn:
    helps = tuple(help_text for pattern, help_text in _SLIPS if pattern.search(text))
    token = _TOKEN.search(text, min(offset, len(text)))
    if token is None:
        end = len(text.rstrip())
        raise ExpressionError(
            "expected an operand, found the end of the expression", end - 1, end, helps[:1]
        )
    raise ExpressionError(
        f"expected an expression, found `{token[0]}`", token.start(), token.end(), helps[:1]
    )


def _places(line: str, margin: int) -> Place:
    if line.isascii():
        return lambda node: (node.col_offset + margin, node.end_col_offset + margin)  # type: ignore[attr-defined]
    encoded = line[margin:].encode("utf-8")

    def place(node: ast.AST) -> tuple[int, int]:
        # Python counts columns in bytes.
        columns: tuple[int, int] = (node.col_offset, node.end_col_offset)  # type: ignore[attr-defined]
        start, end = (len(encoded[:column].decode("utf-8")) for column in columns)
        return start + margin, end + margin

    return place
