"""What the lowering table speaks: a Keras constructor with literals for arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Constant:
    """`keras.initializers.Constant(value)`, the one argument that is no literal."""

    value: float


Argument: TypeAlias = "bool | int | float | str | Constant | tuple[Argument, ...] | None"

Feed = Literal["tensor", "list", "twice"]
"""How the layer is called: `layer(x)`, `layer([x, y])`, or `layer(x, x)`."""


@dataclass(frozen=True, slots=True)
class KerasCall:
    """A layer of Keras: its class, its arguments in the order a person would write them, its name.

    `arguments` leave out what has its default; the first `positional` of them read well without
    their names. `suffix` is joined to the node's name with `_`; empty for the layer that has the
    node's own name. `custom` says that the class is one of `archc.targets.keras.custom`, else of
    `keras.layers`.
    """

    constructor: str
    arguments: tuple[tuple[str, Argument], ...] = ()
    positional: int = 0
    suffix: str = ""
    feed: Feed = "tensor"
    custom: bool = False

    def name(self, node_name: str) -> str:
        """The name of the layer that this call makes for the node `node_name`."""
        return f"{node_name}_{self.suffix}" if self.suffix else node_name


@dataclass(frozen=True, slots=True)
class Context:
    """What a lowering may know of the tensors that enter the layer, besides their shapes."""

    nonnegative: bool = False
    """No value of the first input is below 0."""


class Unsupported(Exception):
    """Keras has no layer, or no plain chain of layers, for what a layer asks.

    `message` is short: the boundary that catches it adds the place and the way there.
    """

    def __init__(self, message: str, help: str) -> None:
        self.message = message
        self.help = help
        super().__init__(message)


def call(
    constructor: str,
    *leading: tuple[str, Argument],
    optional: tuple[tuple[str, Argument, Argument], ...] = (),
    suffix: str = "",
    feed: Feed = "tensor",
    custom: bool = False,
) -> KerasCall:
    """A call with `leading` arguments, positional, and those `optional` ones not at their default.

    An optional argument is its name, its value and Keras's default.
    """
    given = tuple([(name, value) for name, value, default in optional if value != default])
    return KerasCall(constructor, (*leading, *given), len(leading), suffix, feed, custom)


def per_axis(values: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number where all axes agree, as a person would write it."""
    return values[0] if len(set(values)) == 1 else values
