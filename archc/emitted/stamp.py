r"""The stamp of an emitted file: what it was made from, and whether it is still as it was made.

It is the last paragraph of the file's docstring:

    Emitted by archc 0.1.0: archc emit resnet50 --to python
    Spec: sha256 0123456789abcdef. This file: sha256 0123456789abcdef.

The spec's hash is the beginning of `Spec.digest`. The file's is that of its text as UTF-8, with
`\n` at the ends of lines, and zeros where the hash itself stands.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import tokenize
import warnings
from dataclasses import dataclass
from textwrap import fill

from archc import __version__
from archc.api import Spec
from archc.diagnostics.printable import printable
from archc.emitted.command import EmitCommand, read_command
from archc.graph import Graph

_DIGITS = 16
_UNKNOWN = "0" * _DIGITS
_WIDTH = 85
"""Columns of the first line of a docstring, less those of its quotes."""

_FILE_HASH = re.compile(r"(?<=\. This file: sha256 )[0-9a-f]{16}(?=\.)")
_STAMP = re.compile(
    r"\n\nEmitted by archc (?P<version>[0-9A-Za-z.+-]{1,40}): (?P<command>[^\n]+)\n"
    r"Spec: sha256 (?P<spec>[0-9a-f]{16})\. This file: sha256 (?P<file>[0-9a-f]{16})\.\s*\Z"
)
_BEFORE_A_DOCSTRING = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an emitted file says of itself: archc's version, the command, the spec's hash.

    `intact` tells whether the file is as it was emitted, line ends aside.
    """

    version: str
    command: EmitCommand
    spec: str
    intact: bool

    def is_of(self, spec: Spec) -> bool:
        """Whether the file was made from this spec, as the spec's files are now.

        Raises `CompileError` where they are wrong.
        """
        return self.spec == spec.digest[:_DIGITS]


def stamped_docstring(graph: Graph, digest: str, command: EmitCommand) -> str:
    """The docstring of an emitted file: what the network is, and the stamp, not yet sealed.

    What the spec says of itself is one paragraph, so that none of it can pass for a stamp.
    """
    about = printable(" ".join(graph.about.split()))
    title = f"{graph.name}: {about}" if about else graph.name
    closed = title if title.endswith((".", "!", "?", "…")) else f"{title}."
    return (
        f"{fill(closed, _WIDTH, break_long_words=False, break_on_hyphens=False)}\n\n"
        f"Emitted by archc {__version__}: {command}\n"
        f"Spec: sha256 {digest[:_DIGITS]}. This file: sha256 {_UNKNOWN}."
    )


def sealed(source: str) -> str:
    r"""The source, its lines ending in `\n`, with its own hash in its stamp.

    Source whose docstring has no stamp, as templates of one's own may make it, stays without.
    """
    source = _normalised(source)
    span = _hash_span(source)
    return source if span is None else source[: span[0]] + _hash(source, span) + source[span[1] :]


def read_stamp(source: str) -> Stamp | None:
    """The stamp of a file's text; None where it has none. Nothing but its docstring is read."""
    source = _normalised(source)
    found = _stamp(source)
    command = read_command(found["command"]) if found else None
    if found is None or command is None:
        return None
    span = _hash_span(source)
    intact = span is not None and found["file"] == _hash(source, span)
    return Stamp(found["version"], command, found["spec"], intact)


def _stamp(source: str) -> re.Match[str] | None:
    token = _docstring(source)
    if token is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know
            docstring = ast.literal_eval(token.string)
            docstring.encode()
    except (ValueError, SyntaxError, AttributeError):  # an f-string, bytes, half a character
        return None
    return _STAMP.search(docstring)


def _docstring(source: str) -> tokenize.TokenInfo | None:
    """The text that a file begins with, if it does."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in _BEFORE_A_DOCSTRING:
                return token if token.type == tokenize.STRING else None
    except (tokenize.TokenError, SyntaxError):
        return None
    return None


def _hash_span(source: str) -> tuple[int, int] | None:
    """Where the file's hash stands in its text: the last of its kind in the docstring."""
    token = _docstring(source)
    if token is None:
        return None
    line, column = token.end
    end = sum([len(text) + 1 for text in source.split("\n")[: line - 1]]) + column
    return max((match.span() for match in _FILE_HASH.finditer(source, 0, end)), default=None)


def _hash(source: str, span: tuple[int, int]) -> str:
    text = source[: span[0]] + _UNKNOWN + source[span[1] :]
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _normalised(source: str) -> str:
    return source.replace("\r\n", "\n").replace("\r", "\n")
