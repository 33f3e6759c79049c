"""One version of an open document: its tree, what it comes to, and what may stand in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic, SourceText
from archc.language_server.bodies import Blocks
from archc.language_server.guide import Guide
from archc.language_server.outcome import Outcome, outcome
from archc.language_server.places import Places
from archc.schema import schema_of_blocks, schema_of_spec, schema_of_the_language
from archc.schema.own import blocks_of
from archc.source import Mapping, Node, compose
from archc.spec import Assembled, BlockDocument, Library, load_family

Kind = Literal["spec", "library", "other"]

_SPEC_KEYS = re.compile(r"^(input|extends|stem|learner|task):", re.M)
_LIBRARY_KEYS = re.compile(r"^(define):", re.M)


def kind_of(text: str) -> Kind:
    """Whether a YAML text is a spec, a library, or none of archc's."""
    if _SPEC_KEYS.search(text):
        return "spec"
    return "library" if _LIBRARY_KEYS.search(text) else "other"


@dataclass(frozen=True)
class Document:
    """A document as it is in the editor, with the copy that the compiler reads.

    `search` are folders where libraries may lie; `real` leads from a text to its file.
    """

    path: Path
    text: str
    kind: Kind
    copy: Path
    search: tuple[Path, ...]
    real: Callable[[SourceText], Path] = field(repr=False)

    @cached_property
    def tree(self) -> Node | None:
        """The located tree; None where the text is no YAML."""
        try:
            return compose(SourceText(str(self.path), self.text))
        except CompileError:
            return None

    @cached_property
    def mapping(self) -> Mapping | None:
        return self.tree if isinstance(self.tree, Mapping) else None

    @cached_property
    def spec(self) -> Spec | None:
        """The spec, or one that does nothing but use the library; None where it can't be read."""
        return self._loaded if isinstance(self._loaded, Spec) else None

    @cached_property
    def _loaded(self) -> Spec | CompileError:
        try:
            family = load_family(str(self.copy), self.search)
        except CompileError as error:
            return error
        return Spec(family, None, (), self.search)

    @cached_property
    def outcome(self) -> Outcome:
        """What it comes to, at its first variant."""
        loaded = self._loaded
        if isinstance(loaded, CompileError):
            return Outcome(None, loaded.diagnostics)
        return outcome(loaded)

    def problems(self) -> tuple[Diagnostic, ...]:
        """What is wrong with it, at any of its variants."""
        found: dict[Diagnostic, None] = dict.fromkeys(self.outcome.diagnostics)
        spec = self.spec
        if spec is not None and not found:
            for variant in spec.variants[1:]:
                note = f"at the variant `{variant}`"
                for each in outcome(spec.at(variant)).diagnostics:
                    found.setdefault(replace(each, notes=(*each.notes, note)))
        return tuple(found)

    @cached_property
    def assembled(self) -> Assembled | None:
        """Its files put together, for which no network is worked out; None where one is wrong."""
        try:
            return None if self.spec is None else self.spec.assembled
        except CompileError:
            return None

    @cached_property
    def library(self) -> Library | None:
        """The library that the document is."""
        if self.kind != "library" or self.assembled is None:
            return None
        return next(iter(self.assembled.libraries), None)

    @cached_property
    def blocks(self) -> dict[str, BlockDocument]:
        """The blocks that are verbs in it."""
        if self.library is not None:
            return blocks_of(self.library.uses, self.library.document.define)
        if self.assembled is None:
            return {}
        return blocks_of(self.assembled.libraries, self.assembled.document.define)

    @cached_property
    def inputs_of_blocks(self) -> Blocks:
        return {name: frozenset(block.inputs) for name, block in self.blocks.items()}

    @cached_property
    def guide(self) -> Guide:
        """What may stand in it."""
        if self.library is not None:
            return Guide(schema_of_blocks(self.blocks))
        if self.assembled is None:
            return Guide(schema_of_the_language())
        return Guide(schema_of_spec(self.assembled))

    @cached_property
    def places(self) -> Places | None:
        """Where its steps, and those of its libraries, became parts of the network."""
        graph = self.outcome.graph
        return None if graph is None else Places(graph, self.real)

    @cached_property
    def whole(self) -> Mapping | None:
        """The tree with what it extends."""
        if self.kind == "spec" and self.assembled is not None:
            return self.assembled.document.origin
        return self.mapping
