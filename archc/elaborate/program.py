"""A spec with its names linked: every verb is a layer, a merge or a block, every value compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from archc.diagnostics import Span
from archc.elaborate.values import Value
from archc.layers import Layer, Verb


@dataclass(frozen=True, slots=True, eq=False)
class LayerCall:
    """`conv: {filters: 64}`: a layer with its attributes, and the defaults where it stands.

    `ready` is the layer itself where every attribute is constant.
    """

    verb: Verb
    attributes: dict[str, Value]
    defaults: dict[str, Value]
    ready: Layer | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RoleCall:
    """`norm`, `activation`: a layer whose verb is itself a value, `kind`.

    `file` has the defaults of whichever verb it turns out to be; `ready` the layers that it has
    been, by their kinds, where all of their attributes are constant.
    """

    role: str
    kind: Value | None
    attributes: dict[str, Value]
    file: FileScope
    ready: dict[str, Layer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class BlockCall:
    """`conv_bn: {filters: 64}`: a block with the args it is given."""

    block: Block
    arguments: dict[str, Value]


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """One way through a merge."""

    name: str
    span: Span
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MergeCall:
    """`add: {shortcut: [], residual: [...]}`."""

    verb: Verb
    paths: tuple[Path, ...]
    layer: Layer


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """`steps: [...]`: a sequence that a modifier covers."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StridePolicy:
    """Which stride each group gets; `last_block` says which of its blocks has it."""

    span: Span
    first_group: Value | None = None
    other_groups: Value | None = None
    strides: Value | None = None
    last_block: bool = False
    output_stride: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BlockChoice:
    """`{first: projection_block, rest: identity_block}` over the blocks of a group."""

    rest: Value
    first: Value | None = None
    last: Value | None = None

    def at(self, index: int, count: int) -> Value:
        if index == 0 and self.first is not None:
            return self.first
        if index == count - 1 and self.last is not None:
            return self.last
        return self.rest

    @property
    def values(self) -> tuple[Value, ...]:
        return tuple(v for v in (self.first, self.rest, self.last) if v is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of `groups:`, its values compiled; `span` is the row's."""

    span: Span
    block: BlockChoice | None
    values: dict[str, Value]
    key_spans: dict[str, Span]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """A `groups` step: rows, what is the same for all of them, and the policies."""

    span: Span
    block: BlockChoice | None
    values: dict[str, Value]
    key_spans: dict[str, Span]
    rows: tuple[Row, ...] | None
    computed_rows: Value | None
    stride_policy: StridePolicy | None
    scaling: dict[str, Value]
    before: tuple[Step, ...]
    after: tuple[Step, ...]
    id: Value | None
    read: frozenset[str]
    file: FileScope


@dataclass(frozen=True, slots=True, eq=False)
class Broken:
    """A step that could not be linked: what comes after it is not blamed for it."""


Action: TypeAlias = Broken | LayerCall | RoleCall | BlockCall | MergeCall | Steps | Groups


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step: what it does, and its modifiers. A step without an action is `from:` alone."""

    span: Span
    verb: str
    action: Action | None
    id: Value | None = None
    source: Value | None = None
    when: Value | None = None
    repeat: Value | None = None


INPUT = "input"
"""The name of the input of a block that declares none."""


@dataclass(slots=True, eq=False)
class Block:
    """A block of a `define:` section; `span` is that of its name.

    Its steps and its outputs, which are ids, are linked after all blocks are known.
    """

    name: str
    span: Span
    inputs: tuple[str, ...]
    required: tuple[str, ...]
    defaults: dict[str, Value]
    arguments: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    outputs: tuple[Value, ...] = ()

    @property
    def main(self) -> str | None:
        """The arg that a bare scalar stands for: the first."""
        return self.arguments[0] if self.arguments else None

    @property
    def accepts(self) -> tuple[str, ...]:
        """The names that a call may give: args, and declared inputs as ids."""
        return self.arguments if self.inputs == (INPUT,) else self.arguments + self.inputs


@dataclass(slots=True, eq=False)
class FileScope:
    """What verbs mean in one file: its own blocks, those of its libraries, its defaults."""

    blocks: dict[str, Block] = field(default_factory=dict)
    defaults: dict[str, dict[str, Value]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The three components with all names linked, the spec's own scope, the ids of its outputs."""

    components: tuple[tuple[str, tuple[Step, ...], Span], ...]
    file: FileScope
    outputs: tuple[Value, ...] = ()
