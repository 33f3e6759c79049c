"""Writes the schema of the language anew, from the tables of the compiler and the reference."""

from __future__ import annotations

from archc.resources import errors_folder
from archc.schema.document import document
from archc.schema.file import PATH, as_text
from archc.schema.texts import read_texts

if __name__ == "__main__":
    texts = read_texts(errors_folder().parent / "language.md")
    PATH.write_text(as_text(document(texts)), encoding="utf-8")
