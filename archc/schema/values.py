"""Values as JSON Schema: what each kind of attribute accepts, or an expression that gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, get_args

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from archc.layers.arrangement import AXES, Axis
from archc.layers.attributes import (
    PADDINGS,
    Count,
    Dimensions,
    Flag,
    Fraction,
    Integer,
    Natural,
    Number,
    Numbers,
    Padding,
    Pads,
    Pair,
    Positive,
    Positives,
    Rate,
    Shape,
    Sides,
)
from archc.layers.names import INITIALIZERS, PARAMETERLESS, FusedActivation, Initializer
from archc.layers.resizing import Interpolation

Schema: TypeAlias = dict[str, object]
"""A JSON Schema, draft 7."""

EXPRESSION = "^="
"""What a text must look like where only an expression may stand."""

TEXT = r"^=|\$\("
"""A text that is computed: an expression, or one with `$(…)` inside."""

ANYTHING: Schema = {}


def _whole(least: int | None = None) -> Schema:
    return {"type": "integer"} if least is None else {"type": "integer", "minimum": least}


def _list(items: Schema, least: int = 1, most: int | None = None) -> Schema:
    schema: Schema = {"type": "array", "items": in_list(items), "minItems": least}
    return schema if most is None else schema | {"maxItems": most}


def in_list(item: Schema) -> Schema:
    """An item, or an expression that gives it."""
    return item | {"type": [*types(item), "string"], "pattern": EXPRESSION}


def types(schema: Schema) -> list[str]:
    """The JSON types that a schema allows."""
    found = schema["type"]
    return list(found) if isinstance(found, list) else [str(found)]


def either(one: Schema, other: Schema) -> Schema:
    """Both kinds in one schema: a keyword speaks of one JSON type alone, and these differ."""
    return one | other | {"type": [*types(one), *types(other)]}


_NUMBER: Schema = {"type": "number"}
_POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0}
_PAIR = _list(_whole(0), 2, 2)
_PADS = either(_whole(0), _list(either(_whole(0), _PAIR)))
_NAMES: Schema = {"type": "null"}
_FUSED = ("linear", *PARAMETERLESS, "leaky_relu", "elu")

_KINDS: tuple[tuple[object, Schema, tuple[str, ...]], ...] = (
    (Integer, _whole(), ()),
    (Natural, _whole(0), ()),
    (Count, _whole(1), ()),
    (Number, _NUMBER, ()),
    (Positive, _POSITIVE, ()),
    (Rate, {"type": "number", "minimum": 0, "exclusiveMaximum": 1}, ()),
    (Fraction, {"type": "number", "minimum": 0, "maximum": 1}, ()),
    (Flag, {"type": "boolean"}, ()),
    (Numbers, either(_NUMBER, _list(_NUMBER)), ()),
    (Positives, either(_POSITIVE, _list(_POSITIVE)), ()),
    (Sides, either(_whole(1), _list(_whole(1))), ()),
    (Pair, _PAIR, ()),
    (Pads, _PADS, ()),
    (Padding, _PADS, PADDINGS),
    (Shape, _list(_whole(1)), ()),
    (Dimensions, _list(_whole(-1) | {"not": {"const": 0}}), ()),
    (FusedActivation, _NAMES, _FUSED),
    (Initializer, _NAMES, INITIALIZERS),
    (Interpolation, _NAMES, ("nearest", "bilinear")),
    (Axis, _NAMES, AXES),
)


def validator_of(kind: object) -> PlainValidator:
    """The validator of a kind such as `Count`, or of a field that has one: `Sides | None`."""
    metadata = [*getattr(kind, "metadata", ()), *getattr(kind, "__metadata__", ())]
    inner = getattr(kind, "annotation", None)
    for part in get_args(inner):
        metadata += getattr(part, "__metadata__", ())
    return next(each for each in metadata if isinstance(each, PlainValidator))


_BY_VALIDATOR = {validator_of(kind): (schema, names) for kind, schema, names in _KINDS}


def value(validator: PlainValidator) -> Schema:
    """What may be written for an attribute: a value of its kind, an expression, or nothing."""
    plain, names = _BY_VALIDATOR[validator]
    open_types = dict.fromkeys([*types(plain), "string", "null"])
    pattern = TEXT if names else EXPRESSION
    computed = plain | {"type": list(open_types), "pattern": pattern}
    return {"anyOf": [{"enum": list(names)}, computed]} if names else computed


def phrase(validator: PlainValidator) -> str:
    """What a value of this kind is, in the words that refuse any other."""
    refuse: Callable[..., object] = validator.func
    try:
        refuse(object())
    except PydanticCustomError as refusal:
        return str((refusal.context or {})["phrase"])
    raise AssertionError("a kind of value that accepts anything")


def named(names: list[str]) -> Schema:
    """One of some names, or a text that is computed."""
    return {"anyOf": [{"enum": names}, {"type": ["string", "null"], "pattern": TEXT}]}
