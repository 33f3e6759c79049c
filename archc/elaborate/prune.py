"""What no output needs is no part of the network, as in Keras."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

from archc.graph import Instance, Node
from archc.layers import Input


def prune(
    nodes: list[Node], outputs: list[int], root: Instance
) -> tuple[tuple[Node, ...], dict[int, int]]:
    """The nodes that the outputs need (inputs always), and where each of them now stands.

    The tree of instances is brought in line: parts that made nothing that stays are taken out.
    """
    needed = _needed(nodes, outputs)
    if len(needed) == len(nodes):
        _renumber(root, needed)
        return tuple(nodes), {position: position for position in needed}
    places = {old: new for new, old in enumerate(needed)}
    kept = tuple(
        replace(nodes[old], inputs=tuple(places[i] for i in nodes[old].inputs)) for old in needed
    )
    _renumber(root, needed)
    return kept, places


def _needed(nodes: list[Node], outputs: list[int]) -> list[int]:
    keep = {i for i, node in enumerate(nodes) if isinstance(node.layer, Input)} | set(outputs)
    for position in range(len(nodes) - 1, -1, -1):
        if position in keep:
            keep.update(nodes[position].inputs)
    return sorted(keep)


def _renumber(root: Instance, needed: list[int]) -> None:
    """Node ranges and outputs of all instances in terms of the nodes that stay."""
    waiting = [root]
    root.stop = needed[-1] + 1
    while waiting:
        instance = waiting.pop()
        instance.start = bisect_left(needed, instance.start)
        instance.stop = bisect_left(needed, instance.stop)
        if instance.output is not None:
            place = bisect_left(needed, instance.output)
            found = place < len(needed) and needed[place] == instance.output
            instance.output = place if found else None
        instance.children = [child for child in instance.children if child.stop > child.start]
        waiting.extend(instance.children)
