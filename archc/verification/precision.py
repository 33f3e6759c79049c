"""How close outputs must be to be equal."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from archc.graph import Graph
from archc.layers import Attention, AvgPool, Layer, LeakyRelu, MaxPool, Normalize, Rescale, Upsample

Dtype: TypeAlias = Literal["float32", "float64"]

DTYPES: Final[dict[Dtype, float]] = {"float64": 1e-9, "float32": 1e-4}
"""The number formats to verify in, each with the difference up to which outputs are equal, relative
to the greatest value: sums in another order differ by less.
"""

ROUNDED_CONSTANTS: Final = 1e-6
"""The difference where Keras computes with a constant that was rounded to float32 (6e-8)."""

VISIBLE: Final = 5
"""How many times the tolerance the outputs of two inputs must differ by, so that a fault shows."""

_ROUNDED_PLACES: Final = 1e-5
"""The same where TensorFlow resizes: it rounds the places between pixels to float32."""

_ROUNDED_ACTIVATIONS = ("gelu", "leaky_relu")


def finest(graph: Graph) -> Dtype:
    """The finest number format that TensorFlow has all layers in: 3-D pools are of float32."""
    pools = (node for node in graph if isinstance(node.layer, MaxPool | AvgPool))
    return "float32" if any(graph.input_shapes(node)[0].rank == 3 for node in pools) else "float64"


def rounded_constants(graph: Graph) -> tuple[str, ...]:
    """The verbs, each once, for which Keras on TensorFlow has a constant of float32 in float64."""
    verbs = (_rounded(node.layer) for node in graph)
    return tuple(dict.fromkeys(verb for verb in verbs if verb))


def tolerance(dtype: Dtype, rounded: tuple[str, ...]) -> float:
    """The difference up to which outputs are equal in a number format, `rounded` or not."""
    allowed = [_ROUNDED_PLACES if verb == "upsample" else ROUNDED_CONSTANTS for verb in rounded]
    return max(DTYPES[dtype], *allowed) if allowed else DTYPES[dtype]


def _rounded(layer: Layer) -> str:
    attributes = layer.model_dump()
    for activation in (attributes.get("kind"), attributes.get("activation")):
        if activation in _ROUNDED_ACTIVATIONS:
            return str(activation)
    given = isinstance(layer, Normalize) and layer.mean is not None
    given = given or (isinstance(layer, Upsample) and layer.interpolation != "nearest")
    # Of attention it is the factor 1 / sqrt(channels of a head).
    return layer.verb if given or isinstance(layer, Rescale | LeakyRelu | Attention) else ""
