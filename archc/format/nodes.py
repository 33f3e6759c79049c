"""A YAML text as it is laid out: scalars as they are written, comments where they belong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(slots=True, eq=False)
class Leaf:
    """A scalar or an alias.

    `raw` is the text as written, with quotes; `value` what it holds. `style` is that of PyYAML:
    `'`, `"`, `|`, `>` or "" for a plain one, and `*` for an alias. `column` is that of the
    collection around it, from 0: the lines of a block scalar count from there.
    """

    raw: str
    value: str
    style: str
    anchor: str
    column: int


@dataclass(slots=True, eq=False)
class Item:
    """An entry of a mapping, an element of a sequence, or the document itself.

    `leading` are the comments above it, "" standing for blank lines; `trailing` is the comment
    behind it, or behind the key where the value starts on a line of its own.
    """

    key: Leaf | None = None
    value: Node | None = None
    leading: list[str] = field(default_factory=list)
    trailing: str = ""

    @property
    def has_comments(self) -> bool:
        return bool(self.trailing) or any(self.leading)


@dataclass(slots=True, eq=False)
class Collection:
    """A mapping or a sequence; `closing` are the comments after its last item."""

    mapping: bool
    flow: bool
    anchor: str
    column: int
    hanging: bool
    """Whether it is a sequence in the column of the key that holds it."""
    items: list[Item] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)


Node: TypeAlias = Leaf | Collection
