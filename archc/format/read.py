"""YAML text → the tree that is laid out anew, each comment with the item that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    MappingStartEvent,
    NodeEvent,
    StreamEndEvent,
)

from archc.format.nodes import Collection, Item, Leaf, Node

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAKS: Final = "\n\r\x85\u2028\u2029"
_GAP: Final = re.compile(
    rf"(?P<line>\r\n|[{_BREAKS}])|(?P<comment>#[^{_BREAKS}]*)|(?P<sign>[^\s#]+)"
)
_BEFORE_CONTENT: Final = re.compile(rf"(?:[ \t{_BREAKS}]|#[^{_BREAKS}]*)*")


class _Comment(NamedTuple):
    text: str
    column: int
    own_line: bool
    after_blank: bool


def read(text: str) -> Item:
    """The document of a text that `archc.source.compose` takes, without a byte order mark."""
    reader = _Reader(text)
    loader = _LOADER(text)
    try:
        while not reader.finished:
            reader.take(loader.get_event())
    finally:
        loader.dispose()
    return reader.document


class _Reader:
    """One walk over the events of a text. What lies between two of them holds the comments."""

    def __init__(self, text: str) -> None:
        self.document = Item()
        self.finished = False
        self._text = text
        self._end = 0
        self._open: list[tuple[Collection, Item]] = []
        self._closed: list[Collection] = []
        self._pending: list[str] = []
        self._last: Item | None = None
        self._waiting: list[Item | None] = []

    def take(self, event: Any) -> None:
        if isinstance(event, CollectionEndEvent):
            self._close(event)
        elif isinstance(event, NodeEvent):
            self._node(event)
        elif isinstance(event, StreamEndEvent):
            self._read_gap(len(self._text))
            self.finished = True
            self._keep_rest()

    def _node(self, event: Any) -> None:
        self._read_gap(event.start_mark.index)
        self._closed = []
        anchor = event.anchor or ""
        if isinstance(event, CollectionStartEvent):
            self._start(event, anchor)
        else:
            self._leaf(event, anchor)

    def _start(self, event: Any, anchor: str) -> None:
        start = event.start_mark.index
        mapping = isinstance(event, MappingStartEvent)
        column = event.start_mark.column
        hanging = not mapping and bool(self._open) and column == self._open[-1][0].column
        node = Collection(mapping, bool(event.flow_style), anchor, column, hanging)
        holder = self._place(node)
        self._open.append((node, holder))
        self._waiting.append(None)
        self._end = start + len(anchor) + bool(anchor)
        if self._is_bracketed(node, start):
            self._read_gap(_content(self._text, self._end))
            self._end += 1
            self._last = holder

    def _close(self, event: Any) -> None:
        node, holder = self._open[-1]
        start = event.start_mark.index
        # A block collection, and a lone pair in a flow sequence, end where the next thing starts.
        if node.flow and event.end_mark.index > start:
            self._read_gap(start)
            self._end = event.end_mark.index
            self._closed = []
            (node.closing if node.items else holder.leading).extend(filter(None, self._pending))
            self._pending = []
            self._last = holder
        elif not node.flow:
            self._closed.append(node)
        self._open.pop()
        self._waiting.pop()

    def _leaf(self, event: Any, anchor: str) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        column = self._open[-1][0].column if self._open else 0
        if isinstance(event, AliasEvent):
            raw = self._text[start:end]
            leaf = Leaf(raw, raw, "*", "", column)
        else:
            if anchor:
                self._end = start + 1 + len(anchor)
                start = min(_content(self._text, self._end), end)
                self._read_gap(start)
            raw = _raw(self._text[start:end], event.style or "")
            end = start + len(raw)
            leaf = Leaf(raw, event.value, event.style or "", anchor, column)
        self._end = max(self._end, end)
        self._last = self._place(leaf)

    def _place(self, node: Node) -> Item:
        """The item that a node is part of: a new one, or that of the key before it."""
        if not self._open:
            self.document.value = node
            return self.document
        collection, _ = self._open[-1]
        waiting = self._waiting[-1]
        if waiting is not None:
            self._waiting[-1] = None
            waiting.value = node
            if isinstance(node, Leaf) and any(self._pending):
                waiting.leading += filter(None, [waiting.trailing, *self._pending])
                waiting.trailing, self._pending = "", []
            return waiting
        item = Item(leading=self._pending)
        self._pending = []
        collection.items.append(item)
        if collection.mapping:
            assert isinstance(node, Leaf)
            item.key = node
            self._waiting[-1] = item
        else:
            item.value = node
        return item

    def _read_gap(self, stop: int) -> None:
        """Take the comments and blank lines up to `stop`."""
        for found in self._between(stop):
            if not isinstance(found, _Comment):
                self._pending.append("")
            elif found.own_line or self._last is None:
                lines = ["", found.text] if found.after_blank else [found.text]
                self._above_next(found.column).extend(lines)
            else:
                if self._last.trailing:
                    self._last.leading.append(self._last.trailing)
                self._last.trailing = found.text
        self._end = max(self._end, stop)

    def _between(self, stop: int) -> Iterator[_Comment | None]:
        """The comments up to `stop`, and None where a blank line stands after the last one."""
        own_line = self._end == 0 or self._text[self._end - 1] in _BREAKS
        breaks, blank, dashed = 0, False, False
        for match in _GAP.finditer(self._text, self._end, stop):
            if match["line"]:
                own_line, breaks = True, breaks + 1
                blank = blank or breaks > 1
            elif match["comment"]:
                column = -1 if dashed else match.start() - self._line_start(match.start())
                yield _Comment(match["comment"].rstrip(" \t"), column, own_line, blank)
                breaks, blank = 0, False
            else:
                breaks = 0
                if match["sign"] not in (":", ","):
                    # What stands behind the dash of an element speaks of the element.
                    own_line, dashed = True, True
        if blank:
            yield None

    def _above_next(self, column: int) -> list[str]:
        """Where a comment on a line of its own goes: to what ended before it if it is indented
        as that is, else to what comes next.
        """
        while self._closed:
            ended = self._closed[0]
            if column > ended.column or (column == ended.column and not ended.hanging):
                return ended.closing
            self._closed.pop(0)
        return self._pending

    def _keep_rest(self) -> None:
        root = self.document.value
        rest = root.closing if isinstance(root, Collection) else self.document.leading
        rest.extend(filter(None, self._pending))

    def _is_bracketed(self, node: Collection, start: int) -> bool:
        return node.flow and self._text[_content(self._text, self._end)] in "[{"

    def _line_start(self, offset: int) -> int:
        while offset and self._text[offset - 1] not in _BREAKS:
            offset -= 1
        return offset


def _content(text: str, offset: int) -> int:
    """Where the content starts behind an anchor."""
    match = _BEFORE_CONTENT.match(text, offset)
    return match.end() if match else offset


def _raw(text: str, style: str) -> str:
    """A scalar as written; the blank lines after a block scalar are its own only if it says so."""
    lines = text.split("\n")
    if style not in ("|", ">") or "+" in lines[0].partition("#")[0]:
        return text
    margins = [len(line) - len(line.lstrip(" ")) for line in lines[1:] if line.strip(" ")]
    # What is indented further than the text is a part of it.
    while len(lines) > 1 and not lines[-1].strip(" ") and len(lines[-1]) <= sum(margins[:1]):
        lines.pop()
    return "\n".join(lines)
