"""Documents from located nodes, and pydantic's errors as located diagnostics."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar, get_args

from pydantic import ValidationError

from archc.diagnostics import (
    ENOUGH,
    CompileError,
    Diagnostic,
    Span,
    close_matches,
    one_of,
    renaming,
)
from archc.source import Mapping, Node, Scalar, Sequence
from archc.spec.documents import ORIGIN, Document
from archc.spec.fields import describe

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

DocumentType = TypeVar("DocumentType", bound=Document)


def validate(model: type[DocumentType], node: Node) -> DocumentType:
    """The node as a document. Raises `CompileError` with all that is wrong with its shape."""
    try:
        return model.model_validate(node)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise CompileError(
            _diagnostic(model, node, detail)
            for detail in found[:ENOUGH]
            if not _is_meant(detail, found)
        ) from None


def _is_meant(detail: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Whether a missing key is one that an unknown key beside it misspells: one mistake."""
    *place, name = detail["loc"]
    return detail["type"] == "missing" and any(
        other["type"] == "extra_forbidden"
        and list(other["loc"][:-1]) == place
        and close_matches(str(other["loc"][-1]), [str(name)])
        for other in found[:ENOUGH]
    )


def _diagnostic(model: type[Document], root: Node, detail: ErrorDetails) -> Diagnostic:
    node, key_span, owner = _walk(root, detail["loc"])
    kind = detail["type"]
    location = detail["loc"]
    if kind == "extra_forbidden":
        unknown = str(location[-1])
        keys = _keys(model, location[:-1])
        return Diagnostic(
            "unknown-key",
            f"unknown key `{unknown}`",
            key_span or node.span,
            helps=(one_of(unknown, keys, "keys here"),),
            fix=renaming(key_span, unknown, keys, owner.entries)
            if isinstance(owner, Mapping)
            else None,
        )
    if kind == "missing":
        return Diagnostic("missing-key", f"missing key `{location[-1]}`", _opening(owner))
    if kind == "bad_name":
        key = detail.get("ctx", {}).get("key")
        span = node.entries[key].key_span if key and isinstance(node, Mapping) else node.span
        return Diagnostic("bad-name", detail["msg"], span)
    if kind == "literal_error":
        return _no_such_word(node, detail.get("ctx", {}).get("expected", ""))
    return Diagnostic("wrong-type", f"{detail['msg']}, found {describe(node)}", node.span)


def _no_such_word(node: Node, expected: str) -> Diagnostic:
    """A text that is none of those that pydantic lists in quotes."""
    words = re.findall(r"'([^']+)'", expected)
    found = node.text if isinstance(node, Scalar) else ""
    shown = expected.replace("'", "`")
    helps = (one_of(found, words),) if close_matches(found, words) else ()
    message = f"expected {shown}, found {describe(node)}"
    fix = renaming(node.span, found, words)
    return Diagnostic("wrong-type", message, node.span, helps=helps, fix=fix)


def _walk(root: Node, location: tuple[int | str, ...]) -> tuple[Node, Span | None, Node]:
    """The node at a location, the span of its key, and the node that holds it."""
    node, owner, key_span = root, root, None
    for segment in location:
        if isinstance(node, Mapping) and segment in node.entries:
            entry = node.entries[str(segment)]
            node, owner, key_span = entry.value, node, entry.key_span
        elif isinstance(node, Sequence) and isinstance(segment, int):
            node, owner, key_span = node.items[segment], node, None
        else:
            owner = node
    return node, key_span, owner


def _keys(model: type[Document], location: tuple[int | str, ...]) -> list[str]:
    """The keys of the document that stands at a location inside `model`."""
    for segment in location:
        field = model.model_fields.get(str(segment))
        if field is not None:
            nested = _documents_in(field.annotation)
            model = nested[0] if nested else model
    return [name for name, field in model.model_fields.items() if field.alias != ORIGIN]


def _documents_in(annotation: object) -> list[type[Document]]:
    if isinstance(annotation, type) and issubclass(annotation, Document):
        return [annotation]
    return [found for part in get_args(annotation) for found in _documents_in(part)]


def _opening(node: Node) -> Span:
    """The first character of a node: where something is missing there is nothing to underline."""
    return Span(node.span.source, node.span.start, node.span.start + 1)
