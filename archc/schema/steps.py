"""Steps as JSON Schema: a word, or a mapping of one verb and the modifiers beside it."""

from __future__ import annotations

from collections.abc import Iterable

from archc.layers import LAYERS, MERGES, ROLES
from archc.schema.layers import closed, sentence
from archc.schema.texts import Texts
from archc.schema.values import EXPRESSION, TEXT, Schema, in_list
from archc.spec import GroupsDocument, StridePolicyDocument
from archc.spec.fields import ID

MODIFIERS = ("id", "from", "when", "repeat")
STEP: Schema = {"$ref": "#/definitions/step"}
STEPS: Schema = {"$ref": "#/definitions/steps"}
SCALAR = ["string", "number", "boolean"]
"""The types of what YAML reads where a text stands: `id: 0` is the id "0"."""

_ID = rf"^{ID.pattern}$|^$|{TEXT}"
_IDENTIFIER: Schema = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
"""A word that is in no table may be a block."""

_COUNT: Schema = {"type": ["integer", "string"], "minimum": 0, "pattern": EXPRESSION}
_STRIDE: Schema = {"$ref": "#/definitions/stride"}
_NAME: Schema = {"type": "string", "anyOf": [{"$ref": "#/definitions/callee"}, {"pattern": TEXT}]}


def definitions(texts: Texts) -> dict[str, Schema]:
    """Steps and what they are made of, but for what stands behind layers and roles."""
    found: dict[str, Schema] = {
        "step": {"anyOf": [{"$ref": "#/definitions/verb"}, {"$ref": "#/definitions/word"}]},
        "steps": {"type": ["array", "null"], "items": STEP},
        "word": _one_of([*LAYERS, *ROLES, "linear"], texts.verbs, "A step of one word."),
        "callee": _one_of(LAYERS, texts.verbs, "A block, or a layer."),
        "verb": _mapping(texts),
        "path": {"anyOf": [{"type": "array", "items": STEP}, STEP]},
        "stride": _stride(),
        "groups": groups(texts) | {"description": "Runs blocks in groups."},
        "row": _row(texts),
        "choice": _choice(),
    }
    return found | {merge: _merge(texts.verbs[merge]) for merge in MERGES}


def _one_of(verbs: Iterable[str], described: dict[str, str], text: str) -> Schema:
    # Editors take alternatives without a description of their own for one and the same.
    named = [word(verb, described.get(verb, "")) for verb in verbs]
    return {"type": "string", "anyOf": [*named, _IDENTIFIER], "description": text}


def word(verb: str, text: str) -> Schema:
    """One word, with what it means."""
    return {"const": verb, "description": sentence(text)} if text else {"const": verb}


def alone(verb: str) -> Schema:
    """Beside a verb stand modifiers, and nothing else."""
    return {"propertyNames": {"enum": [verb, *MODIFIERS]}}


def _mapping(texts: Texts) -> Schema:
    verbs: Schema = {verb: {"$ref": f"#/definitions/{verb}"} for verb in _verbs()}
    about = texts.modifiers
    verbs["steps"] = {**STEPS, "type": "array", "description": about["steps"]}
    verbs["linear"] = {"type": "null", "description": "No layer: what comes in goes on."}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {**verbs, **_modifiers(about)},
        "dependencies": {verb: alone(verb) for verb in verbs},
    }


def _verbs() -> Iterable[str]:
    return (*LAYERS, *ROLES, *MERGES, "groups")


def _modifiers(about: dict[str, str]) -> Schema:
    given: dict[str, Schema] = {
        "id": {"type": SCALAR, "pattern": _ID, "minimum": 0},
        "from": {"type": SCALAR},
        "when": {"type": ["boolean", "number", "string", "null"], "pattern": EXPRESSION},
        "repeat": _COUNT,
    }
    return {key: schema | {"description": about[key]} for key, schema in given.items()}


def _merge(text: str) -> Schema:
    return {
        "type": "object",
        "minProperties": 2,
        "propertyNames": {"pattern": f"^{ID.pattern}$"},
        "additionalProperties": {"$ref": "#/definitions/path"},
        "description": sentence(f"joins named paths: {text}"),
    }


def groups(texts: Texts) -> Schema:
    """A `groups` step, or the learner: what is no key of it is an arg of its blocks."""
    computed: Schema = {"type": ["integer", "string", "null", "array"], "pattern": EXPRESSION}
    given: dict[str, Schema] = {
        "block": {"$ref": "#/definitions/choice"},
        "blocks": computed | {"minimum": 1, "items": in_list({"type": "integer", "minimum": 1})},
        "stride_policy": _policy(texts),
        "scaling": {"type": ["object", "null"]},
        "before": STEPS,
        "after": STEPS,
        "id": {"type": [*SCALAR, "null"], "pattern": _ID},
        "groups": {
            "type": ["array", "string", "null"],
            "minItems": 1,
            "items": {"$ref": "#/definitions/row"},
            "pattern": EXPRESSION,
        },
    }
    assert given.keys() == GroupsDocument.model_fields.keys() - {"origin"}
    described = {
        key: value | {"description": sentence(texts.groups[key])} for key, value in given.items()
    }
    return {
        "type": "object",
        "properties": described,
        "propertyNames": {"not": {"const": "stride"}},
    }


def _row(texts: Texts) -> Schema:
    text = "The stride of the group, instead of that of `stride_policy`."
    return {
        "type": "object",
        "properties": {
            "block": {
                "$ref": "#/definitions/choice",
                "description": sentence(texts.groups["block"]),
            },
            "blocks": {**_COUNT, "minimum": 1, "description": sentence(texts.groups["blocks"])},
            "stride": {"anyOf": [_STRIDE, {"type": "null"}], "description": text},
        },
    }


def _choice() -> Schema:
    parts = {
        "first": "The first block of each group.",
        "rest": "The blocks that are neither first nor last; must be there.",
        "last": "The last block of each group.",
    }
    table = closed({key: {**_NAME, "description": text} for key, text in parts.items()})
    return {"anyOf": [_NAME, table, {"type": "null"}]}


def _stride() -> Schema:
    each = in_list({"type": "integer", "minimum": 1})
    return {
        "type": ["integer", "array", "string"],
        "minimum": 1,
        "items": each,
        "minItems": 1,
        "pattern": EXPRESSION,
    }


def _policy(texts: Texts) -> Schema:
    each: Schema = {"anyOf": [_STRIDE, {"type": "null"}]}
    strides: Schema = {"anyOf": [_STRIDE, {"type": "array", "items": _STRIDE}, {"type": "null"}]}
    given: dict[str, Schema] = {
        "first_group": each,
        "other_groups": each,
        "strides": strides,
        "on": {"enum": ["first_block", "last_block", None]},
        "output_stride": {**_COUNT, "type": ["integer", "string", "null"], "minimum": 1},
    }
    assert given.keys() == StridePolicyDocument.model_fields.keys() - {"origin"}
    table = {
        key: value | {"description": sentence(texts.policy[key])} for key, value in given.items()
    }
    return {"anyOf": [strides, closed(table)]}
