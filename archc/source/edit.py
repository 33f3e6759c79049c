"""Trees from trees: `extends` merges two, a setting replaces one value."""

from __future__ import annotations

import re
from dataclasses import replace

from archc.diagnostics import CompileError, Diagnostic, SourceText, Span, one_of
from archc.source.nodes import Entry, Mapping, Node, Scalar, Sequence

_SEGMENT = re.compile(r"(?P<key>[^.\[\]]+)|\[(?P<index>\d{1,6})\]")


def merge(base: Mapping, over: Mapping) -> Mapping:
    """`over` laid over `base`: mappings merge key by key, `null` deletes, all else replaces."""
    entries = dict(base.entries)
    for key, entry in over.entries.items():
        value = entry.value
        if isinstance(value, Scalar) and value.value is None:
            entries.pop(key, None)
            continue
        below = base.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            entry = replace(entry, value=merge(below, value))
        entries[key] = entry
    return Mapping(entries, over.span, over.flow)


def without(mapping: Mapping, *keys: str) -> Mapping:
    """The mapping less some keys."""
    kept = {key: entry for key, entry in mapping.entries.items() if key not in keys}
    return Mapping(kept, mapping.span, mapping.flow)


def with_entry(mapping: Mapping, key: str, value: Node, key_span: Span | None = None) -> Mapping:
    """The mapping with one entry set."""
    entry = Entry(key, key_span or value.span, value)
    return Mapping(mapping.entries | {key: entry}, mapping.span, mapping.flow)


def apply_setting(root: Mapping, path: str, value: Node) -> Mapping:
    """The tree with `value` at `path`, such as `learner.groups[2].blocks`.

    A list takes an index that it has, or its length to append; a mapping takes a new last key.
    Raises `CompileError` (`setting-path`) where the path leads nowhere.
    """
    source = SourceText(f"--set {path}", path)
    segments = _segments(source)
    changed = _set(root, segments, value, source)
    assert isinstance(changed, Mapping)
    return changed


def _segments(source: SourceText) -> list[tuple[str | int, Span]]:
    text = source.text
    segments: list[tuple[str | int, Span]] = []
    position = 0
    while position < len(text):
        match = _SEGMENT.match(text, position)
        if match is None:
            raise _bad_path(source, position, "expected a path such as `learner.groups[2].blocks`")
        span = Span(source, match.start(), match.end())
        index = match["index"]
        segments.append((int(index) if index else match["key"], span))
        position = match.end()
        if position < len(text) and text[position] == ".":
            position += 1
            if position == len(text):
                raise _bad_path(source, position - 1, "expected a key after the `.`")
    if not segments:
        raise _bad_path(source, 0, "expected a path such as `learner.groups[2].blocks`")
    return segments


def _set(
    node: Node | None, segments: list[tuple[str | int, Span]], value: Node, source: SourceText
) -> Node:
    if not segments:
        return value
    (segment, span), rest = segments[0], segments[1:]
    if isinstance(segment, int):
        return _set_item(node, segment, span, rest, value, source)
    if not isinstance(node, Mapping):
        raise _no_such(span, segment, (), _kind(node))
    if rest and segment not in node.entries:
        raise _no_such(span, segment, tuple(node.entries), "")
    changed = _set(node.get(segment), rest, value, source)
    return with_entry(node, segment, changed, span if segment not in node.entries else None)


def _kind(node: Node | None) -> str:
    """What stands where a mapping was expected."""
    if isinstance(node, Sequence):
        return "a list: take one by its index, such as `[0]`"
    return f"`{node.text[:40]}`" if isinstance(node, Scalar) else "nothing"


def _set_item(
    node: Node | None,
    index: int,
    span: Span,
    rest: list[tuple[str | int, Span]],
    value: Node,
    source: SourceText,
) -> Node:
    if not isinstance(node, Sequence):
        raise CompileError([Diagnostic("setting-path", "there is no list here to index", span)])
    items = list(node.items)
    if index > len(items) or (index == len(items) and rest):
        indices = f"{len(items)} items, from [0] to [{len(items) - 1}]"
        if len(items) < 2:
            indices = "one item, [0]" if items else "no items"
        message = f"the list has {indices}"
        raise CompileError([Diagnostic("setting-path", message, span)])
    if index == len(items):
        items.append(value)
    else:
        items[index] = _set(items[index], rest, value, source)
    return Sequence(tuple(items), node.span, node.flow)


def _no_such(span: Span, key: str, known: tuple[str, ...], what: str) -> CompileError:
    helps = (one_of(key, known, "keys here"),) if known else ()
    message = f"no `{key}` here" + (f": this is {what}" if what else "")
    return CompileError([Diagnostic("setting-path", message, span, helps=helps)])


def _bad_path(source: SourceText, position: int, message: str) -> CompileError:
    span = Span(source, position, position + 1)
    return CompileError([Diagnostic("setting-path", message, span)])


def segments_of(path: str) -> list[str | int]:
    """The keys and indices of a path. Raises `CompileError` (`setting-path`)."""
    return [segment for segment, _ in _segments(SourceText(f"--set {path}", path))]


def find(root: Node, path: str) -> Node | None:
    """The node at a path such as `learner.groups[2].blocks`; None where there is none.

    Raises `CompileError` (`setting-path`) where the text is no path.
    """
    node: Node | None = root
    for segment in segments_of(path):
        if isinstance(segment, int):
            items = node.items if isinstance(node, Sequence) else ()
            node = items[segment] if segment < len(items) else None
        else:
            node = node.get(segment) if isinstance(node, Mapping) else None
    return node
