"""The located tree: YAML's scalars, sequences and mappings, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from archc.diagnostics import Span

ScalarValue: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A scalar with its value under YAML 1.2's core schema, and its text as written.

    `text` is the scalar's content without quotes; `quoted` says that it had quotes or was a
    block scalar (and so is text whatever it looks like).
    """

    value: ScalarValue
    text: str
    span: Span = field(repr=False)
    quoted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    items: tuple[Node, ...]
    span: Span = field(repr=False)
    flow: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key of a mapping and its value; `key_span` is the key's own place."""

    key: str
    key_span: Span = field(repr=False)
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A mapping whose keys are unique texts, in the order written.

    A key is the scalar's text: `0: x` has the key `"0"`.
    """

    entries: dict[str, Entry]
    span: Span = field(repr=False)
    flow: bool = False

    def get(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return entry.value if entry else None


Node: TypeAlias = Scalar | Sequence | Mapping
