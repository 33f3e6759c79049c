"""What PyTorch's lowering table speaks: modules with literals for arguments, and expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from archc.emission.symbols import Symbolic, SymbolicStr, spelled

Argument: TypeAlias = "bool | int | float | str | tuple[Argument, ...] | None"

Layout = Literal[
    "same", "conv", "depthwise", "conv_transpose", "dense", "query", "attention_output"
]
"""How an array of archc (Keras's layout) becomes PyTorch's parameter; see `archc.weights`.

`conv` is (…, I, O) → (O, I, …); `depthwise` is (…, C, M) → (C · M, 1, …); `conv_transpose` is
Keras's (…, O, I) → (I, O, …); `dense` is (I, O) → (O, I); `query` is (C, H, W) → (H · W, C), for
the keys and values and, without the first axis, their biases too; `attention_output` is
(H, W, C) → (C, H · W). `same` keeps the numbers and takes the parameter's shape.
"""


@dataclass(frozen=True, slots=True)
class TorchWeight:
    """One array of a layer: its name in archc (`kernel`), that inside the module (`weight`)."""

    name: str
    parameter: str
    layout: Layout = "same"


@dataclass(frozen=True, slots=True)
class TorchCall:
    """One step of a forward pass: a module, and where it is short and has no state, an expression.

    `constructor` is a class as the emitted file names it: `nn.Conv2d`, or a class of
    `archc.targets.torch.modules`, whose source is then printed too. Its first `positional`
    arguments read well without their names; `arguments` leave out what has its default.
    `expression` is Python with `{0}`, `{1}` for the tensors that enter, or empty; it does the same
    as the module and is never given where the module has weights, differs in training, or has an
    argument that is a parameter of the block. Each tensor stands in it once, and needs parentheses
    unless it is a name or a call. It may use `F`, `torch`, and the tensors' methods.
    A call without a `constructor` has an expression alone (merges). `suffix` tells the modules of
    one layer apart; empty for the one that is the layer itself, as in Keras. `weights` are all
    that there may be where a parameter of the block decides whether there is a bias.
    """

    constructor: str = ""
    arguments: tuple[tuple[str, Argument], ...] = ()
    positional: int = 0
    expression: str = ""
    suffix: str = ""
    weights: tuple[TorchWeight, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What a lowering may know of the tensors that enter the layer, besides their shapes."""

    nonnegative: bool = False
    """No value of the first input is below 0."""


class Unsupported(Exception):
    """PyTorch has no module, or no plain chain of modules, for what a layer asks.

    `message` is short: the boundary that catches it adds the place and the way there.
    """

    def __init__(self, message: str, help: str) -> None:
        self.message = message
        self.help = help
        super().__init__(message)


Leading: TypeAlias = tuple[str, Argument]
Optional: TypeAlias = tuple[str, Argument, Argument]
"""An argument's name, its value and PyTorch's default."""


def call(
    constructor: str,
    *leading: Leading,
    optional: tuple[Optional, ...] = (),
    expression: str = "",
    suffix: str = "",
    weights: tuple[TorchWeight, ...] = (),
) -> TorchCall:
    """A call with `leading` arguments, positional, and those `optional` ones not at their default.

    The expression is left out where any argument is a symbol.
    """
    arguments = (*leading, *_given(optional))
    shown = expression if literal(*[value for _, value in arguments]) else ""
    return TorchCall(constructor, arguments, len(leading), shown, suffix, weights)


def function(name: str, *leading: Argument, optional: tuple[Optional, ...] = ()) -> str:
    """The expression of a function of one tensor: `F.max_pool2d({0}, 3, stride=2)`."""
    named = [f"{key}={spelled(value)}" for key, value in _given(optional)]
    return f"{name}({', '.join(['{0}', *map(spelled, leading), *named])})"


def literal(*values: Argument) -> bool:
    """Whether no symbol is among the values or inside of them."""
    return not any(
        isinstance(value, Symbolic) or (isinstance(value, tuple) and not literal(*value))
        for value in values
    )


def per_axis(values: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number where all axes agree, as a person would write it."""
    return values[0] if len(set(values)) == 1 else values


def _given(optional: tuple[Optional, ...]) -> tuple[Leading, ...]:
    # A text that is a symbol equals a text of the same value: elsewhere it is another.
    return tuple(
        [
            (name, value)
            for name, value, default in optional
            if value != default or isinstance(value, SymbolicStr)
        ]
    )
