"""Layers that fit a shape: a verb, and what stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archc.layers import TensorShape
from archc.layers.names import INITIALIZERS, PARAMETERLESS
from tests.strategies.choices import Chooser
from tests.strategies.expressions import Known, palette, written
from tests.strategies.windows import convolution, pool, sides

FUSED = ("relu", "linear", "leaky_relu", "elu", None, *PARAMETERLESS)
Payload = object
"""What stands behind a verb: a mapping, a value for its main attribute, or nothing."""


@dataclass(frozen=True)
class Place:
    """Where a layer is drawn: how, on which shape, among which names."""

    choose: Chooser
    shape: TensorShape
    names: Known

    def pick(self, *choices: object) -> object:
        return self.choose.pick(*choices)

    def value(self, value: object, key: str) -> object:
        """The value, now and then as an expression."""
        return written(self.choose, value, key, self.names)

    def channels(self) -> int:
        """A number of channels, often one that something stands for."""
        common = palette(self.names, 24)
        return int(self.pick(4, *common, *common, 8, 6, 12, 1, 3, 16))

    def some(self, **ways: tuple[object, ...]) -> dict[str, object]:
        """Some of these attributes, each with one of its values."""
        if not self.choose.chance(2):
            return {}
        chosen = {key: self.pick(*values) for key, values in ways.items() if self.choose.chance(2)}
        return {key: self.value(value, key) for key, value in chosen.items()}

    def divisor(self) -> int:
        """A number that divides the channels."""
        channels = self.shape.channels
        return int(self.pick(*[d for d in range(1, channels + 1) if channels % d == 0]))


def layer(place: Place, verb: str) -> Payload:
    """What may stand behind the verb here; None where it takes nothing."""
    return CATALOGUE[verb](place) if verb in CATALOGUE else None


def verbs_for(shape: TensorShape) -> tuple[str, ...]:
    """The verbs that a shape allows, the common ones often."""
    anywhere = (*PARAMETERLESS, *ANYWHERE)
    if shape.rank == 0:
        return ("dense", "dense", "dense", *anywhere)
    tokens = TOKENS if shape.rank == 1 else ()
    return (*COMMON * 4, *tokens * 2, *anywhere, *SPATIAL)


def _affine(place: Place) -> dict[str, object]:
    return place.some(bias=(False, True), activation=FUSED, init=INITIALIZERS)


def _conv(place: Place) -> Payload:
    filters = place.channels()
    extra: dict[str, object] = {}
    if place.choose.chance(5):
        common = [d for d in (2, 3, 4) if place.shape.channels % d == 0 and filters % d == 0]
        extra["groups"] = place.value(place.pick(*common or [1]), "groups")
    if place.choose.chance(12) and place.shape.rank <= 2:
        extra["standardize"] = True
    window = convolution(place.choose, place.shape, place.value)
    return {"filters": place.value(filters, "filters"), **window, **extra, **_affine(place)}


def _depthwise(place: Place) -> Payload:
    window = convolution(place.choose, place.shape, place.value, equal_strides=True)
    return {**window, **place.some(multiplier=(1, 2)), **_affine(place)}


def _separable(place: Place) -> Payload:
    filters = place.value(place.channels(), "filters")
    window = convolution(place.choose, place.shape, place.value, equal_strides=True)
    return {"filters": filters, **window, **place.some(multiplier=(1, 2)), **_affine(place)}


def _transposed(place: Place) -> Payload:
    window = convolution(place.choose, place.shape, place.value, transposed=True)
    return {"filters": place.value(place.channels(), "filters"), **window, **_affine(place)}


def _dense(place: Place) -> Payload:
    units = place.value(place.channels(), "units")
    extra = _affine(place)
    return {"units": units, **extra} if extra else units


def _batch_norm(place: Place) -> Payload:
    flags = {"scale": (False, True), "center": (False, True)}
    return place.some(epsilon=(1e-5, 1e-3, 0.01), momentum=(0.9, 0.999), **flags) or None


def _layer_norm(place: Place) -> Payload:
    return place.some(epsilon=(1e-5, 1e-6), scale=(False, True), center=(False, True)) or None


def _group_norm(place: Place) -> Payload:
    groups = place.value(place.divisor(), "groups")
    return {"groups": groups, **place.some(epsilon=(1e-5,), scale=(False, True))}


def _pads(place: Place) -> Payload:
    rank = place.shape.rank
    if rank == 0 or place.choose.chance(5):
        return {"channels": [place.pick(0, 1), place.pick(1, 2)]}
    return place.pick(1, 2, [1] * rank, [[0, 1]] * rank)


def _crop(place: Place) -> Payload:
    least = min(place.shape.sides)
    rank = place.shape.rank
    return place.pick(*([1, [[0, 1]] * rank, [1] * rank] if least > 3 else [0, [[0, 0]] * rank]))


def _upsample(place: Place) -> Payload:
    size = sides(place.choose, place.shape.rank, (2, 2, 3, 1))
    smooth = place.shape.rank < 3 and place.choose.chance(3)
    return {"size": size, "interpolation": "bilinear"} if smooth else place.value(size, "size")


def _reshape(place: Place) -> Payload:
    shape = place.shape
    ways: list[object] = [[-1, shape.channels], [shape.elements], [-1, 1], [1, 1, shape.elements]]
    if shape.channels % 2 == 0:
        ways.append([*shape.sides, shape.channels // 2, 2] if shape.rank < 3 else [-1, 2])
    ways.append([-1, "=here.channels"])
    return place.pick(*ways)


def _slice(place: Place) -> Payload:
    names = {1: ("tokens", "length"), 2: ("height", "width"), 3: ("depth", "height", "width")}
    axes = {"channels": place.shape.channels}
    axes |= dict(zip(names.get(place.shape.rank, ()), _sliceable(place.shape), strict=False))
    axis = place.pick(*axes)
    length = axes[str(axis)]
    given: dict[str, object] = {} if axis == "channels" else {"axis": axis}
    if length % 2 == 0 and place.choose.chance(2):
        return {**given, "part": place.pick(0, 1), "of": 2}
    start = place.pick(0, *range(length))
    return (
        {**given, "start": start} if place.choose.chance(2) else {**given, "stop": int(start) + 1}
    )


def _sliceable(shape: TensorShape) -> tuple[int, ...]:
    return shape.sides * 2 if shape.rank == 1 else shape.sides


def _rescale(place: Place) -> Payload:
    scale = place.value(place.pick(0.5, 2.0, -1.0, 1), "scale")
    return {"scale": scale, **place.some(offset=(0.5, -1.0))}


def _normalize(place: Place) -> Payload:
    channels = place.shape.channels
    each = ([0.5] * channels, [0.25] * channels)
    mean, variance = place.pick((None, None), (0.5, 2.0), each)
    return None if mean is None else {"mean": mean, "variance": variance}


def _heads(place: Place) -> Payload:
    heads = place.value(place.divisor(), "heads")
    return {"heads": heads, "bias": False} if place.choose.chance(4) else heads


def _rate(place: Place) -> Payload:
    return place.value(place.pick(0.2, 0, 0.5), "rate")


def _keepdims(place: Place) -> Payload:
    return place.pick(None, {"keepdims": True}, True)


def _maybe(key: str, *values: object) -> Callable[[Place], Payload]:
    return lambda place: place.value(place.pick(*values), key) if place.choose.chance(2) else None


CATALOGUE: Mapping[str, Callable[[Place], Payload]] = {
    "conv": _conv,
    "depthwise_conv": _depthwise,
    "separable_conv": _separable,
    "conv_transpose": _transposed,
    "dense": _dense,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "leaky_relu": _maybe("slope", 0.2, 0),
    "elu": _maybe("alpha", 0.5, 1.0),
    "max_pool": lambda place: pool(place.choose, place.shape, place.value),
    "avg_pool": lambda place: pool(place.choose, place.shape, place.value),
    "global_avg_pool": _keepdims,
    "global_max_pool": _keepdims,
    "dropout": _rate,
    "drop_path": _rate,
    "zero_pad": _pads,
    "crop": _crop,
    "upsample": _upsample,
    "reshape": _reshape,
    "slice": _slice,
    "rescale": _rescale,
    "channel_shuffle": lambda place: place.value(place.divisor(), "groups"),
    "normalize": _normalize,
    "attention": _heads,
    "layer_scale": _maybe("init", 0.1, 1e-6),
}
COMMON = ("conv", "batch_norm", "relu")
SPATIAL = (
    *("depthwise_conv", "separable_conv", "conv_transpose", "max_pool", "avg_pool", "crop"),
    *("global_avg_pool", "global_max_pool", "upsample", "zero_pad", "flatten"),
)
ANYWHERE = (
    *("dense", "batch_norm", "layer_norm", "group_norm", "leaky_relu", "elu", "prelu", "dropout"),
    *("drop_path", "reshape", "channel_shuffle", "slice", "rescale", "normalize", "layer_scale"),
    "linear",
)
TOKENS = ("attention", "class_token", "position_embedding")
