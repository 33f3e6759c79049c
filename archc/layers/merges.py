"""Merges: layers of several inputs, the paths."""

from typing import ClassVar

from archc.layers.base import Layer, ShapeError
from archc.layers.shape import TensorShape


class Add(Layer):
    """The sum of all paths; a side or channel count of 1 is stretched to that of the others."""

    verb: ClassVar[str] = "add"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        return _elementwise(self.verb, inputs)


class Multiply(Layer):
    """The product of all paths; a side or channel count of 1 is stretched to that of the others."""

    verb: ClassVar[str] = "multiply"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        return _elementwise(self.verb, inputs)


class Average(Layer):
    """The mean of all paths; a side or channel count of 1 is stretched to that of the others."""

    verb: ClassVar[str] = "average"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        return _elementwise(self.verb, inputs)


class Maximum(Layer):
    """The largest of all paths; a side or channel count of 1 is stretched to that of the others."""

    verb: ClassVar[str] = "maximum"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        return _elementwise(self.verb, inputs)


class Concat(Layer):
    """The channels of all paths, one after the other; all sides are equal."""

    verb: ClassVar[str] = "concat"

    def output_shape(self, *inputs: TensorShape) -> TensorShape:
        _require_paths(self.verb, inputs)
        channels = sum([shape.channels for shape in inputs])
        if all(shape.sides == inputs[0].sides for shape in inputs):
            return inputs[0].with_channels(channels)
        message = f"`concat` needs paths of the same sides, found {_listed(inputs)}"
        raise ShapeError("shape-mismatch", message)


def _elementwise(verb: str, inputs: tuple[TensorShape, ...]) -> TensorShape:
    _require_paths(verb, inputs)
    first = inputs[0]
    if all(shape == first for shape in inputs):
        return first
    if len({len(shape) for shape in inputs}) == 1:
        widest = TensorShape(map(max, zip(*inputs, strict=True)))
        if all(
            size in (1, full) for shape in inputs for size, full in zip(shape, widest, strict=True)
        ):
            return widest
    message = f"`{verb}` needs paths of one shape, found {_listed(inputs)}"
    ranks = {shape.rank for shape in inputs}
    stretch = ("`keepdims: true` of a global pooling keeps sides of 1, which are stretched",)
    raise ShapeError(
        "shape-mismatch", message, helps=stretch if 0 in ranks and len(ranks) > 1 else ()
    )


def _require_paths(verb: str, inputs: tuple[TensorShape, ...]) -> None:
    if len(inputs) < 2:
        raise ShapeError("path-count", f"`{verb}` needs at least two paths, found {len(inputs)}")


def _listed(shapes: tuple[TensorShape, ...]) -> str:
    *most, last = map(str, shapes)
    return f"{', '.join(most)} and {last}"
