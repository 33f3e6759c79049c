"""The words for layers, and the making of a layer from a word and its attributes."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple, TypeAlias

from pydantic import ValidationError

from archc.layers.activation import Activation, Elu, LeakyRelu, Prelu
from archc.layers.arrangement import ChannelShuffle, Flatten, Reshape, Slice
from archc.layers.base import Layer
from archc.layers.convolution import Conv, DepthwiseConv, SeparableConv
from archc.layers.dense import Dense
from archc.layers.invalid import InvalidAttributes, explain, unknown
from archc.layers.kinds import kinds_of
from archc.layers.merges import Add, Average, Concat, Maximum, Multiply
from archc.layers.names import PARAMETERLESS
from archc.layers.normalization import BatchNorm, GroupNorm, LayerNorm
from archc.layers.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from archc.layers.preprocessing import Normalize, Rescale
from archc.layers.regularization import Dropout, DropPath
from archc.layers.resizing import Crop, Upsample, ZeroPad
from archc.layers.tokens import Attention, ClassToken, LayerScale, PositionEmbedding
from archc.layers.transposed import ConvTranspose

Attributes: TypeAlias = tuple[tuple[str, object], ...]
"""Attribute names and values: numbers, truth values, texts, and tuples of them."""


class Verb(NamedTuple):
    """A word for a layer. `fixed` are the attributes that the word itself says: `relu` the kind."""

    name: str
    layer: type[Layer]
    fixed: Attributes = ()

    @property
    def main(self) -> str | None:
        """The attribute that a bare scalar stands for."""
        return self.layer.main if self.layer.main in self.attributes else None

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that a spec may give."""
        return _open_attributes(self)

    @property
    def required(self) -> tuple[str, ...]:
        """The attributes that a spec must give."""
        fields = self.layer.model_fields
        return tuple([name for name in self.attributes if fields[name].is_required()])


def _verbs(*layers: type[Layer]) -> dict[str, Verb]:
    return {layer.verb: Verb(layer.verb, layer) for layer in layers}


LAYERS: dict[str, Verb] = {
    **_verbs(Conv, DepthwiseConv, SeparableConv, ConvTranspose, Dense),
    **_verbs(BatchNorm, LayerNorm, GroupNorm),
    **{kind: Verb(kind, Activation, (("kind", kind),)) for kind in PARAMETERLESS},
    **_verbs(LeakyRelu, Elu, Prelu),
    **_verbs(MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool),
    **_verbs(Dropout, DropPath),
    **_verbs(ZeroPad, Crop, Upsample),
    **_verbs(Flatten, Reshape, ChannelShuffle, Slice),
    **_verbs(Rescale, Normalize),
    **_verbs(Attention, ClassToken, PositionEmbedding, LayerScale),
}
"""Every verb that makes one layer of one input, roles left out."""

MERGES: dict[str, Verb] = _verbs(Add, Concat, Multiply, Average, Maximum)
"""Every verb that joins paths."""

ACTIVATIONS: tuple[str, ...] = (*PARAMETERLESS, "leaky_relu", "prelu", "elu", "linear")
"""The kinds that the role `activation` may have; `linear` makes no layer."""

NORMS: tuple[str, ...] = ("batch_norm", "layer_norm", "group_norm")
"""The kinds that the role `norm` may have."""

ROLES: dict[str, str] = {"norm": "batch_norm", "activation": "relu"}
"""The verbs whose kind `defaults` set, and the kind they have without."""


def make(verb: Verb, attributes: Attributes) -> Layer:
    """The layer that a verb makes with the attributes that are given, each name once.

    The same words give the same object. Raises `InvalidAttributes` with all that is wrong.
    """
    names, values = zip(*attributes, strict=True) if attributes else ((), ())
    kinds = kinds_of(values)
    if kinds is None:
        return _made(verb, names, values)
    return _remembered(verb, names, kinds, values)


@lru_cache(maxsize=4096)
def _remembered(
    verb: Verb, names: tuple[str, ...], _kinds: object, values: tuple[object, ...]
) -> Layer:
    # The types are a part of the key: 1, 1.0 and True are equal, yet not the same value.
    return _made(verb, names, values)


def _made(verb: Verb, names: tuple[str, ...], values: tuple[object, ...]) -> Layer:
    if not names and _needs_no_check(verb):
        return verb.layer.model_construct(None, **dict(verb.fixed))
    allowed = verb.attributes
    strangers = tuple([unknown(verb.name, name, allowed) for name in names if name not in allowed])
    given = zip(names, values, strict=True)
    known = {name: value for name, value in given if name in allowed}
    try:
        layer = verb.layer.model_validate({**known, **dict(verb.fixed)})
    except ValidationError as error:
        raise InvalidAttributes(explain(verb.name, error, strangers)) from None
    if strangers:
        raise InvalidAttributes(strangers)
    return layer


@cache
def _needs_no_check(verb: Verb) -> bool:
    """Whether the word alone makes the layer: to check our own defaults only costs time."""
    return not verb.required and not verb.layer.__pydantic_decorators__.model_validators


@cache
def _open_attributes(verb: Verb) -> tuple[str, ...]:
    fixed = dict(verb.fixed)
    return tuple([name for name in verb.layer.model_fields if name not in fixed])
