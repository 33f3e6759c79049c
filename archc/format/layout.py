"""The tree as text: on one line what fits there, one item a line what does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from archc.format.nodes import Collection, Item, Leaf, Node
from archc.format.places import Place, place_inside
from archc.format.scalars import as_key, on_a_line, on_lines
from archc.format.tables import aligned

WIDTH: Final = 120
"""Characters of a line, which a comment behind it and a text may exceed."""

COMMENT_COLUMN: Final = 55
"""Where comments behind a line start if it is short enough, from 0."""

_OPEN_PLACES: Final = frozenset(
    {Place.ROOT, Place.DEFINE, Place.BLOCK, Place.GROUPS, Place.VARIANTS, Place.WEIGHTS}
    | {Place.STEPS, Place.PATHS, Place.NAMED}
)
"""What stays on several lines where it is written so, even if it would fit on one."""


def laid_out(document: Item) -> str:
    """The text of a document."""
    root = document.value
    lines = list(document.leading)
    if isinstance(root, Collection):
        text = None if document.trailing else _flow(root, Place.ROOT)
        wanted = text is not None and _wants_flow(root, Place.ROOT) and len(text) <= WIDTH
        lines += [text] if wanted and text is not None else _anchored_block(root, document)
    elif root is not None:
        lines += _commented(on_lines(root, 0), document.trailing)
    return "\n".join(lines) + "\n"


def _anchored_block(root: Collection, document: Item) -> list[str]:
    comment = [document.trailing] if document.trailing else []
    anchor = [f"&{root.anchor}"] if root.anchor else []
    return [*comment, *anchor, *_block(root, 0, Place.ROOT)]


def _block(
    collection: Collection, indent: int, place: Place, *, hanging: bool = False
) -> list[str]:
    """A collection with a line for each item, or more.

    `hanging`: it stands in the column of its key, where a comment at its end needs an indent.
    """
    margin = " " * indent
    rows = _rows(collection, indent, place)
    lines: list[str] = []
    for number, item in enumerate(collection.items):
        lines += [margin + comment if comment else "" for comment in _tidy(item.leading, lines)]
        inside = place_inside(place, item)
        if number in rows:
            lines += _commented([rows[number]], item.trailing)
        else:
            lines += _item(item, indent, place, inside)
    # Below a block scalar the indent would make it a line of that.
    margin += "  " if hanging and not _ends_as_block(collection) else ""
    lines += [margin + comment if comment else "" for comment in _tidy(collection.closing, lines)]
    return lines


def _ends_as_block(node: Node | None) -> bool:
    if isinstance(node, Collection):
        return bool(node.items) and _ends_as_block(node.items[-1].value)
    return node is not None and node.style in ("|", ">")


def _rows(collection: Collection, indent: int, place: Place) -> dict[int, str]:
    """The lines of the items that are rows of a table, where they are aligned as one."""
    if place not in (Place.VALUE, Place.VARIANTS) or (
        collection.mapping and place is not Place.VARIANTS
    ):
        return {}
    rows: dict[int, tuple[str, list[tuple[str, str]]]] = {}
    for number, item in enumerate(collection.items):
        row = item.value
        inside = place_inside(place, item)
        if isinstance(row, Collection) and row.mapping and not row.anchor:
            text = _flow(row, inside)
            head = " " * indent + (as_key(item.key, flow=False) + ":" if item.key else "-")
            fits = text is not None and len(head) + 1 + len(text) <= WIDTH
            if fits and _wants_flow(row, inside):
                rows[number] = head, [_flow_pair(each, inside) for each in row.items]
    lines = dict(zip(rows, aligned(list(rows.values())), strict=True))
    return lines if all(len(line) <= WIDTH for line in lines.values()) else {}


def _item(item: Item, indent: int, place: Place, inside: Place) -> list[str]:
    value = item.value
    assert value is not None
    head = " " * indent + (as_key(item.key, flow=False) + ":" if item.key else "-")
    lone = place is Place.STEPS and _is_lone(value)
    text = None if lone else _line(value, inside)
    if text is not None and (isinstance(value, Leaf) or len(head) + 1 + len(text) <= WIDTH):
        return _commented([f"{head} {text}".rstrip(" ")], item.trailing)
    if isinstance(value, Leaf):
        return _scalar(value, head, indent, item)
    if item.key is not None or value.anchor:
        anchor = f" &{value.anchor}" if value.anchor else ""
        hanging = item.key is not None and not value.mapping
        below = _block(value, indent if hanging else indent + 2, inside, hanging=hanging)
        return [*_commented([head + anchor], item.trailing), *below]
    return _dashed(value, head, indent, inside, item.trailing)


def _is_lone(step: Node) -> bool:
    """Whether a step has one key, which needs no braces behind its dash."""
    return isinstance(step, Collection) and len(step.items) == 1 and not step.anchor


def _scalar(value: Leaf, head: str, indent: int, item: Item) -> list[str]:
    first, *rest = on_lines(value, indent)
    lines = [f"{head} {first}", *rest]
    if value.style not in ("|", ">"):
        return _commented(lines, item.trailing)
    above = [" " * indent + item.trailing] if item.trailing else []
    return [*above, *lines]


def _dashed(value: Collection, head: str, indent: int, inside: Place, trailing: str) -> list[str]:
    """An element of a sequence whose first line stands behind the dash."""
    first, *others = value.items
    above = [" " * indent + trailing] if trailing and first.trailing else []
    first = replace(first, trailing=first.trailing or trailing)
    start, *lines = _block(replace(value, items=[first, *others]), indent + 2, inside)
    return [*above, f"{head} {start[indent + 2 :]}", *lines]


def _line(node: Node, place: Place) -> str | None:
    """The node on one line of a block; None where it can't be or is not to be."""
    if isinstance(node, Leaf):
        return on_a_line(node, flow=False)
    return _flow(node, place) if _wants_flow(node, place) else None


def _wants_flow(node: Collection, place: Place) -> bool:
    """Whether a collection is to stand on one line if it fits there."""
    if node.flow or not node.items:
        return True
    if place is Place.STEP:
        return all(
            isinstance(item.value, Leaf)
            or (item.value is not None and _wants_flow(item.value, place_inside(place, item)))
            for item in node.items
        )
    return place not in _OPEN_PLACES and all(_is_plain(item.value) for item in node.items)


def _is_plain(node: Node | None) -> bool:
    """Whether it is a scalar or a list of such."""
    if not isinstance(node, Collection):
        return True
    return not node.mapping and all(_is_plain(item.value) for item in node.items)


def _flow(node: Node, place: Place, *, in_sequence: bool = False) -> str | None:
    """The node in flow style; None where comments or long texts forbid it."""
    if isinstance(node, Leaf):
        text = on_a_line(node, flow=True)
        return "null" if text == "" and in_sequence else text
    if node.closing:
        return None
    parts = []
    for item in node.items:
        text = None if item.has_comments or item.value is None else _flow_part(item, node, place)
        if text is None:
            return None
        parts.append(text)
    inner = ", ".join(parts)
    anchor = f"&{node.anchor} " if node.anchor else ""
    lone = in_sequence and place is Place.STEP and len(parts) == 1 and not anchor
    if node.mapping:
        return inner if lone else f"{anchor}{{{inner}}}"
    return f"{anchor}[{inner}]"


def _flow_part(item: Item, node: Collection, place: Place) -> str | None:
    assert item.value is not None
    text = _flow(item.value, place_inside(place, item), in_sequence=not node.mapping)
    if text is None or item.key is None:
        return text
    return f"{as_key(item.key, flow=True)}: {text}"


def _flow_pair(item: Item, place: Place) -> tuple[str, str]:
    """A key of a row, and the key with its value as they are written."""
    assert item.key is not None
    assert item.value is not None
    key = as_key(item.key, flow=True)
    return key, f"{key}: {_flow(item.value, place_inside(place, item)) or ''}"


def _commented(lines: list[str], comment: str) -> list[str]:
    """The lines with a comment behind the last one."""
    if not comment:
        return lines
    last = lines[-1]
    column = max(len(last) + 2, min(COMMENT_COLUMN, WIDTH - len(comment)))
    return [*lines[:-1], f"{last:<{column}}{comment}"]


def _tidy(comments: list[str], before: list[str]) -> list[str]:
    """Comments without blank lines at the start of a collection, or two in a row."""
    kept: list[str] = []
    for line in comments:
        doubled = not (kept[-1] if kept else (before[-1] if before else ""))
        if line or not doubled:
            kept.append(line)
    return kept
