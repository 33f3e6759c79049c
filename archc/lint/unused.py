"""Args that nothing reads, and blocks that nothing uses: told from the text alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from archc.diagnostics import Diagnostic
from archc.expressions import ExpressionError, parse, parse_text
from archc.lint.subject import Subject
from archc.source import Mapping, Node, Scalar, Sequence
from archc.source.edit import without
from archc.spec import BlockDocument

_WORD: Final = re.compile(r"[^\W\d]\w*")


def unused_args(subject: Subject) -> Iterator[Diagnostic]:
    """Args of the spec and of its blocks that no value reads."""
    document = subject.spec.assembled.document
    read = set(_names(without(document.origin, "define"), ""))
    for diagnostic in _unread(document.origin, document.args, read, "the spec"):
        if diagnostic.span is not None and diagnostic.span.source is subject.main:
            yield diagnostic
    tables = [document.define, *(library.document.define for library in subject.libraries)]
    for table in tables:
        for name, block in table.items():
            if subject.is_own(block.origin.span):
                yield from _unread_of_block(name, block)


def _unread_of_block(name: str, block: BlockDocument) -> Iterator[Diagnostic]:
    yield from _unread(block.origin, block.args, set(_names(block.origin, "")), f"`{name}`")


def _unread(
    origin: Mapping, args: Iterable[str], read: set[str], owner: str
) -> Iterator[Diagnostic]:
    written = origin.get("args")
    for name in args:
        if name not in read and isinstance(written, Mapping):
            yield Diagnostic(
                "unused-arg",
                f"nothing in {owner} reads the arg `{name}`",
                written.entries[name].key_span,
                helps=(f"use it as `={name}`, or leave it out",),
                severity="warning",
            )


def _names(node: Node, key: str) -> Iterator[str]:
    """The free names of all expressions of a tree; a lone `=` is the name of its key."""
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            yield from _names(entry.value, entry.key)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _names(item, key)
    else:
        yield from _names_in_text(node.text, key)


def _names_in_text(text: str, key: str) -> frozenset[str]:
    try:
        if text.startswith("="):
            return parse(text[1:]).names if text[1:].strip() else frozenset({key})
        return parse_text(text).names if "$(" in text else frozenset()
    except ExpressionError:
        # Texts that are no values, such as rules for weights, need not be expressions.
        return frozenset()


def unused_blocks(subject: Subject) -> Iterator[Diagnostic]:
    """Blocks of the spec's `define` whose name stands nowhere else in it."""
    origin = subject.spec.assembled.document.origin
    defined = origin.get("define")
    if not isinstance(defined, Mapping) or defined.span.source is not subject.main:
        return
    outside = set(_words(without(origin, "define")))
    bodies = {name: set(_words(entry.value)) for name, entry in defined.entries.items()}
    for name, entry in defined.entries.items():
        others = [words for other, words in bodies.items() if other != name]
        if name not in outside.union(*others):
            yield Diagnostic(
                "no-effect",
                f"nothing uses the block `{name}`",
                entry.key_span,
                helps=("leave it out, or move it to a library",),
                severity="warning",
            )


def _words(node: Node) -> Iterator[str]:
    """All names that keys and values of a tree hold: a block may be chosen by an expression."""
    if isinstance(node, Scalar):
        yield from _WORD.findall(node.text)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _words(item)
    else:
        for entry in node.entries.values():
            yield entry.key
            yield from _words(entry.value)
