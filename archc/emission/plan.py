"""What is emitted, before it is text: functions with parameters, statements, tables.

A plan says nothing of a framework's syntax; the calls in it are those of one target's lowering.
All expressions are Python's syntax trees, so that no text of a spec can ever become code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar

Code: TypeAlias = ast.expr
"""An expression of Python over the parameters, locals and variables of the unit it stands in."""

C = TypeVar("C")
"""A target's call: what its lowering table gives for a layer."""

UnitKind = Literal["component", "group", "block"]


@dataclass(slots=True)
class Apply(Generic[C]):
    """`result = calls[-1](… calls[0](inputs))`: one layer of the network, all its calls.

    `local` is the layer's name inside the unit: a text, or an f-string over what is known there;
    the empty text for the name of the unit itself. `verb` is the layer's word in the language.
    """

    result: str
    calls: tuple[C, ...]
    inputs: tuple[str, ...]
    local: Code
    verb: str


@dataclass(slots=True)
class Invoke(Generic[C]):
    """`results = unit(inputs, arguments)`; `arguments` has only what must be given, in order.

    `local` is the part's name inside this unit, absent for a unit that has no name of its own;
    `label` is what it is called in the structure (`group`, `stem`, `block1`). `bound` is a local
    that stands for the part where its `exports` are read further down.
    """

    results: tuple[str, ...]
    unit: Unit[C]
    inputs: tuple[str, ...]
    arguments: dict[str, Code]
    local: Code | None
    label: str
    bound: str | None = None


@dataclass(slots=True)
class Move:
    """`result = source`: another name for a tensor, or a choice between tensors."""

    result: str
    source: Code


@dataclass(slots=True)
class Local:
    """`name = value`: a number or a text that is used further down, never a tensor."""

    name: str
    value: Code


@dataclass(slots=True)
class Branch(Generic[C]):
    """`if condition: body`: what the body does not assign keeps its value."""

    condition: Code
    body: list[Statement[C]]


@dataclass(slots=True)
class TableLoop(Generic[C]):
    """`for number, (columns) in enumerate(table, start): body`; without `number` no `enumerate`."""

    table: Table
    number: str | None
    start: int
    body: list[Statement[C]]


@dataclass(slots=True)
class CountLoop(Generic[C]):
    """`for variable in range(start, stop): body`."""

    variable: str
    start: Code
    stop: Code
    body: list[Statement[C]]


Statement: TypeAlias = (
    "Apply[C] | Invoke[C] | Move | Local | Branch[C] | TableLoop[C] | CountLoop[C]"
)


@dataclass(slots=True)
class Parameter:
    """A parameter of a unit; without a default it must be given."""

    name: str
    default: Code | None = None


@dataclass(slots=True)
class Table:
    """`NAME = [(…), …]`: one row for each group."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Code, ...], ...]


@dataclass(slots=True)
class Unit(Generic[C]):
    """A function, or a class: a component, a group, a block.

    `name` is free for a function and, in CamelCase, for a class; `named` says that its layers'
    names begin with a name that the caller gives. `inputs` and `outputs` are variables.
    `about` is one line for its docstring, plain text of the spec, or empty. `exports` are numbers
    that whoever has made the part may read from it, over what holds at the end of its body.
    `assumed` are the parameters and locals on whose values a choice of the text hangs, `sizes`
    those that change sizes where the text has sizes as literals.
    """

    name: str
    kind: UnitKind
    inputs: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    parameters: list[Parameter] = field(default_factory=list)
    named: bool = False
    body: list[Statement[C]] = field(default_factory=list)
    about: str = ""
    exports: dict[str, Code] = field(default_factory=dict)
    assumed: set[str] = field(default_factory=set)
    sizes: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Entry:
    """An input of the network: its variable, its name in the graph, and its shape as code."""

    variable: str
    name: str
    shape: Code


@dataclass(slots=True)
class Plan(Generic[C]):
    """A whole network to be emitted.

    `name` is the network's name as the spec has it, `identifier` that of its function; `units` are
    in the order of reading: components, then each unit before those that it uses. `main` is the
    body of the constructor, over the variables of `entries` and the knobs; `outputs` its variables.
    `functions` are the functions that the code calls and Python lacks: those of the language, such
    as `divisible`.
    """

    name: str
    identifier: str
    about: str
    knobs: list[Parameter]
    entries: list[Entry]
    outputs: tuple[str, ...]
    main: list[Statement[C]]
    units: list[Unit[C]]
    tables: list[Table]
    functions: tuple[str, ...] = ()


def statements(body: list[Statement[C]]) -> Iterator[Statement[C]]:
    """All statements of a body, those inside others included, in order."""
    for statement in body:
        yield statement
        if isinstance(statement, Branch | TableLoop | CountLoop):
            yield from statements(statement.body)
