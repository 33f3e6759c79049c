"""Ids of steps: what one may look like, and which ones a body has."""

from __future__ import annotations

from collections.abc import Iterable

from archc import spec
from archc.diagnostics import Span
from archc.source import Mapping, Node, Scalar, Sequence


def id_problem(name: str) -> str:
    """Why `name` can't be a step's id; empty where it can. No name takes that of the scope."""
    if name == "input":
        return "`input` is the tensor that enters the block and can't be an id"
    return spec.id_problem(name) if name else ""


def collect_ids(nodes: Iterable[Node]) -> dict[str, Span]:
    """The literal ids of a body, paths and sequences included, with their places."""
    found: dict[str, Span] = {}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Sequence):
            waiting.extend(node.items)
        elif isinstance(node, Mapping):
            entry = node.entries.get("id")
            if entry is not None and isinstance(entry.value, Scalar):
                found.setdefault(entry.value.text, entry.value.span)
            waiting.extend(entry.value for entry in node.entries.values())
    return found
