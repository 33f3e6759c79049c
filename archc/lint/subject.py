"""What is looked at: a spec with its network, and which places a warning may point at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from archc.api import Spec
from archc.diagnostics import Diagnostic, SourceText, Span
from archc.elaborate import Recorded
from archc.graph import Graph, Node
from archc.resources import specs_folder
from archc.spec import Library


@dataclass(frozen=True)
class Subject:
    """A valid spec at one variant, and the record of its elaboration."""

    spec: Spec
    recorded: Recorded

    @property
    def graph(self) -> Graph:
        return self.recorded.graph

    @cached_property
    def main(self) -> SourceText:
        """The text of the spec itself, without what it extends."""
        family = self.spec.family
        return next(source for source, place in family.places.items() if place == family.place)

    @cached_property
    def libraries(self) -> tuple[Library, ...]:
        """The libraries that the spec uses, without those that ship with archc."""
        shipped = specs_folder() / "blocks"
        found: dict[int, Library] = {}
        waiting = list(self.spec.assembled.libraries)
        while waiting:
            library = waiting.pop()
            if id(library) not in found:
                found[id(library)] = library
                waiting += library.uses
        return tuple(
            library for library in found.values() if not library.place.path.is_relative_to(shipped)
        )

    @cached_property
    def _own(self) -> frozenset[SourceText]:
        written = {library.document.origin.span.source for library in self.libraries}
        return frozenset(written | self.spec.family.places.keys())

    def is_own(self, span: Span) -> bool:
        """Whether a place is in the spec's own files, not in a library that ships with archc."""
        return span.source in self._own

    def warn(self, code: str, message: str, node: Node, *helps: str) -> Diagnostic | None:
        """A warning of a node: at its step, or at the call that leads to it from an own file."""
        span = next(filter(self.is_own, _spans(node)), None)
        if span is None:
            return None
        return Diagnostic(
            code, message, span, trail=node.instance.trail, helps=helps, severity="warning"
        )


def _spans(node: Node) -> Iterator[Span]:
    yield node.span
    instance = node.instance
    while instance.parent is not None:
        if instance.span is not None:
            yield instance.span
        instance = instance.parent
