"""A text in the canonical layout, checked to mean what it did."""

from __future__ import annotations

import re

from archc.diagnostics import SourceText
from archc.format.layout import laid_out
from archc.format.places import put_in_order
from archc.format.read import read
from archc.source import Mapping, Node, Scalar, Sequence, compose
from archc.source.characters import BYTE_ORDER_MARK


def formatted(source: SourceText) -> str:
    """The text of a spec or library in the canonical layout, with all of its comments.

    What is done twice is done once: the result is left as it is. Raises `CompileError` where the
    text is no YAML of the language; a spec that is wrong in other ways is laid out all the same.
    """
    before = compose(source)
    text = re.sub(r"\r\n?", "\n", source.text.removeprefix(BYTE_ORDER_MARK))
    document = read(text)
    put_in_order(document)
    result = laid_out(document)
    if not _mean_the_same(before, compose(SourceText(source.path, result))):
        raise RuntimeError(f"the layout of {source.path} would change what it means")
    return result


def _mean_the_same(first: Node, second: Node) -> bool:
    """Whether two trees hold the same values, keys of mappings in any order."""
    match first, second:
        case Scalar(), Scalar():
            # A value that is no number is not equal to itself.
            return repr(first.value) == repr(second.value)
        case Sequence(), Sequence():
            pairs = zip(first.items, second.items, strict=False)
            return len(first.items) == len(second.items) and all(
                _mean_the_same(one, other) for one, other in pairs
            )
        case Mapping(), Mapping():
            return first.entries.keys() == second.entries.keys() and all(
                _mean_the_same(entry.value, second.entries[key].value)
                for key, entry in first.entries.items()
            )
    return False
