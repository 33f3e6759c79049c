"""Field types of the documents: located nodes in, texts, lists and mappings of nodes out."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import any_schema

from archc.diagnostics import strange_letter
from archc.source import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core.core_schema import AnySchema

RESERVED = frozenset({"input", "here", "group", "block", "learner", "row", "repeat", "variant"})
"""Names that expressions give a meaning of their own: no arg, input or block may take them."""

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
ID = re.compile(r"[A-Za-z0-9_]{1,100}")
VARIANT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")
SPEC_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,99}")


def expected(what: str) -> PydanticCustomError:
    """The error for a node of the wrong kind; the report adds what was found."""
    return PydanticCustomError("expected", "{what}", {"what": f"expected {what}"})


def describe(node: Node) -> str:
    """A node as a diagnostic says it was found: "the text `abc`", "a list", "64.5"."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, str):
        shown = node.text if len(node.text) <= 40 else node.text[:39] + "…"
        return f"the text `{shown}`"
    return node.text


def open_mapping(node: object) -> dict[str, Node]:
    if isinstance(node, Scalar) and node.value is None:
        return {}
    if not isinstance(node, Mapping):
        raise expected("a mapping")
    return {key: entry.value for key, entry in node.entries.items()}


def open_named(node: object) -> dict[str, Node]:
    """A mapping whose keys are identifiers that expressions can use."""
    entries = open_mapping(node)
    for key in entries:
        problem = identifier_problem(key)
        if problem:
            raise PydanticCustomError("bad_name", "{problem}", {"problem": problem, "key": key})
    return entries


def identifier_problem(name: str) -> str:
    """Why `name` can't name an arg, an input or a block; empty where it can."""
    if not IDENTIFIER.fullmatch(name):
        expected_name = "expected a name of at most 100 letters, digits and `_`, no digit first"
        return f"{expected_name}, found {_shown(name)}"
    if keyword.iskeyword(name) or name in RESERVED:
        return f"`{name}` has a meaning of its own in expressions and can't be a name here"
    return ""


def id_problem(name: str) -> str:
    """Why `name` can't be the id of a step, an output or a path; empty where it can."""
    if ID.fullmatch(name):
        return ""
    return f"expected an id of at most 100 letters, digits and `_`, found {_shown(name)}"


def _shown(name: str) -> str:
    shown = name if len(name) <= 60 else f"{name[:60]}…"
    return f"`{shown}`{strange_letter(name)}"


def open_list(node: object) -> list[Node]:
    if isinstance(node, Scalar) and node.value is None:
        return []
    if not isinstance(node, Sequence):
        raise expected("a list")
    return list(node.items)


def open_text(node: object) -> str:
    if not isinstance(node, Scalar) or node.value is None:
        raise expected("text")
    return node.text


def open_identifier(node: object) -> str:
    text = open_text(node)
    problem = identifier_problem(text)
    if problem:
        raise PydanticCustomError("bad_name", "{problem}", {"problem": problem})
    return text


def open_tag(node: object) -> str:
    """An id that a list of outputs names; unlike an identifier it may start with a digit."""
    text = open_text(node)
    problem = id_problem(text)
    if problem:
        raise PydanticCustomError("bad_name", "{problem}", {"problem": problem})
    return text


def open_variants(node: object) -> dict[str, Node]:
    """A mapping whose keys name variants: what a file's name may hold."""
    entries = open_mapping(node)
    for key in entries:
        if not VARIANT.fullmatch(key):
            what = "expected a variant's name of letters, digits, `_`, `-` and `.`"
            problem = f"{what}, found {_shown(key)}"
            raise PydanticCustomError("bad_name", "{problem}", {"problem": problem, "key": key})
    return entries


class AsItStands:
    """The mark of a node that is taken as it stands.

    pydantic's own `SkipValidation` makes a schema of all nodes to write them with, for each field.
    """

    @staticmethod
    def __get_pydantic_core_schema__(_source: object, _handler: GetCoreSchemaHandler) -> AnySchema:
        return any_schema()


Located = Annotated[Node, AsItStands]
Text = Annotated[str, BeforeValidator(open_text)]
Identifier = Annotated[str, BeforeValidator(open_identifier)]
Tag = Annotated[str, BeforeValidator(open_tag)]
Tags = Annotated[list[Tag], BeforeValidator(open_list)]
Identifiers = Annotated[list[Identifier], BeforeValidator(open_list)]
Nodes = Annotated[list[Located], BeforeValidator(open_list)]
Table = Annotated[dict[str, Located], BeforeValidator(open_mapping)]
NamedTable = Annotated[dict[str, Located], BeforeValidator(open_named)]
Variants = Annotated[dict[str, Table], BeforeValidator(open_variants)]
Texts = Annotated[dict[str, Text], BeforeValidator(open_mapping)]
StrideBlock = Annotated[Literal["first_block", "last_block"], BeforeValidator(open_text)]
PixelMode = Annotated[Literal["none", "tf", "torch", "caffe"], BeforeValidator(open_text)]
CropKind = Annotated[Literal["center", "none"], BeforeValidator(open_text)]
InterpolationKind = Annotated[
    Literal["nearest", "bilinear", "bicubic", "lanczos"], BeforeValidator(open_text)
]
