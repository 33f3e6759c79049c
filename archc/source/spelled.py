"""Values and trees as YAML text of one line."""

from __future__ import annotations

import json
import re

from archc.diagnostics.printable import json_text
from archc.source.nodes import Mapping, Node, Scalar, Sequence
from archc.source.scalars import NumberRangeError, resolve

_PLAIN = re.compile(r"[A-Za-z_./=][\w ./=+*-]*(?<! )")
"""Texts that need no quotes anywhere, unless they look like something else."""


def spelled_value(value: object) -> str:
    """A number, text, `null`, truth value or list of them, read back as what it is."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(spelled_value, value))}]"
    if isinstance(value, str):
        return _text(value)
    # JSON is a part of YAML, and writes a number with all its digits.
    return json.dumps(value)


def spelled_node(node: Node) -> str:
    """A tree in flow style; its comments are not part of it."""
    if isinstance(node, Sequence):
        return f"[{', '.join(map(spelled_node, node.items))}]"
    if isinstance(node, Mapping):
        pairs = (f"{_text(e.key)}: {spelled_node(e.value)}" for e in node.entries.values())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(node.value, str):
        return _text(node.text)
    return node.text or "null"


def same(first: Node, second: Node) -> bool:
    """Whether two trees mean the same, wherever they stand and however they are written."""
    if isinstance(first, Scalar) and isinstance(second, Scalar):
        return type(first.value) is type(second.value) and first.value == second.value
    if isinstance(first, Sequence) and isinstance(second, Sequence):
        pairs = zip(first.items, second.items, strict=False)
        return len(first.items) == len(second.items) and all(same(a, b) for a, b in pairs)
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.entries.keys() == second.entries.keys() and all(
            same(entry.value, second.entries[key].value) for key, entry in first.entries.items()
        )
    return False


def _text(text: str) -> str:
    try:
        plain = _PLAIN.fullmatch(text) is not None and resolve(text) == text
    except NumberRangeError:
        plain = False
    return text if plain else json_text(text)
