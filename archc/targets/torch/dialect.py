"""PyTorch as the walker knows it: modules are told how many channels enter them."""

from __future__ import annotations

from archc.emission.dialect import Channels
from archc.layers import Layer, TensorShape
from archc.targets.torch.lowering import lower
from archc.targets.torch.lowering.call import Context, TorchCall


class TorchDialect(Channels):
    """Lowers to `TorchCall`."""

    def lower(
        self, layer: Layer, inputs: tuple[TensorShape, ...], nonnegative: bool
    ) -> tuple[TorchCall, ...]:
        return lower(layer, inputs, Context(nonnegative=nonnegative))
