"""The bodies of a document, the network's and each block's, and the names that live in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Literal

from archc.diagnostics import CompileError, Span
from archc.elaborate.values import compile_value
from archc.language_server.cursor import Path
from archc.source import Mapping, Node, Scalar, Sequence
from archc.spec import RESERVED

Blocks = Table[str, frozenset[str]]
"""The blocks that a file knows, each with the names of its inputs."""

_SECTIONS = ("stem", "learner", "task")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name where it stands: the id of a step, a name for one, or a name in an expression.

    `lone` is the key whose name a lone `=` stands for; empty for all else.
    """

    name: str
    span: Span
    kind: Literal["declared", "referred", "computed"]
    lone: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """Steps that share their names: `args` and `inputs` with the places that declare them."""

    nodes: tuple[Node, ...]
    outputs: Node | None
    args: dict[str, Span] = field(default_factory=dict)
    inputs: dict[str, Span] = field(default_factory=dict)

    def occurrences(self, blocks: Blocks) -> Iterator[Occurrence]:
        """Every name in the body."""
        for node in self.nodes:
            yield from _in(node, "", blocks)
        for item in self.outputs.items if isinstance(self.outputs, Sequence) else ():
            if isinstance(item, Scalar):
                yield Occurrence(item.text, item.span, "referred")

    def of_id(self, name: str, blocks: Blocks) -> list[Occurrence]:
        """Every place that means the id `name`."""
        hidden = {*self.args, *self.inputs, *RESERVED}
        return [
            found
            for found in self.occurrences(blocks)
            if found.name == name and not (found.kind == "computed" and name in hidden)
        ]


def body_of(path: Path, tree: Mapping) -> Body:
    """The body in which a path of a tree lies: of a block under `define`, else the network's."""
    if path[:1] == ("define",) and len(path) > 1:
        block = _child(tree.get("define"), str(path[1]))
        steps = _child(block, "steps")
        inputs = _child(block, "inputs")
        named = inputs.items if isinstance(inputs, Sequence) else ()
        texts = {item.text: item.span for item in named if isinstance(item, Scalar)}
        return Body(_list(steps), _child(block, "outputs"), _keys(_child(block, "args")), texts)
    nodes = [node for key in _SECTIONS for node in _list(tree.get(key))]
    return Body(
        tuple(nodes), tree.get("outputs"), _keys(tree.get("args")), _keys(tree.get("input"))
    )


def _child(node: Node | None, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Mapping) else None


def _list(node: Node | None) -> tuple[Node, ...]:
    if isinstance(node, Sequence):
        return node.items
    return () if node is None else (node,)


def _keys(node: Node | None) -> dict[str, Span]:
    entries: Iterable[tuple[str, Span]] = ()
    if isinstance(node, Mapping):
        entries = [(key, entry.key_span) for key, entry in node.entries.items()]
    return dict(entries)


def _in(node: Node, key: str, blocks: Blocks) -> Iterator[Occurrence]:
    if isinstance(node, Scalar):
        yield from _in_expression(node, key)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _in(item, key, blocks)
    else:
        for entry in node.entries.values():
            value = entry.value
            if entry.key in ("id", "from") and isinstance(value, Scalar):
                kind: Literal["declared", "referred"]
                kind = "declared" if entry.key == "id" else "referred"
                yield from _named(value, entry.key, kind)
            elif entry.key in blocks and isinstance(value, Mapping):
                yield from _in_call(value, blocks[entry.key], blocks)
            elif entry.key == "scaling" and isinstance(value, Mapping):
                yield from _in_scaling(value, node, blocks)
            else:
                yield from _in(value, entry.key, blocks)


def _in_scaling(table: Mapping, groups: Mapping, blocks: Blocks) -> Iterator[Occurrence]:
    """The names in `scaling`, where the groups' own keys mean their values."""
    rows = groups.get("groups")
    items = rows.items if isinstance(rows, Sequence) else ()
    keys = {key for row in items if isinstance(row, Mapping) for key in row.entries}
    hidden = keys | groups.entries.keys() | table.entries.keys()
    yield from (found for found in _in(table, "", blocks) if found.name not in hidden)


def _in_call(table: Mapping, inputs: frozenset[str], blocks: Blocks) -> Iterator[Occurrence]:
    for key, entry in table.entries.items():
        if key in inputs and isinstance(entry.value, Scalar):
            yield from _named(entry.value, key, "referred")
        else:
            yield from _in(entry.value, key, blocks)


def _named(node: Scalar, key: str, kind: Literal["declared", "referred"]) -> Iterator[Occurrence]:
    if is_computed(node):
        yield from _in_expression(node, key)
    else:
        yield Occurrence(node.text, node.span, kind)


def is_computed(node: Scalar) -> bool:
    """Whether a text is an expression, or has one inside."""
    return isinstance(node.value, str) and (node.text.startswith("=") or "$(" in node.text)


def _in_expression(node: Scalar, key: str) -> Iterator[Occurrence]:
    if not is_computed(node):
        return
    try:
        found = list(compile_value(node, key).occurrences())
    except CompileError:
        return
    lone = key if not node.text.removeprefix("=").strip() else ""
    for name, span in found:
        yield Occurrence(name, span, "computed", lone)
