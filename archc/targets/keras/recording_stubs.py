"""Stand-ins for Keras that record which layers are made, and what they are applied to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

from archc.layers import TensorShape
from archc.targets.keras.lowering import Constant, Feed

ShapeOf = Callable[[str], TensorShape | None]
"""The shape that the layer of a name gives, where it is known."""


@dataclass(eq=False, slots=True)
class Applied:
    """A layer in its place: one application of it, on what other applications gave.

    `constructor` is as it is written: `layers.Conv2D`, or the name of a class of the file's own.
    """

    constructor: str
    positional: tuple[object, ...]
    keywords: dict[str, object]
    name: str
    feed: Feed
    inputs: tuple[Applied, ...]


@dataclass(eq=False, slots=True)
class Tensor:
    """What an application gives. `shape` is as Keras has it: the batch's None, then the graph's."""

    maker: Applied
    shape: tuple[int | None, ...]


@dataclass(eq=False, slots=True)
class Model:
    """`keras.Model`: what it was made of."""

    inputs: object
    outputs: object
    name: str = ""


class LayerClass:
    """A class of layers: `layers.Conv2D`."""

    def __init__(self, constructor: str, shape_of: ShapeOf) -> None:
        self._constructor = constructor
        self._shape_of = shape_of

    def __call__(self, *arguments: object, name: str = "", **keywords: object) -> _Layer:
        return _Layer(self._constructor, arguments, keywords, name, self._shape_of)


class _Layer:
    def __init__(
        self,
        constructor: str,
        positional: tuple[object, ...],
        keywords: dict[str, object],
        name: str,
        shape_of: ShapeOf,
    ) -> None:
        self._made = constructor, positional, keywords, name
        self._shape_of = shape_of

    def __call__(self, *given: object) -> Tensor:
        feed, tensors = _fed(given)
        applied = Applied(*self._made, feed, tuple([tensor.maker for tensor in tensors]))
        shape = self._shape_of(applied.name)
        # A layer that is none of the graph's is told at the end, by its name.
        return Tensor(applied, tensors[0].shape if shape is None else (None, *shape))


class Layers:
    """`keras.layers`: every class that is asked for."""

    def __init__(self, shape_of: ShapeOf) -> None:
        self._shape_of = shape_of

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        made = input_tensor if name == "Input" else LayerClass(f"layers.{name}", self._shape_of)
        setattr(self, name, made)
        return made


def input_tensor(*arguments: object, name: str = "", **keywords: object) -> Tensor:
    """`keras.Input`."""
    applied = Applied("layers.Input", arguments, keywords, name, "tensor", ())
    shape = arguments[0] if arguments else keywords.get("shape")
    if not isinstance(shape, tuple | list):
        raise TypeError(f"the shape of an input is {shape!r}")
    return Tensor(applied, (None, *shape))


def modules(shape_of: ShapeOf) -> Mapping[str, object]:
    """What emitted source imports of Keras, by full names."""
    layers = Layers(shape_of)
    initializers = SimpleNamespace(Constant=Constant)
    operations = SimpleNamespace()
    keras = SimpleNamespace(
        Input=input_tensor,
        Model=Model,
        layers=layers,
        initializers=initializers,
        ops=operations,
    )
    return {
        "keras": keras,
        "keras.layers": layers,
        "keras.initializers": initializers,
        "keras.ops": operations,
    }


def _fed(given: tuple[object, ...]) -> tuple[Feed, list[Tensor]]:
    """How a layer is called, and on which tensors."""
    if len(given) == 2:
        return "twice", _tensors(given)
    (only,) = given
    if isinstance(only, list | tuple):
        return "list", _tensors(only)
    return "tensor", _tensors(given)


def _tensors(values: tuple[object, ...] | list[object]) -> list[Tensor]:
    tensors = [value for value in values if isinstance(value, Tensor)]
    if not tensors or len(tensors) != len(values):
        raise TypeError(f"a layer is applied to {values!r}")
    return tensors
