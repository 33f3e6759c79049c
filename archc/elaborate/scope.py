"""What names stand for while a body is walked: tensors, args, positions in groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from archc.elaborate.values import Poisoned, Scope
from archc.graph import Instance
from archc.layers import TensorShape


@dataclass(frozen=True, slots=True)
class Tensor:
    """What a step gives: the node that made it, its shape, and how far it has been strided.

    `shape` is None after an error. `stride` is how many steps of the input one step of the tensor
    is, along its first inputs, on the first axis.
    """

    node: int
    shape: TensorShape | None
    stride: int = 1

    def __str__(self) -> str:
        return f"a tensor of {self.shape}"

    @property
    def attribute_names(self) -> tuple[str, ...]:
        return tuple(name for name in _TENSOR_ATTRIBUTES if self._has(name))

    def attribute(self, name: str) -> object:
        """`.channels .depth .height .width .size .rank`. Raises `KeyError` for any other."""
        if self.shape is None:
            raise Poisoned
        if name == "channels":
            return self.shape[-1]
        if not self._has(name):
            raise KeyError(name)
        if name == "size":
            return self.shape.sides
        if name == "rank":
            return self.shape.rank
        return self.shape.sides[-_TENSOR_ATTRIBUTES[name]]

    def _has(self, name: str) -> bool:
        from_the_end = _TENSOR_ATTRIBUTES.get(name, 99)
        return self.shape is None or from_the_end <= self.shape.rank


_TENSOR_ATTRIBUTES = {"channels": 0, "width": 1, "height": 2, "depth": 3, "size": 0, "rank": 0}
"""Each attribute and how many sides a tensor needs to have it."""

Stream: TypeAlias = tuple[Tensor, ...]
"""What flows from step to step: one tensor, or several after a block with several outputs."""

POISON = Tensor(-1, None)
POISONED: Stream = (POISON,)


def tensor_key(tensors: Stream) -> tuple[object, ...]:
    """What a block can tell of the tensors that enter it: shapes, strides, which are the same."""
    if len(tensors) == 1:
        return (tensors[0].shape, tensors[0].stride)
    numbers = [tensor.node for tensor in tensors]
    return tuple([(t.shape, t.stride, numbers.index(t.node)) for t in tensors])


@dataclass(frozen=True, slots=True)
class Position:
    """`group`, `block`, `learner`, `repeat` in an expression: one place in a row of places."""

    index: int
    total: int | Callable[[], int]

    attribute_names = ("index", "number", "count", "first", "last")

    def __str__(self) -> str:
        return "a position, which has `.index` and `.number`"

    @property
    def count(self) -> int:
        return self.total if isinstance(self.total, int) else self.total()

    def attribute(self, name: str) -> object:
        if name == "index":
            return self.index
        if name == "number":
            return self.index + 1
        if name == "count":
            return self.count
        if name == "first":
            return self.index == 0
        if name == "last":
            return self.index == self.count - 1
        raise KeyError(name)


@dataclass(slots=True)
class Frame(Scope):
    """One body being walked: its names, where it stands, and how its layers are named."""

    args: dict[str, object]
    inputs: dict[str, Tensor]
    prefix: str
    instance: Instance
    here: Stream
    tags: dict[str, Stream] = field(default_factory=dict)
    context: dict[str, object] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    inside_block: bool = False
    """Whether this is a block's body, which knows nothing of the learner."""
    outer: Frame | None = None

    def lookup(self, name: str) -> object:
        if name in self.args:
            return self.args[name]
        if name == "here" and self.here:
            return self.here[0]
        if name in self.context:
            return self.context[name]
        if name == "input" and self.inputs:
            return next(iter(self.inputs.values()))
        if name in self.inputs:
            return self.inputs[name]
        return self.tags[name][0]

    def names(self) -> list[str]:
        given = {"input", "here"} if self.inputs else set()
        return sorted({*self.args, *self.context, *self.inputs, *self.tags, *given})

    def count(self, verb: str) -> str:
        """The name of the next step of this verb that has no id: `conv`, `conv2`, …"""
        number = self.counters.get(verb, 0) + 1
        self.counters[verb] = number
        return verb if number == 1 else f"{verb}{number}"

    def skip(self, verb: str, times: int) -> None:
        """Leave out the next names of steps of this verb."""
        self.counters[verb] = self.counters.get(verb, 0) + times

    def full(self, identifier: str) -> str:
        """The name of a step in the whole network."""
        if not identifier:
            return self.prefix
        return f"{self.prefix}_{identifier}" if self.prefix else identifier
