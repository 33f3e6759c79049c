"""Layers of Keras in canonical form: equal where they mean the same on the tensors at hand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from archc.layers import TensorShape, Window
from archc.layers.attributes import sides
from archc.layers.window import Pairs
from archc.targets.keras.lowering import Feed
from archc.targets.keras.recording_signatures import Arguments, pairs

Steps = dict[str, "Step"]

_RANK = re.compile(r"([123])D")
_CONVOLUTIONS = frozenset(
    ["layers.Conv", "layers.DepthwiseConv", "layers.SeparableConv", "StandardizedConv"]
)
_POOLINGS = {
    "layers.MaxPooling": "MaxPooling",
    "layers.AveragePooling": "AveragePooling",
    "PaddedMaxPooling": "MaxPooling",
    "PaddedAveragePooling": "AveragePooling",
}
_AROUND = {"layers.ZeroPadding": "padding", "layers.Cropping": "cropping"}
_ACTIVATIONS: tuple[tuple[str, Arguments, str], ...] = (
    ("layers.ReLU", {}, "relu"),
    ("layers.ReLU", {"max_value": 6}, "relu6"),
    ("layers.Softmax", {}, "softmax"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A layer of Keras: its class, its arguments, and the names of the layers it is applied to."""

    constructor: str
    arguments: Arguments
    feed: Feed
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a graph: shapes and where no value is below 0, both by layers' names.

    `own` are the names of its nodes.
    """

    shapes: Mapping[str, TensorShape]
    nonnegative: frozenset[str]
    own: frozenset[str]


def canonical(
    steps: Steps, outputs: tuple[str, ...], known: Known
) -> tuple[Steps, tuple[str, ...]]:
    """The layers and the names of the outputs in canonical form.

    A layer that pads says so in numbers, for the size of its input; the layers `…_pad` and
    `…_crop` that do it for their neighbour alone are gone. Raises `TypeError` for arguments that
    Keras does not take.
    """
    return _Canonical(steps, outputs, known).result()


class _Canonical:
    def __init__(self, steps: Steps, outputs: tuple[str, ...], known: Known) -> None:
        self._steps = steps
        self._outputs = outputs
        self._known = known
        self._uses = Counter([name for step in steps.values() for name in step.inputs])
        self._uses.update(outputs)
        self._gone: dict[str, str] = {}

    def result(self) -> tuple[Steps, tuple[str, ...]]:
        made = {name: self._step(name, step) for name, step in self._steps.items()}
        gone = self._gone
        kept = {
            name: replace(step, inputs=tuple([gone.get(source, source) for source in step.inputs]))
            if gone
            else step
            for name, step in made.items()
            if name not in gone
        }
        return kept, tuple([gone.get(name, name) for name in self._outputs])

    def _step(self, name: str, step: Step) -> Step:
        try:
            return self._canonical(name, step)
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from error

    def _canonical(self, name: str, step: Step) -> Step:
        kind = _RANK.sub("", step.constructor)
        if kind in _CONVOLUTIONS:
            return self._convolution(name, step)
        if kind in _POOLINGS:
            return self._pooling(name, step, _POOLINGS[kind])
        if kind == "layers.ConvTranspose":
            return self._transposed(name, step)
        if kind in _AROUND:
            argument = _AROUND[kind]
            around = pairs(step.arguments.get(argument), _rank(step.constructor))
            return replace(step, arguments={argument: around})
        for constructor, arguments, activation in _ACTIVATIONS:
            if step.constructor == constructor and step.arguments == arguments:
                named: Arguments = {"activation": activation}
                return replace(step, constructor="layers.Activation", arguments=named)
        return step

    def _convolution(self, name: str, step: Step) -> Step:
        step, zeros = self._without_pad(name, step, _rank(step.constructor))
        arguments = dict(step.arguments)
        own = self._pads(step, arguments, zeros)
        arguments["padding"] = own if isinstance(own, str) else _sum(own, zeros)
        return replace(step, arguments=arguments)

    def _pooling(self, name: str, step: Step, kind: str) -> Step:
        shape = self._known.shapes.get(step.inputs[0])
        rank = _rank(step.constructor) or (shape.rank if shape else 0)
        step, zeros = self._without_pad(name, step, rank)
        arguments = dict(step.arguments)
        arguments.setdefault("strides", arguments.get("pool_size"))
        own = self._pads(step, arguments, zeros)
        if kind == "MaxPooling" and step.inputs[0] in self._known.nonnegative:
            # Zeros are as good as −∞ where nothing is below 0.
            own = own if isinstance(own, str) else _sum(own, zeros)
        elif any(map(any, zeros)):
            arguments["zeros"] = zeros
        arguments["padding"] = own
        return replace(step, constructor=f"layers.{kind}{rank}D", arguments=arguments)

    def _transposed(self, name: str, step: Step) -> Step:
        """Its padding is what is cut off what `valid` gives."""
        rank = _rank(step.constructor)
        window = _window(step.arguments, rank)
        cut: Pairs = ((0, 0),) * rank
        if step.arguments.get("padding") == "same":
            over = [max(e - s, 0) for e, s in zip(window.extent, window.stride, strict=True)]
            cut = tuple([(reach // 2, reach - reach // 2) for reach in over])
        cropping = self._neighbour(f"{name}_crop", f"layers.Cropping{rank}D", used=name)
        if cropping is not None and cropping.inputs == (name,):
            cut = _sum(cut, pairs(cropping.arguments.get("cropping"), rank))
            self._gone[f"{name}_crop"] = name
        return replace(step, arguments={**step.arguments, "padding": cut})

    def _without_pad(self, name: str, step: Step, rank: int) -> tuple[Step, Pairs]:
        """The step on what the layer `…_pad` before it pads, and the zeros that it puts around."""
        (source,) = step.inputs
        nothing = ((0, 0),) * rank
        if source != f"{name}_pad":
            return step, nothing
        padding = self._neighbour(source, f"layers.ZeroPadding{rank}D", used=source)
        if padding is None:
            return step, nothing
        self._gone[source] = padding.inputs[0]
        zeros = pairs(padding.arguments.get("padding"), rank)
        return replace(step, inputs=padding.inputs), zeros

    def _neighbour(self, name: str, constructor: str, used: str) -> Step | None:
        """The layer of that name and class, if it is no node and `used` is used once only."""
        step = self._steps.get(name)
        if step is None or step.constructor != constructor or name in self._known.own:
            return None
        return step if self._uses[used] == 1 else None

    def _pads(self, step: Step, arguments: Arguments, zeros: Pairs) -> Pairs | str:
        """What the layer itself pads, of an input that `zeros` stand around already."""
        padding = arguments.get("padding", "valid")
        rank = len(zeros)
        if padding == "valid":
            return ((0, 0),) * rank
        if padding != "same":
            return pairs(padding, rank)
        shape = self._known.shapes.get(step.inputs[0])
        if shape is None or shape.rank != rank:
            return "same"
        wider = [side + sum(around) for side, around in zip(shape.sides, zeros, strict=True)]
        return _window(arguments, rank).pads(tuple(wider))


def _window(arguments: Arguments, rank: int) -> Window:
    size = arguments.get("kernel_size", arguments.get("pool_size"))
    stride, dilation = arguments.get("strides", 1), arguments.get("dilation_rate", 1)
    return Window(_axes(size, rank), _axes(stride, rank), _axes(dilation, rank), None)


def _axes(value: object, rank: int) -> tuple[int, ...]:
    if not isinstance(value, int | tuple):
        raise TypeError(f"{value!r} says no number for {rank} axes")
    return sides(value, rank)


def _sum(some: Pairs, more: Pairs) -> Pairs:
    both = zip(some, more, strict=True)
    return tuple([(before + first, after + last) for (before, after), (first, last) in both])


def _rank(constructor: str) -> int:
    """The number of spatial axes that a class is for; 0 where its name does not say."""
    found = _RANK.search(constructor)
    return int(found[1]) if found else 0
