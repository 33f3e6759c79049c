"""The JSON Schema as a guide: what may stand somewhere in a document, and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archc.diagnostics.markdown import prose
from archc.language_server.cursor import Path
from archc.schema.values import Schema


class Guide:
    """Answers from a schema: that of the language, or that of one spec.

    What something means is told in Markdown, whatever a spec says of its own blocks.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema: Any = schema

    def keys(self, path: Path) -> dict[str, str]:
        """The keys that a mapping at `path` may have, and what each means."""
        found: dict[str, str] = {}
        for schema in self._at(path):
            for key, entry in schema.get("properties", {}).items():
                found.setdefault(key, self._text(entry))
        return found

    def words(self, path: Path) -> dict[str, str]:
        """The words that may stand at `path`, and what each means."""
        found: dict[str, str] = {}
        for schema in self._at(path):
            for word in (*schema.get("enum", ()), *self._booleans(schema)):
                if isinstance(word, str):
                    found.setdefault(word, "")
            if isinstance(schema.get("const"), str):
                found[schema["const"]] = prose(schema.get("description", ""))
        return found

    def text(self, path: Path) -> str:
        """What the key at the end of `path` means; empty for one that has no meaning of its own."""
        return next((text for text in map(self._text, self._entries(path)) if text), "")

    def _booleans(self, schema: Any) -> tuple[str, ...]:
        return ("true", "false") if "boolean" in schema.get("type", ()) else ()

    def _text(self, schema: Any) -> str:
        """The description of a schema, or of what it refers to."""
        found = (each.get("description", "") for each in self._alternatives(schema))
        return prose(next((text for text in found if text), ""))

    def _at(self, path: Path) -> Iterator[Any]:
        for schema in self._entries(path):
            yield from self._alternatives(schema)

    def _entries(self, path: Path) -> list[Any]:
        """The schemas that speak of what is at `path`."""
        schemas = [self._schema]
        for segment in path:
            inner = [each for schema in schemas for each in self._alternatives(schema)]
            schemas = [s for s in (_below(schema, segment) for schema in inner) if s is not None]
        return schemas

    def _alternatives(self, schema: Any) -> Iterator[Any]:
        """A schema and those that it chooses from, references followed."""
        yield schema
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/definitions/")
            yield from self._alternatives(self._schema["definitions"][name])
        for each in schema.get("anyOf", ()):
            yield from self._alternatives(each)


def _below(schema: Any, segment: str | int) -> Any:
    if isinstance(segment, int):
        return schema.get("items")
    properties = schema.get("properties", {})
    if segment in properties:
        return properties[segment]
    others = schema.get("additionalProperties")
    return others if isinstance(others, dict) else None
