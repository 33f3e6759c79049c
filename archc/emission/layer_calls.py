"""A layer in every lane: its attributes as symbols, its calls in the target, its channels."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from typing import Any

from archc.emission.channels import channels_out
from archc.emission.dialect import Dialect
from archc.emission.scope import Flow, Home
from archc.emission.splits import Split
from archc.emission.symbols import Code, is_literal, may_be_float, names_in, symbolic
from archc.layers import Activation, Concat, Layer, TensorShape

SPATIAL = frozenset(["kernel", "stride", "padding", "dilation", "size", "cropping", "shape"])
"""The attributes that change sizes."""


class LayerCalls:
    """What a target makes of layers; `nonnegative` tells of a node whether its values are."""

    def __init__(self, dialect: Dialect, nonnegative: Callable[[int], bool]) -> None:
        self.dialect = dialect
        self._nonnegative = nonnegative
        self.sized = False
        """Whether the target is told of sizes that hang on what other layers do to them."""

    def channels(self, layers: list[Layer], inputs: Flow, results: list[Any]) -> Code | None:
        """How many channels a layer gives, where the target has to know. Raises `Split`."""
        if not self.dialect.tracks_channels:
            return None
        entering = [variable.channels for variable in inputs]
        codes: dict[str, Code] = {}
        seen: set[Hashable] = set()
        for lane, layer in enumerate(layers):
            shapes = tuple(variable.shape(lane) for variable in inputs)
            key = (id(layer), *shapes, results[lane][0].shape)
            if key in seen:
                continue
            seen.add(key)
            known = [
                c if c is not None else ast.Constant(int(s[-1]))
                for c, s in zip(entering, shapes, strict=True)
            ]
            if len(known) > 1 and not isinstance(layer, Concat):
                known = [plainest(known, shapes, results[lane][0].shape)]
            code = channels_out(layer, known, shapes, results[lane][0].shape)
            codes.setdefault(ast.dump(code), code)
        if len(codes) > 1:
            raise Split([str(result[0].shape) for result in results])
        return next(iter(codes.values()))

    def marked(self, layer: Layer, codes: dict[str, Code | None], home: Home) -> Layer:
        """The layer with symbols for the attributes that are no literals."""
        values = dict(layer)
        changed = False
        for name, code in codes.items():
            if code is None or name not in values or is_literal(code):
                continue
            if name == "kind" and not isinstance(layer, Activation):
                continue
            if self.sized and name in SPATIAL:
                home.unit.sizes |= names_in(code)
            values[name] = symbolic(
                values[name], _whole(code, home) if type(values[name]) is int else code
            )
            changed = True
        if not changed:
            return layer
        return type(layer).model_construct(_fields_set=set(layer.model_fields_set), **values)

    def lowered(self, layers: list[Layer], inputs: Flow) -> tuple[Any, ...]:
        """The target's calls for a layer. Raises `Split` where they differ by lane."""
        texts: list[str] = []
        calls: tuple[Any, ...] = ()
        flags = [node is not None and self._nonnegative(node) for node in inputs[0].nodes]
        known: dict[Hashable, tuple[tuple[Any, ...], str]] = {}
        for lane, layer in enumerate(layers):
            key = (id(layer), *(variable.shapes[lane] for variable in inputs))
            if key not in known:
                shapes = tuple(self.dialect.shape(variable, lane) for variable in inputs)
                calls = self.dialect.lower(layer, shapes, all(flags))
                known[key] = calls, repr(calls)
            calls, text = known[key]
            texts.append(text)
        if len(set(texts)) > 1:
            raise Split(texts)
        return calls


def _whole(code: Code, home: Home) -> Code:
    """A code as a whole number where it may be a float."""
    if may_be_float(code, home.floats):
        return ast.Call(ast.Name("int", ast.Load()), [code], [])
    return code


def plainest(codes: list[Code], shapes: tuple[TensorShape, ...], out: TensorShape) -> Code:
    """The shortest of codes that mean the same number: one that hangs on no choice, if there is."""
    meant = [
        code for code, shape in zip(codes, shapes, strict=True) if shape.channels == out.channels
    ]
    return min(meant, key=lambda code: ("id='channels" in ast.dump(code), len(ast.dump(code))))
