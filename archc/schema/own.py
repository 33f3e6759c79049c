"""The schema of one spec: its blocks are verbs with their args, its args those of its variants."""

from __future__ import annotations

from typing import Any

from archc.schema.file import schema_of_the_language
from archc.schema.steps import alone, word
from archc.schema.values import Schema
from archc.source import Node, Scalar
from archc.spec import Assembled, BlockDocument, Library
from archc.spec.fields import describe


def schema_of_spec(assembled: Assembled) -> Schema:
    """The schema of a spec, in which no verbs are known but its own and those of its libraries."""
    schema: Any = schema_of_blocks(blocks_of(assembled.libraries, assembled.document.define))
    keys = schema["properties"]
    keys["args"]["properties"] = {
        name: {"description": _default(node)} for name, node in assembled.document.args.items()
    }
    variant = keys["variants"]["additionalProperties"]
    variant["properties"] |= keys["args"]["properties"]
    variant["additionalProperties"] = False
    known: Schema = schema
    return known


def schema_of_blocks(blocks: dict[str, BlockDocument]) -> Schema:
    """The schema of a file in which these blocks are verbs, and no others."""
    schema: Any = schema_of_the_language()
    definitions = schema["definitions"]
    for name, block in blocks.items():
        definitions[f"block {name}"] = _call(name, block)
        verb = definitions["verb"]
        verb["properties"][name] = {"$ref": f"#/definitions/block {name}"}
        verb["dependencies"][name] = alone(name)
    _close(schema, blocks)
    known: Schema = schema
    return known


def blocks_of(
    libraries: tuple[Library, ...], define: dict[str, BlockDocument]
) -> dict[str, BlockDocument]:
    """The blocks that a file knows: where two have one name the later wins, its own over all."""
    found: dict[str, BlockDocument] = {}
    for library in libraries:
        found |= blocks_of(library.uses, library.document.define)
    return found | define


def _close(schema: Any, blocks: dict[str, BlockDocument]) -> None:
    """Let no other word be a verb, and name the args that groups may give."""
    definitions = schema["definitions"]
    definitions["verb"]["additionalProperties"] = False
    for words in (definitions["word"]["anyOf"], definitions["callee"]["anyOf"]):
        words[-1:] = [word(name, _about(block)) for name, block in blocks.items()]
    args: Schema = {
        arg: {"description": f"An arg of `{name}`."}
        for name, block in blocks.items()
        for arg in block.args
        if arg != "stride"
    }
    learner = schema["properties"]["learner"]["anyOf"][0]
    for table in (definitions["groups"], definitions["row"], learner):
        table["properties"] = args | table["properties"]


def _call(name: str, block: BlockDocument) -> Schema:
    about = _about(block) or f"A block: its steps stand under `define`, `{name}`."
    args: Schema = {arg: {"description": _default(node)} for arg, node in block.args.items()}
    inputs = {key: {"description": "The id of a step: this input."} for key in block.inputs}
    return {
        "properties": args | inputs,
        "additionalProperties": False,
        "description": about,
    }


def _about(block: BlockDocument) -> str:
    return block.about.text if isinstance(block.about, Scalar) else ""


def _default(node: Node) -> str:
    if isinstance(node, Scalar):
        required = node.value == "required"
        return "Must be given." if required else f"`{node.text or 'null'}` without it."
    return f"{describe(node)} without it."
