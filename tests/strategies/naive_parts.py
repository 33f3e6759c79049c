"""The parts that the naive elaboration works on: nodes, blocks, files, the frame of a body."""

from __future__ import annotations

from dataclasses import dataclass, field

from archc.layers import (
    MERGES,
    AvgPool,
    Conv,
    ConvTranspose,
    DepthwiseConv,
    Layer,
    MaxPool,
    SeparableConv,
    TensorShape,
    Upsample,
)
from tests.strategies.values import Refused, Tensor

MODIFIERS = ("id", "from", "when", "repeat")
NO_LAYER = {"norm": "none", "activation": "linear"}

Stream = tuple[Tensor, ...]
Data = dict[str, object]


@dataclass(frozen=True)
class Node:
    """One layer in its place; `inputs` are positions among all nodes."""

    name: str
    layer: Layer
    inputs: tuple[int, ...]
    shape: TensorShape


@dataclass(frozen=True, eq=False)
class Unit:
    """A block of `define`, with the file that it stands in."""

    name: str
    body: Data
    file: File

    @property
    def args(self) -> dict[str, object]:
        return self.body.get("args", {})

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self.body.get("inputs", ())) or ("input",)

    @property
    def accepts(self) -> tuple[str, ...]:
        return (*self.args, *(self.body.get("inputs", ())))


@dataclass
class File:
    """What verbs mean in one file."""

    units: dict[str, Unit] = field(default_factory=dict)
    defaults: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass
class Frame:
    """One body: what its names stand for, and how its layers are named."""

    file: File
    args: dict[str, object]
    inputs: dict[str, Tensor]
    prefix: str = ""
    here: Stream = ()
    tags: dict[str, Stream] = field(default_factory=dict)
    context: dict[str, object] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    inside_unit: bool = False

    def names(self) -> dict[str, object]:
        """Every name of an expression here; the later hides the earlier."""
        found: dict[str, object] = {name: stream[0] for name, stream in self.tags.items()}
        found |= self.inputs
        if self.inputs:
            found["input"] = next(iter(self.inputs.values()))
        found |= self.context
        if self.here:
            found["here"] = self.here[0]
        return found | {name: thawed(value) for name, value in self.args.items()}

    def full(self, name: str) -> str:
        return "_".join(filter(None, (self.prefix, name)))


def verb_of(given: Data) -> str:
    """The verb of a step; empty for `from` alone."""
    return next((key for key in given if key not in MODIFIERS), "")


def is_counted(verb: str) -> bool:
    return verb not in ("", "steps", "groups", "linear")


def inside(given: Data) -> list[object]:
    """The steps that share the scope of names with a step that they stand in."""
    verb = verb_of(given)
    if verb in MERGES:
        paths = given[verb].values()
        return [step for path in paths for step in (path if isinstance(path, list) else [path])]
    return given[verb] if verb == "steps" and "id" not in given else []


def table(payload: object, main: str | None) -> dict[str, object]:
    """What stands behind a verb, as a mapping."""
    if payload is None:
        return {}
    if isinstance(payload, dict):
        return payload
    if main is None:
        raise Refused("takes no value")
    return {main: payload}


def total_stride(layer: Layer, before: int) -> int:
    match layer:
        case Conv() | DepthwiseConv() | SeparableConv():
            return before * _first(layer.stride)
        case MaxPool() | AvgPool():
            return before * _first(layer.size if layer.stride is None else layer.stride)
        case ConvTranspose():
            return max(1, before // _first(layer.stride))
        case Upsample():
            return max(1, before // _first(layer.size))
        case _:
            return before


def _first(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else value[0]


def thawed(value: object) -> object:
    """Lists as Python's own, which its operators join and repeat."""
    return [thawed(item) for item in value] if isinstance(value, tuple) else value
