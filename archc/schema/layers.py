"""Layers as JSON Schema: what may stand behind each verb, from the vocabulary itself."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import PlainValidator

from archc.layers import ACTIVATIONS, LAYERS, NORMS, ROLES, Verb, spelled
from archc.schema.attributes import attribute_text
from archc.schema.texts import Texts
from archc.schema.values import Schema, named, phrase, types, validator_of, value

ROLE_KINDS = {"norm": (*NORMS, "none"), "activation": ACTIVATIONS}
"""The kinds that each role may have."""

_KINDS_OF_ROLES = {"norm": NORMS, "activation": tuple(k for k in ACTIVATIONS if k != "linear")}
_ROLE_TEXT = "A layer whose kind is a value; without it the kind is that of `defaults`, else {kind}"


def payloads(texts: Texts) -> dict[str, Schema]:
    """What may stand behind each layer and each role."""
    layers = {verb.name: _payload(verb, texts.verbs[verb.name]) for verb in LAYERS.values()}
    return layers | {role: _role(role) for role in ROLES}


def defaults(texts: Texts) -> Schema:
    """The table of `defaults`: attributes of layers, and the kinds of roles."""
    entries: Schema = {verb: {"$ref": f"#/definitions/{verb}"} for verb in LAYERS}
    entries |= {role: _table(role, {"kind": _kind(role)}) for role in ROLES}
    return closed(entries) | {
        "type": ["object", "null"],
        "description": sentence(texts.spec["defaults"]),
    }


def closed(properties: Mapping[str, object]) -> Schema:
    """A mapping that has these keys and no others."""
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _payload(verb: Verb, text: str) -> Schema:
    """A mapping of attributes, or the value of the main one; each keyword speaks of one of them."""
    table = closed({name: _attribute(verb, name) for name in verb.attributes})
    described = table | {"description": sentence(text)}
    if verb.main is None:
        return described | {"type": ["object", "null"]}
    main = value(_validator(verb, verb.main))
    return main | described | {"type": ["object", *types(main)]}


def _attribute(verb: Verb, name: str) -> Schema:
    field = verb.layer.model_fields[name]
    validator = _validator(verb, name)
    default = "must be given" if field.is_required() else f"{_default(field.default)} without it"
    text = f"{attribute_text(verb.name, name)}: {phrase(validator)}; {default}."
    return value(validator) | {"description": text}


def _default(default: object) -> str:
    return "none" if default is None else spelled(default)


def _validator(verb: Verb, name: str) -> PlainValidator:
    return validator_of(verb.layer.model_fields[name])


def _role(role: str) -> Schema:
    attributes = {
        name: _attribute(LAYERS[kind], name)
        for kind in _KINDS_OF_ROLES[role]
        for name in LAYERS[kind].attributes
    }
    return _table(role, {"kind": _kind(role), **attributes})


def _kind(role: str) -> Schema:
    text = attribute_text(role, "kind")
    return named(list(ROLE_KINDS[role])) | {"description": f"{text}."}


def _table(role: str, attributes: Schema) -> Schema:
    kinds = _kind(role)["anyOf"]
    assert isinstance(kinds, list)
    text = _ROLE_TEXT.format(kind=f"`{ROLES[role]}`")
    return {"anyOf": [closed(attributes), *kinds], "description": f"{text}."}


def sentence(text: str) -> str:
    """A phrase of the reference as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."
