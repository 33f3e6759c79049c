"""Keras as the walker knows it: layers find out their shapes when they are called."""

from __future__ import annotations

from archc.emission.dialect import Shapes
from archc.layers import Layer, TensorShape
from archc.targets.keras.lowering import Context, KerasCall, lower


class KerasDialect(Shapes):
    """Lowers to `KerasCall`."""

    def lower(
        self, layer: Layer, inputs: tuple[TensorShape, ...], nonnegative: bool
    ) -> tuple[KerasCall, ...]:
        return lower(layer, inputs, Context(nonnegative=nonnegative))
