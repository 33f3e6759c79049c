"""The two sides of a class: what its constructor makes, and what `forward` does with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from archc.emission.plan import Code, Local
from archc.targets.torch.emit_flow import Loop, Tensors


@dataclass(frozen=True, slots=True)
class Make:
    """A module that `holder` gets: `self`, or an attribute of it.

    `name` may be computed; a list of modules needs none. `module` is source.
    """

    holder: str
    name: Code | None
    module: str


@dataclass(frozen=True, slots=True)
class Hold:
    """`self.attribute = nn.kind()`."""

    attribute: str
    kind: Literal["Sequential", "ModuleList"]


@dataclass(frozen=True, slots=True)
class Flag:
    """`self.attribute = condition`: what `forward` has to know."""

    attribute: str
    condition: Code


@dataclass(frozen=True, slots=True)
class MakeIf:
    """`if condition: body` in the constructor."""

    condition: Code
    body: list[Making]


@dataclass(frozen=True, slots=True)
class MakeEach:
    """A loop of the constructor. A loop over a table counts `number` from `start` if it is used."""

    loop: Loop
    number: str
    start: int
    body: list[Making]


Making: TypeAlias = Make | Hold | Flag | MakeIf | MakeEach | Local


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a layer: `self.conv({0})`, `{0} + {1}`, over the tensors that enter."""

    source: str
    is_module: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """`results = …steps(inputs)`; `alive` are the tensors that are read further down."""

    results: tuple[str, ...]
    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    alive: Tensors


@dataclass(frozen=True, slots=True)
class Choose:
    """`result = source`, over tensors and flags."""

    result: str
    source: Code
    alive: Tensors


@dataclass(frozen=True, slots=True)
class RunIf:
    """`if condition: body` in `forward`, over flags."""

    condition: Code
    body: list[Running]


@dataclass(frozen=True, slots=True)
class RunEach:
    """`for variable in self.attribute: body` in `forward`."""

    variable: str
    attribute: str
    body: list[Running]


Running: TypeAlias = Layer | Choose | RunIf | RunEach


@dataclass(slots=True)
class Sides:
    """What a body of a plan is in the constructor and in `forward`."""

    constructor: list[Making] = field(default_factory=list)
    forward: list[Running] = field(default_factory=list)

    def add(self, other: Sides) -> None:
        self.constructor += other.constructor
        self.forward += other.forward
