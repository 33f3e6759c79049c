"""Calls of blocks: args by their kind, inputs by name."""

from __future__ import annotations

from collections.abc import Callable

from tests.strategies.body import Body, Signature
from tests.strategies.naive_parts import Data

VALUES: dict[str, Callable[[Body], object]] = {
    "filters": lambda body: body.place().channels(),
    "stride": lambda body: body.pick(1, 2, 2),
    "kernel": lambda body: body.pick(3, 1, 5),
    "dilation": lambda body: body.pick(1, 2),
    "rate": lambda body: body.pick(0, 0.1, 0.5),
    "flag": lambda body: body.pick(False, True),
    "activation": lambda body: body.pick("relu", "silu", "linear", "tanh", "leaky_relu", None),
    "norm": lambda body: body.pick("batch_norm", "layer_norm", "none"),
    "times": lambda body: body.pick(1, 2, 3),
    "ratio": lambda body: body.pick(1, 2, 0.5, 3),
    "divisor": lambda body: body.place().divisor() if body.shape.rank else 1,
    "padding": lambda body: body.pick("same", "symmetric", None, 1),
    "text": lambda body: body.pick("a", "b", "left", "x1"),
}
"""Each kind of arg, and how a value for it is drawn."""


def call(body: Body) -> Data | None:
    """A call of one of the blocks that the body knows; None where none fits."""
    if not body.signatures:
        return None
    signature = body.pick(*body.signatures)
    assert isinstance(signature, Signature)
    for _ in range(2):
        made: Data = {signature.name: _payload(body, signature)}
        if body.allows(made):
            return made
    return None


def argument(body: Body, kind: str) -> object:
    """A value for an arg of this kind."""
    return VALUES[kind](body)


def _payload(body: Body, signature: Signature) -> object:
    given: dict[str, object] = {}
    for name, kind in signature.kinds.items():
        if name in signature.optional and not body.chance(2):
            continue
        value = argument(body, kind)
        if value is not None or name in signature.optional:
            given[name] = body.place().value(value, name)
    for name in signature.inputs[1:]:
        given[name] = body.pick("input", *filter(None, body.frame.tags), *body.frame.inputs)
    if len(signature.inputs) > 1 and body.chance(5):
        # Blocks with several outputs may fill them all.
        given = {key: value for key, value in given.items() if key not in signature.inputs}
    if not given:
        return None
    first = next(iter(signature.kinds), "")
    if list(given) == [first] and body.chance(2):
        return given[first]
    return given
