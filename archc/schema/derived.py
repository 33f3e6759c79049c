"""Documents as JSON Schema straight from their models, where nothing more is known of a key."""

from __future__ import annotations

from types import NoneType
from typing import Annotated, Literal, get_args, get_origin

from archc.schema.layers import closed, sentence
from archc.schema.texts import Texts
from archc.schema.values import ANYTHING, Schema
from archc.spec import Document


def from_model(model: type[Document], texts: Texts) -> Schema:
    """A mapping with the keys of a model, described by the table of the reference that has them."""
    fields = {name: field for name, field in model.model_fields.items() if name != "origin"}
    described = texts.of_keys(frozenset(fields))
    keys: dict[str, Schema] = {}
    for name, field in fields.items():
        text = {"description": sentence(described[name])} if name in described else {}
        keys[name] = from_annotation(field.annotation, texts) | text
    return closed(keys) | {"type": ["object", "null"]}


def from_annotation(annotation: object, texts: Texts) -> Schema:
    """What a field of a model accepts, as far as its annotation says it."""
    if isinstance(annotation, type) and issubclass(annotation, Document):
        return from_model(annotation, texts)
    inner = get_args(annotation)
    if get_origin(annotation) is Literal:
        return {"enum": [*inner, None]}
    if get_origin(annotation) is Annotated:
        return from_annotation(inner[0], texts)
    options = [each for each in inner if each is not NoneType]
    return from_annotation(options[0], texts) if len(options) == 1 else ANYTHING
