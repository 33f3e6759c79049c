"""`preprocess:` how an image becomes the input of a network, with its values worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic, Span
from archc.elaborate.elaborate import spec_frame
from archc.elaborate.instantiate import whole
from archc.elaborate.scope import Frame
from archc.elaborate.values import compile_value
from archc.graph import Graph
from archc.layers import TensorShape, spelled
from archc.source import Node
from archc.spec import PreprocessDocument

if TYPE_CHECKING:
    import numpy as np

Numbers = tuple[float, ...]

_MODES: dict[str, tuple[Numbers, Numbers]] = {
    "none": ((0.0,), (1.0,)),
    "tf": ((127.5,), (127.5,)),
    "torch": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "caffe": ((103.939, 116.779, 123.68), (1.0,)),
}
"""Means and standard deviations of pixels from 0 to 255, as keras.applications has them."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How an image becomes an array of the shape `input`: height, width, channels.

    It is resized by `interpolation` so that it covers the input enlarged to a shorter side of
    `size`, and cut out in the middle; with `crop` "none" it is resized to the input's sides,
    whatever that does to its proportions. Of the pixels from 0 to 255, in the order red, green,
    blue, or the other way round if `reverse`, `mean` is subtracted, and the rest divided by `std`.
    """

    input: TensorShape
    size: int
    crop: Literal["center", "none"] = "center"
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bicubic"
    mean: Numbers = (0.0,)
    std: Numbers = (1.0,)
    reverse: bool = False

    def scaled(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels from 0 to 255, channels last, as float32 numbers that enter the network."""
        import numpy as np

        ordered = pixels[..., ::-1] if self.reverse else pixels
        # In float64 first: 255 is not twice 127.5 rounded.
        centred = ordered.astype("float64") - np.array(self.mean)
        scaled: np.ndarray = (centred / np.array(self.std)).astype("float32")
        return scaled


def preprocessing_of(spec: Spec, graph: Graph | None = None) -> Preprocessing:
    """The preprocessing that a spec declares; `graph` is its network, where that is known.

    Raises `CompileError` where it declares none or a wrong one, or takes no images.
    """
    document = spec.assembled.document
    shape = _image_shape(spec, graph or spec.graph())
    declared = document.preprocess
    if declared is None:
        span = document.origin.span
        place = Span(span.source, span.start, span.start + 1)
        help_line = "say how images become its input, such as `preprocess: {mode: torch}`"
        message = "missing key `preprocess`"
        raise CompileError([Diagnostic("missing-key", message, place, helps=(help_line,))])
    frame = spec_frame(spec.assembled)
    mean, std = _MODES[declared.mode]
    return Preprocessing(
        shape,
        _size(declared, frame, shape),
        declared.crop,
        declared.interpolation,
        _numbers("mean", declared.mean, mean, frame, declared, shape),
        _divisors(declared, std, frame, shape),
        reverse=declared.mode == "caffe",
    )


def _image_shape(spec: Spec, graph: Graph) -> TensorShape:
    shapes = [graph.nodes[position].shape for position in graph.inputs]
    if len(shapes) == 1 and shapes[0].rank == 2 and shapes[0].channels in (1, 3):
        return shapes[0]
    shown = " and ".join([str(shape) for shape in shapes])
    message = "expected one input of a height, a width, and 1 or 3 channels for images"
    span = spec.assembled.document.input.span
    raise CompileError([Diagnostic("wrong-type", f"{message}, found {shown}", span)])


def _size(declared: PreprocessDocument, frame: Frame, shape: TensorShape) -> int:
    least = min(shape.sides)
    if declared.size is None:
        return least
    value = compile_value(declared.size, "size").evaluate(frame)
    # An image that is smaller than the input has nothing to be cut out of.
    return whole(value, "size", declared.size.span, least=least)


def _divisors(
    declared: PreprocessDocument, default: Numbers, frame: Frame, shape: TensorShape
) -> Numbers:
    found = _numbers("std", declared.std, default, frame, declared, shape)
    if declared.std is not None and not all(each > 0 for each in found):
        message = f"`std`: expected numbers above 0, found {spelled(found)}"
        raise CompileError([Diagnostic("wrong-type", message, declared.std.span)])
    return found


def _numbers(
    key: str,
    node: Node | None,
    default: Numbers,
    frame: Frame,
    declared: PreprocessDocument,
    shape: TensorShape,
) -> Numbers:
    """One number for all channels, or one for each. Raises `CompileError`."""
    value: object = default if node is None else compile_value(node, key).evaluate(frame)
    values = value if isinstance(value, tuple) else (value,)
    numbers = [each for each in values if isinstance(each, int | float)]
    real = len(numbers) == len(values) and not any(isinstance(each, bool) for each in values)
    if real and len(numbers) in (1, shape.channels):
        return tuple([float(number) for number in numbers])
    expected = f"expected a number, or one for each of the {shape.channels} channels"
    place = (node or declared.origin).span
    message = f"`{key}`: {expected}, found {spelled(value)}"
    raise CompileError([Diagnostic("wrong-type", message, place)])
