"""The schema as a file: made in a checkout, shipped with the package."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from archc.diagnostics.printable import json_text
from archc.schema.values import Schema

PATH = Path(__file__).with_name("archc.schema.json")


def as_text(schema: Schema) -> str:
    """A schema as it is printed and kept."""
    return json_text(schema, indent=1) + "\n"


@cache
def _text() -> str:
    return PATH.read_text(encoding="utf-8")


def schema_of_the_language() -> Schema:
    """The schema of all specs and libraries; a copy, which may be changed."""
    schema: Schema = json.loads(_text())
    return schema
