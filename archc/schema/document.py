"""Specs and libraries as JSON Schema."""

from __future__ import annotations

import keyword

from archc.schema.derived import from_annotation
from archc.schema.layers import closed, defaults, payloads, sentence
from archc.schema.steps import SCALAR, STEPS, definitions, groups
from archc.schema.texts import Texts
from archc.schema.values import ANYTHING, EXPRESSION, Schema, in_list
from archc.spec import BlockDocument, ExpectDocument, LibraryDocument, SpecDocument
from archc.spec.fields import ID, IDENTIFIER, RESERVED, VARIANT

_TAKEN = "|".join(sorted({*RESERVED, *keyword.kwlist}))
_IDENTIFIER = rf"^(?!(?:{_TAKEN})$){IDENTIFIER.pattern}$"
_TEXT: Schema = {"type": [*SCALAR, "null"]}
_BOUNDS = {
    "below": "It is less than this.",
    "at_most": "It is this or less.",
    "above": "It is more than this.",
    "at_least": "It is this or more.",
}


def document(texts: Texts) -> Schema:
    """The schema of all that archc reads: a spec, or a library of blocks."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "archc",
        "description": "A neural network, or a family of them, or a library of their blocks.",
        **closed(_keys(texts)),
        "allOf": [_whole_spec(), _whole_blocks()],
        "definitions": payloads(texts)
        | definitions(texts)
        | {"block": _block(texts), "expect": _expect(texts), "shape": _shape()},
    }


def _keys(texts: Texts) -> dict[str, object]:
    learner: Schema = {"anyOf": [groups(texts), STEPS]}
    given: dict[str, Schema] = {
        "name": _TEXT,
        "about": _TEXT,
        "extends": {"type": ["string", "null"]},
        "use": {"type": ["array", "null"], "items": {"type": "string"}},
        "args": _named(ANYTHING),
        "variants": _variants(),
        "defaults": defaults(texts),
        "input": _inputs(),
        "define": _named({"$ref": "#/definitions/block"}),
        "stem": STEPS,
        "learner": learner,
        "task": STEPS,
        "outputs": _ids(),
        "expect": {"$ref": "#/definitions/expect"},
        "weights": _weights(),
    }
    models = LibraryDocument.model_fields | SpecDocument.model_fields
    assert given.keys() < models.keys()
    derived = {
        key: from_annotation(field.annotation, texts)
        for key, field in models.items()
        if key not in given and key != "origin"
    }
    return {
        key: schema | {"description": sentence(texts.spec[key])}
        for key, schema in (given | derived).items()
    }


def _named(entry: Schema) -> Schema:
    """A mapping whose keys are names that expressions can use."""
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": _IDENTIFIER},
        "additionalProperties": entry,
    }


def _variants() -> Schema:
    expect: Schema = {"expect": {"$ref": "#/definitions/expect"}}
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": f"^{VARIANT.pattern}$"},
        "additionalProperties": {"type": ["object", "null"], "properties": expect},
    }


def _shape() -> Schema:
    return {
        "type": ["array", "string"],
        "items": in_list({"type": "integer", "minimum": 1}),
        "minItems": 1,
        "maxItems": 4,
        "pattern": EXPRESSION,
    }


def _inputs() -> Schema:
    shape: Schema = {"$ref": "#/definitions/shape"}
    several = _named(shape) | {"type": "object", "minProperties": 1}
    return {"anyOf": [shape, several, {"type": "null"}]}


def _ids() -> Schema:
    return {"type": ["array", "null"], "items": {"type": SCALAR, "pattern": f"^{ID.pattern}$"}}


def _weights() -> Schema:
    rules: Schema = {"type": ["object", "null"], "additionalProperties": {"type": SCALAR}}
    return {"type": ["object", "null"], "additionalProperties": rules}


def _block(texts: Texts) -> Schema:
    name: Schema = {"type": "string", "pattern": _IDENTIFIER}
    given: dict[str, Schema] = {
        "about": _TEXT,
        "inputs": {"type": ["array", "null"], "items": name},
        "outputs": _ids(),
        "args": _named(ANYTHING),
        "steps": STEPS,
    }
    assert given.keys() == BlockDocument.model_fields.keys() - {"origin"}
    described = {
        key: schema | {"description": sentence(texts.block[key])} for key, schema in given.items()
    }
    return closed(described) | {"type": ["object", "null"]}


def _expect(texts: Texts) -> Schema:
    number: Schema = {"type": ["number", "string"]}
    bounds = closed({key: number | {"description": text} for key, text in _BOUNDS.items()})
    quantity = bounds | {"type": ["number", "string", "object", "null"], "minProperties": 1}
    shape: Schema = {"type": ["array", "null"], "items": {"type": ["integer", "array"]}}
    table = {
        key: (shape if key == "output" else quantity) | {"description": sentence(texts.expect[key])}
        for key in ExpectDocument.model_fields
        if key != "origin"
    }
    return closed(table) | {"type": ["object", "null"]}


def _whole_spec() -> Schema:
    """A spec has an input, unless it extends another; a library needs nothing."""
    own = SpecDocument.model_fields.keys() - LibraryDocument.model_fields.keys() - {"extends"}
    spec: Schema = {"anyOf": [{"required": [key]} for key in sorted(own - {"origin"})]}
    return {
        "if": {"allOf": [spec, {"not": {"required": ["extends"]}}]},
        "then": {"required": ["input"]},
    }


def _whole_blocks() -> Schema:
    """A block has steps, unless it may be laid over that of another spec."""
    whole: Schema = {"type": "object", "required": ["steps"]}
    return {
        "if": {"not": {"required": ["extends"]}},
        "then": {"properties": {"define": {"additionalProperties": whole}}},
    }
