"""The language as JSON Schema, for editors: of all specs, or of one with its own blocks and args.

The schema of all specs ships as `archc.schema.json`. It is made from the tables that the compiler
uses and the texts of docs/language.md: `python -m archc.schema` writes it anew.
"""

from archc.schema.file import schema_of_the_language
from archc.schema.own import schema_of_blocks, schema_of_spec

__all__ = ["schema_of_blocks", "schema_of_spec", "schema_of_the_language"]
