"""A network's parts as its spec speaks of them: components, groups, blocks, with their cost."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from archc.analyses.cost import Analysis, NodeCost
from archc.graph import Graph, Instance, TensorShape


class Part(NamedTuple):
    """One part: its name, what it is made of, the shape that it gives, its cost.

    `level` is 0 for a component, 1 for a part of one; `blocks` names its blocks in order, equal
    ones counted. `shape` is None for a part whose output the network does not use. Its nodes are
    those in `[start, stop)`, and `output` the one that gives its result: the last, if none is used.
    """

    name: str
    level: int
    blocks: tuple[tuple[str, int], ...]
    layers: int
    shape: TensorShape | None
    cost: NodeCost
    start: int
    stop: int
    output: int


def parts(graph: Graph, analysis: Analysis) -> list[Part]:
    """The components, and below the learner its groups, or its blocks where it has no groups."""
    found = []
    for component in graph.root.children:
        found.append(_part(component, 0, graph, analysis))
        if component.label == "learner":
            found += [_part(child, 1, graph, analysis) for child in component.children]
    return found


def _part(instance: Instance, level: int, graph: Graph, analysis: Analysis) -> Part:
    shape = graph.nodes[instance.output].shape if instance.output is not None else None
    return Part(
        instance.name if instance.kind in ("block", "steps") else instance.label,
        level,
        _blocks(instance) if instance.kind == "group" else _own_block(instance),
        instance.stop - instance.start,
        shape,
        analysis.between(instance.start, instance.stop),
        instance.start,
        instance.stop,
        instance.stop - 1 if instance.output is None else instance.output,
    )


def _own_block(instance: Instance) -> tuple[tuple[str, int], ...]:
    return ((instance.block, 1),) if instance.block else ()


def _blocks(group: Instance) -> tuple[tuple[str, int], ...]:
    names = [child.block for child in group.children if child.block]
    return tuple(Counter(names).items())
