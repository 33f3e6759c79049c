"""How the layers of a graph are called in a weight file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archc.elaborate import renamed
from archc.weights.weight_file import WeightFile

ARCHC = "archc"
"""The source whose names and layouts are archc's own."""

KERAS = "keras"

_NUMBER = "#"
_MARK = "\N{SYMBOL FOR UNIT SEPARATOR}"


@dataclass(frozen=True, slots=True)
class Naming:
    """The spec's rules for a source: a regular expression and its replacement each, in order."""

    source: str
    rules: tuple[tuple[str, str], ...] = ()

    def names(self, nodes: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Each node → its name in the file; and those that have a number there → their word.

        Raises `CompileError` (`bad-pattern`) where a rule fails.
        """
        nodes = list(nodes)
        found = renamed(nodes, self.rules)
        if not any(_NUMBER in replacement for _, replacement in self.rules):
            return found, {}
        marked = [(pattern, new.replace(_NUMBER, _MARK)) for pattern, new in self.rules]
        words = renamed(nodes, marked)
        ends = {node: word.removesuffix(_MARK) for node, word in words.items() if _MARK in word}
        return found, {node: word for node, word in ends.items() if _MARK not in word}

    def of_keras(self, file: WeightFile) -> bool:
        """Whether the file has Keras's layouts. A safetensors file has those of its source."""
        if file.format == "safetensors":
            return self.source in (ARCHC, KERAS)
        return file.format == "keras"
