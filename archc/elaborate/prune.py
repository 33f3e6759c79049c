"""What no output needs is no part of the network, as in Keras."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

from archc.graph import Instance, Node


def prune(
    nodes: list[Node], outputs: list[int], root: Instance
) -> tuple[tuple[Node, ...], dict[int, int]]:
    """The nodes that the outputs need (inputs always), and where each of them now stands.

    The tree of instances is brought in line: parts that made nothing that stays are taken out.
    """
    needed = _needed(nodes, outputs)
    before = list(accumulate(needed, initial=0))
    _renumber(root, needed, before)
    places = {old: before[old] for old, kept in enumerate(needed) if kept}
    if len(places) == len(nodes):
        return tuple(nodes), places
    kept = [
        replace(nodes[old], inputs=tuple([places[i] for i in nodes[old].inputs])) for old in places
    ]
    return tuple(kept), places


def _needed(nodes: list[Node], outputs: list[int]) -> list[bool]:
    """Of each node whether it stays."""
    needed = [not node.inputs for node in nodes]
    for output in outputs:
        needed[output] = True
    for position in range(len(nodes) - 1, -1, -1):
        if needed[position]:
            for entering in nodes[position].inputs:
                needed[entering] = True
    return needed


def _renumber(root: Instance, needed: list[bool], before: list[int]) -> None:
    """Node ranges and outputs of all instances in terms of the nodes that stay; `before` says how
    many of these stand before each node.
    """
    waiting = [root]
    root.stop = len(needed)
    while waiting:
        instance = waiting.pop()
        instance.start = before[instance.start]
        instance.stop = before[instance.stop]
        if instance.output is not None:
            instance.output = before[instance.output] if needed[instance.output] else None
        children = instance.children
        instance.children = [each for each in children if before[each.stop] > before[each.start]]
        waiting.extend(instance.children)
