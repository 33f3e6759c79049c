"""How a new layer is joined to the tensors that enter it.

`layer(x)` finds out what archc knows already: shapes, that there are no masks, and that nothing
need be cast. Where Keras has the hooks, the layer is built from the shapes and its node recorded
by `Operation.symbolic_call`; the model is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from types import ModuleType
from typing import Any, TypeAlias

from archc.targets.keras.lowering import Feed

Connect: TypeAlias = Callable[[Any, Feed, list[Any]], Any]
"""Calls a layer on tensors, as its feed says, and gives the tensor that comes out."""

_PLAIN = frozenset([bool, int, float, str, type(None)])

_HOOKS = (
    "symbolic_call",
    "input_dtype",
    "_open_name_scope",
    "_call_signature",
    "_call_has_mask_arg",
    "_call_has_training_arg",
)


def has_hooks(keras: ModuleType) -> bool:
    """Whether this is Keras on eager TensorFlow, of a version that has what the fast way uses."""
    if keras.backend.backend() != "tensorflow" or keras.distribution.distribution() is not None:
        return False
    import tensorflow

    if not tensorflow.executing_eagerly() or tensorflow.distribute.has_strategy():
        return False
    return all(hasattr(_any_layer(keras), hook) for hook in _HOOKS)


def connecting(keras: ModuleType, *, fast: bool) -> Connect:
    """How to join layers: the fast way needs the hooks."""
    return partial(_connect_known, keras) if fast else _connect_plainly


@contextmanager
def quick_attributes(keras: ModuleType) -> Iterator[None]:
    """While this lasts, layers set plain values as any object does.

    Keras and TensorFlow look at each value for what they should track, which takes a quarter of
    the time that a layer takes. Nothing in a plain value is tracked. For TensorFlow alone.
    """
    layer = keras.layers.Layer
    tracking = layer.__setattr__

    def set_attribute(self: object, name: str, value: object) -> None:
        if type(value) in _PLAIN:
            object.__setattr__(self, name, value)
        else:
            tracking(self, name, value)

    layer.__setattr__ = set_attribute
    try:
        yield
    finally:
        layer.__setattr__ = tracking


@cache
def _any_layer(keras: ModuleType) -> Any:
    return keras.layers.Identity(name="any")


def _connect_plainly(layer: Any, feed: Feed, inputs: list[Any]) -> Any:
    if feed == "twice":
        return layer(inputs[0], inputs[0])
    return layer(inputs if feed == "list" else inputs[0])


def _connect_known(keras: ModuleType, layer: Any, feed: Feed, inputs: list[Any]) -> Any:
    dtype = layer.input_dtype
    known = feed == "tensor" or (feed == "list" and not layer._call_has_mask_arg)
    casts = any(tensor.dtype != dtype for tensor in inputs)
    if not known or casts or getattr(layer, "_remat_mode", None) is not None:
        return _connect_plainly(layer, feed, inputs)
    if not layer.built:
        shapes = [tuple(tensor.shape) for tensor in inputs]
        layer.build(shapes if feed == "list" else shapes[0])
    with layer._open_name_scope():
        layer._called = True
    tensors = inputs if feed == "list" else inputs[0]
    return keras.Operation.symbolic_call(layer, tensors, **_implied(layer))


def _implied(layer: Any) -> dict[str, object]:
    """The arguments that `layer(x)` adds to a call, which the model's config then has."""
    implied: dict[str, object] = {}
    if layer._call_has_training_arg:
        training = layer._call_signature.parameters["training"].default
        if training is not None:
            implied["training"] = training
    if layer._call_has_mask_arg:
        implied["mask"] = None
    return implied
