"""What the walker asks of a target."""

from __future__ import annotations

import ast
from typing import Any, Protocol

from archc.emission.scope import Variable
from archc.emission.symbols import Code, symbolic
from archc.emission.translate import NoCode
from archc.layers import Layer, TensorShape

_FROM_THE_END = {"channels": 1, "width": 2, "height": 3, "depth": 4}


class Dialect(Protocol):
    """How a target lowers layers, and what it knows of tensors while a network is built."""

    tracks_channels: bool
    """Whether modules must be told how many channels enter them."""

    def lower(
        self, layer: Layer, inputs: tuple[TensorShape, ...], nonnegative: bool
    ) -> tuple[Any, ...]:
        """The target's calls for a layer. Raises `NoCode` where it has none."""

    def attribute(self, variable: Variable, name: str) -> Code:
        """`.channels`, `.width`, … of a tensor as code. Raises `NoCode`."""

    def shape(self, variable: Variable, lane: int) -> TensorShape:
        """The tensor's shape in a lane, with symbols where its code is no literal."""


class Shapes:
    """Tensors know their shapes while the code runs, as in Keras."""

    tracks_channels = False

    def attribute(self, variable: Variable, name: str) -> Code:
        shape = ast.Attribute(ast.Name(variable.name, ast.Load()), "shape", ast.Load())
        if name in _FROM_THE_END:
            return _element(shape, -_FROM_THE_END[name])
        if name == "size":
            bounds = ast.Slice(ast.Constant(1), ast.UnaryOp(ast.USub(), ast.Constant(1)), None)
            return ast.Subscript(shape, bounds, ast.Load())
        ranks = {known.rank for known in variable.known_shapes()}
        if name == "rank" and len(ranks) == 1:
            return ast.Constant(ranks.pop())
        raise NoCode

    def shape(self, variable: Variable, lane: int) -> TensorShape:
        known = variable.shape(lane)
        shape = ast.Attribute(ast.Name(variable.name, ast.Load()), "shape", ast.Load())
        sizes = [symbolic(size, _element(shape, i - len(known))) for i, size in enumerate(known)]
        return TensorShape(sizes)


class Channels:
    """Modules are built before any tensor is there: only channels have a code, as in PyTorch."""

    tracks_channels = True

    def attribute(self, variable: Variable, name: str) -> Code:
        if name == "channels" and variable.channels is not None:
            return variable.channels
        found = {_literal(shape, name) for shape in variable.known_shapes()}
        if name == "rank" and len(found) == 1:
            return ast.Constant(found.pop())
        raise NoCode

    def shape(self, variable: Variable, lane: int) -> TensorShape:
        known = variable.shape(lane)
        if variable.channels is None:
            return known
        return TensorShape((*known[:-1], symbolic(known[-1], variable.channels)))


def _literal(shape: TensorShape, name: str) -> int:
    return shape.rank if name == "rank" else shape[-_FROM_THE_END.get(name, 1)]


def _element(shape: Code, position: int) -> Code:
    index = ast.UnaryOp(ast.USub(), ast.Constant(-position))
    return ast.Subscript(shape, index, ast.Load())
