"""Puts nodes together: collections that are still open, their items, and the keys of mappings."""

from __future__ import annotations

from archc.diagnostics import Diagnostic, Findings, Related, SourceText, Span
from archc.source.nodes import Entry, Mapping, Node, Scalar, Sequence


class OpenCollection:
    """A collection whose end has not come yet; `height` counts the levels inside it, and itself."""

    __slots__ = (
        "anchor",
        "entries",
        "flow",
        "height",
        "items",
        "key",
        "size_before",
        "start",
        "wants_key",
    )

    def __init__(
        self, start: int, flow: bool, anchor: str | None, size_before: int, mapping: bool
    ) -> None:
        self.start = start
        self.flow = flow
        self.anchor = anchor
        self.size_before = size_before
        self.height = 1
        self.items: list[Node] = []
        self.entries: dict[str, Entry] | None = {} if mapping else None
        self.wants_key = mapping
        self.key: Scalar | None = None

    @property
    def kind(self) -> str:
        return "sequence" if self.entries is None else "mapping"

    def finish(self, source: SourceText, end: int) -> Mapping | Sequence:
        span = Span(source, self.start, end)
        if self.entries is None:
            return Sequence(tuple(self.items), span, self.flow)
        return Mapping(self.entries, span, self.flow)


class Tree:
    """A tree that grows node by node in the order of the text. Key errors go to `findings`."""

    def __init__(self, findings: Findings) -> None:
        self.root: Node | None = None
        self.stack: list[OpenCollection] = []
        self._findings = findings

    def place(self, node: Node, height: int, alias: Span | None = None) -> None:
        """Put a finished node into the innermost open collection.

        `height` counts the node's levels; `alias` is the place of the `*name` that stands for it.
        """
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if height >= top.height:
            top.height = height + 1
        entries = top.entries
        if entries is None:
            top.items.append(node)
        elif top.wants_key:
            top.wants_key = False
            top.key = self._checked_key(entries, node, alias)
        else:
            top.wants_key = True
            key = top.key
            if key is not None:
                entries[key.text] = Entry(key.text, key.span, node)

    def _checked_key(
        self, entries: dict[str, Entry], node: Node, alias: Span | None
    ) -> Scalar | None:
        """The key, or None where it is an error: then its value is read and dropped."""
        wrong = _key_error(entries, node, alias)
        if wrong is not None:
            self._findings.add(wrong)
            return None
        return node if isinstance(node, Scalar) else None


def _key_error(entries: dict[str, Entry], node: Node, alias: Span | None) -> Diagnostic | None:
    if not isinstance(node, Scalar) or alias is not None:
        what = "an alias" if alias else "a mapping" if isinstance(node, Mapping) else "a list"
        message = f"expected a text as a key, found {what}"
        return Diagnostic("yaml-key", message, alias or node.span)
    if node.text == "":
        message = "expected a text as a key, found nothing before `:`"
        return Diagnostic("yaml-key", message, node.span)
    if node.text == "<<" and not node.quoted:
        message = "expected a key, found the merge key `<<`"
        helps = ("use `extends:` to build on another spec, or a block for steps that recur",)
        return Diagnostic("merge-key", message, node.span, helps=helps)
    first = entries.get(node.text)
    if first is None:
        return None
    related = (Related(first.key_span, "first here"),)
    message = f"expected each key once, found `{node.text}` again"
    return Diagnostic("duplicate-key", message, node.span, related=related)
