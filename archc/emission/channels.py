"""How many channels a layer gives, as code: what a module must be told of the ones before it."""

from __future__ import annotations

import ast
from math import prod

from archc.emission.symbols import Code, code_of
from archc.layers import (
    Concat,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    Flatten,
    Layer,
    Reshape,
    SeparableConv,
    Slice,
    TensorShape,
    ZeroPad,
)


def channels_out(
    layer: Layer, inputs: list[Code], shapes: tuple[TensorShape, ...], out: TensorShape
) -> Code:
    """The channels of what the layer gives; `layer` may have symbols for attributes."""
    match layer:
        case Conv() | SeparableConv() | ConvTranspose():
            return code_of(layer.filters)
        case Dense():
            return code_of(layer.units)
        case DepthwiseConv():
            return product(code_of(layer.multiplier), inputs[0])
        case Concat():
            total = inputs[0]
            for code in inputs[1:]:
                total = ast.BinOp(total, ast.Add(), code)
            return total
        case Flatten():
            return product(ast.Constant(prod(shapes[0].sides)), inputs[0])
        case _:
            return _rearranged(layer, inputs[0], out)


def _rearranged(layer: Layer, channels: Code, out: TensorShape) -> Code:
    match layer:
        case Reshape() if layer.shape[-1] != -1:
            return code_of(layer.shape[-1])
        case Reshape():
            return ast.Constant(int(out.channels))
        case Slice() if layer.axis == "channels":
            return ast.Constant(int(out.channels))
        case ZeroPad() if layer.channels is not None:
            return ast.BinOp(channels, ast.Add(), ast.Constant(sum(layer.channels)))
    return channels


def product(left: Code, right: Code) -> Code:
    """`left * right`, a factor of 1 left out."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ast.Constant) and one.value == 1:
            return other
    return ast.BinOp(left, ast.Mult(), right)
