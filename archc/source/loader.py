"""YAML text → located tree, straight from PyYAML's event stream."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from archc.diagnostics import CompileError, Diagnostic, Findings, SourceText, Span
from archc.source.characters import BYTE_ORDER_MARK, character_name, forbidden_character, visible
from archc.source.cuts import CutExpressionError, check_cut, search_cut
from archc.source.limits import MAX_CUTS, MAX_DEPTH, MAX_NODES
from archc.source.nodes import Node, Scalar, ScalarValue
from archc.source.scalars import NumberRangeError, resolve
from archc.source.syntax import syntax_diagnostic
from archc.source.tree import OpenCollection, Tree

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLANKS: Final = " \t\r\n\x85\u2028\u2029"
_PROPERTIES: Final = re.compile(
    rf"(?:[&!][^{_BLANKS},\[\]{{}}]*(?:[{_BLANKS}]|(?<=[{_BLANKS}])#[^\n]*\n)*)+"
)


def compose(source: SourceText) -> Node:
    """The located tree of a YAML text.

    Raises `CompileError` with every independent error that was found; broken syntax ends the
    search. Codes: `yaml-syntax`, `duplicate-key`, `merge-key`, `yaml-tag`, `yaml-alias`,
    `yaml-anchor-bomb`, `yaml-depth`, `yaml-documents`, `yaml-empty`, `yaml-key`, `number-range`,
    `cut-expression`.
    """
    _check_characters(source)
    findings = Findings()
    text = source.text
    for _ in range(MAX_CUTS):
        try:
            node = _Composer(source, text, findings).compose()
        except CutExpressionError as cut:
            findings.add(cut.diagnostic)
            if cut.mended is None:
                break
            # A filler of the same length keeps every offset, and the search for errors goes on.
            start, end = cut.mended
            text = text[:start] + "x" * (end - start) + text[end:]
        else:
            findings.raise_if_any()
            return node
    raise CompileError(findings)


def _check_characters(source: SourceText) -> None:
    offset = forbidden_character(source.text)
    if offset is None:
        return
    message = f"expected printable text, found the character {character_name(source.text[offset])}"
    span = Span(SourceText(source.path, visible(source.text)), offset, offset + 1)
    raise CompileError([Diagnostic("yaml-syntax", message, span)])


class _Anchored(NamedTuple):
    """A node with an anchor: its nodes with aliases written out, and the levels it has."""

    node: Node
    size: int
    height: int


class _Composer:
    """One walk over the events of a text, which may be the source's with cut expressions mended."""

    def __init__(self, source: SourceText, text: str, findings: Findings) -> None:
        self._source = source
        self._text = text
        self._findings = findings
        # PyYAML's marks do not count a byte order mark.
        self._shift = 1 if text.startswith(BYTE_ORDER_MARK) else 0
        self._loader = _LOADER(text[self._shift :])
        self._tree = Tree(findings)
        self._anchors: dict[str, _Anchored | None] = {}
        self._size = 0
        self._end = 0
        self._documents = 0

    def compose(self) -> Node:
        try:
            self._walk()
        except yaml.YAMLError as error:
            self._fail_syntax(error)
        finally:
            self._loader.dispose()
        root = self._tree.root
        empty = isinstance(root, Scalar) and not root.quoted and root.text == ""
        if root is None or (empty and not len(self._findings)):
            message = f"expected YAML, found no content in `{self._source.path}`"
            self._fail("yaml-empty", message, Span(self._source, 0, 0))
        return root

    def _walk(self) -> None:
        next_event = self._loader.get_event
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._open(event, kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._close(event)
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                self._document(event)
            elif kind is StreamEndEvent:
                return

    def _fail_syntax(self, error: yaml.YAMLError) -> NoReturn:
        diagnostic = syntax_diagnostic(self._source, error, self._shift)
        if diagnostic.span is not None:
            # PyYAML's scanner runs ahead of its events by a line.
            flow_depth = sum(collection.flow for collection in self._tree.stack)
            search_cut(self._source, self._text, self._end, diagnostic.span.end, flow_depth)
        self._findings.add(diagnostic)
        raise CompileError(self._findings)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "expected one document, found a second one"
            span = self._span(event)
            self._fail("yaml-documents", message, span, "write each spec in a file of its own")

    def _scalar(self, event: Any) -> None:
        start = self._start(event)
        end = event.end_mark.index + self._shift
        text, style = event.value, event.style
        quoted = bool(style)
        stack = self._tree.stack
        top = stack[-1] if stack else None
        if quoted:
            end = self._trimmed(start, end) if style in "|>" else end
        elif top is not None and top.flow and (text[:1] == "=" or "$(" in text):
            check_cut(self._source, text, start, end, top.kind)
        self._end = end
        span = Span(self._source, start, end)
        is_text = quoted or (top is not None and top.wants_key)
        value = text if is_text else self._resolve(text, span)
        self._size += 1
        self._finish(Scalar(value, text, span, quoted), event.anchor, self._size - 1, 0)

    def _resolve(self, text: str, span: Span) -> ScalarValue:
        try:
            return resolve(text)
        except NumberRangeError as error:
            self._findings.add(Diagnostic("number-range", str(error), span))
            return 0

    def _open(self, event: Any, mapping: bool) -> None:
        start = self._start(event)
        self._check_depth(1, event)
        self._end = start + 1 if event.flow_style else start
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._tree.stack.append(
            OpenCollection(start, event.flow_style, event.anchor, self._size, mapping)
        )
        self._size += 1

    def _close(self, event: Any) -> None:
        collection = self._tree.stack.pop()
        # A block collection's own end mark lies behind the blank lines and comments that follow.
        if collection.flow:
            self._end = event.end_mark.index + self._shift
        node = collection.finish(self._source, self._end)
        self._finish(node, collection.anchor, collection.size_before, collection.height)

    def _finish(self, node: Node, anchor: str | None, size_before: int, height: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = _Anchored(node, self._size - size_before, height)
        self._tree.place(node, height)

    def _alias(self, event: Any) -> None:
        span = self._span(event)
        self._end = span.end
        name: str = event.anchor
        anchored = self._anchors.get(name)
        if anchored is None:
            found = "its own parent" if name in self._anchors else "a name without an anchor"
            self._fail("yaml-alias", f"expected an anchor before `*{name}`, found {found}", span)
        self._check_depth(anchored.height, event)
        self._size += anchored.size
        if self._size > MAX_NODES:
            message = (
                f"expected at most {MAX_NODES:,} nodes, found more: `*{name}` repeats too much"
            )
            self._fail("yaml-anchor-bomb", message, span)
        self._tree.place(anchored.node, anchored.height, span)

    def _check_depth(self, height: int, event: Any) -> None:
        if len(self._tree.stack) + height > MAX_DEPTH:
            message = f"expected at most {MAX_DEPTH} levels of nesting, found more"
            self._fail("yaml-depth", message, self._span(event))

    def _start(self, event: Any) -> int:
        """Where a node's content starts: behind its anchor. A tag is an error."""
        start: int = event.start_mark.index + self._shift
        if event.anchor is None and event.tag is None:
            return start
        properties = _PROPERTIES.match(self._source.text, start, event.end_mark.index + self._shift)
        end = properties.end() if properties else start
        if event.tag is not None:
            span = Span(self._source, start, self._trimmed(start, end))
            message = f"expected a value without a tag, found `{span.text}`"
            helps = ("remove the tag; quotes make a text of any value",)
            self._findings.add(Diagnostic("yaml-tag", message, span, helps=helps))
        return end

    def _trimmed(self, start: int, end: int) -> int:
        return start + max(len(self._source.text[start:end].rstrip(_BLANKS)), min(1, end - start))

    def _span(self, event: Any) -> Span:
        return Span(
            self._source, event.start_mark.index + self._shift, event.end_mark.index + self._shift
        )

    def _fail(self, code: str, message: str, span: Span, *helps: str) -> NoReturn:
        self._findings.add(Diagnostic(code, message, span, helps=helps))
        raise CompileError(self._findings)
