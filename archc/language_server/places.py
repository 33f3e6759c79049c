"""Where each step of a text became a part of the network: how often, its shapes and costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archc.analyses.cost import layer_cost
from archc.diagnostics import SourceText, Span
from archc.graph import Graph, Instance
from archc.layers import Input, ShapeError, TensorShape

_SHOWN = frozenset({"component", "group", "block", "steps"})
"""The parts of a network that a step or a key of a spec stands for."""


@dataclass(frozen=True, slots=True)
class Part:
    """A step carried out once: the nodes `[start, stop)` that it made, and the shape it gave."""

    start: int
    stop: int
    shape: TensorShape


class Places:
    """The parts of a network by the place in a file that made them."""

    def __init__(self, graph: Graph, real: Callable[[SourceText], Path]) -> None:
        self._graph = graph
        self._real = real
        self._paths: dict[SourceText, Path] = {}
        self._parts: dict[Path, dict[int, list[Part]]] = defaultdict(lambda: defaultdict(list))
        # A layer with the place of a block is the whole of a group's block.
        self._add_instances(graph.root)
        self._add_nodes()

    def all_in(self, path: Path) -> dict[int, list[Part]]:
        """All parts that a file made, by the offsets of their verbs."""
        return self._parts.get(path, {})

    def costs(self, parts: Iterable[Part]) -> tuple[int, int] | None:
        """Parameters and multiply-adds of some parts; None where one of their layers is wrong."""
        params = macs = 0
        try:
            for part in parts:
                for node in self._graph.nodes[part.start : part.stop]:
                    cost = layer_cost(node.layer, self._graph.input_shapes(node))
                    params, macs = params + cost.params, macs + cost.macs
        except ShapeError:
            return None
        return params, macs

    def _add_nodes(self) -> None:
        for index, node in enumerate(self._graph.nodes):
            if not isinstance(node.layer, Input):
                self._add(node.span, Part(index, index + 1, node.shape))

    def _add_instances(self, root: Instance) -> None:
        for instance in _inside(root):
            output = instance.output
            if instance.kind in _SHOWN and instance.span is not None and output is not None:
                shape = self._graph.nodes[output].shape
                self._add(instance.span, Part(instance.start, instance.stop, shape))

    def _add(self, span: Span, part: Part) -> None:
        path = self._paths.get(span.source)
        if path is None:
            path = self._paths[span.source] = self._real(span.source)
        self._parts[path][span.start].append(part)


def _inside(instance: Instance) -> Iterator[Instance]:
    waiting = [instance]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(found.children))


def shapes(parts: Iterable[Part]) -> str:
    """The shapes that parts gave, equal ones that follow each other once; of many the two ends."""
    found: list[str] = []
    for part in parts:
        if not found or found[-1] != str(part.shape):
            found.append(str(part.shape))
    return ", ".join(found) if len(found) <= 2 else f"{found[0]}, …, {found[-1]}"
