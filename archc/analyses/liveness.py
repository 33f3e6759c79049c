"""How many numbers are held at once while a network runs: its activation memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from archc.analyses.backward import Needs
from archc.analyses.schedule import Schedule, Stretch, Task, schedule
from archc.analyses.views import storage
from archc.elaborate.collector import collector_paused
from archc.graph import Graph

_LONGEST_REMEMBERED = 256
"""Tasks of the longest stretch whose schedule is kept for other networks."""


class Liveness(NamedTuple):
    """The elements held while each node runs, in the graph's order, for one sample.

    The nodes run in `order`, positions of the graph without its inputs and views, which run
    nothing. A view holds 0; an input all inputs. `exact` says that no order has a lower peak.
    """

    held: tuple[int, ...]
    order: tuple[int, ...]
    exact: bool

    @property
    def peak(self) -> int:
        return max(self.held, default=0)


@collector_paused()
def liveness(graph: Graph, needs: list[Needs]) -> Liveness:
    """What is held while each node runs: all inputs until they are used for the last time, every
    tensor from its making to its last use, outputs to the end, and what the running layer makes
    inside. Nothing is done in place; a view shares its input's tensor.
    """
    held = [0] * len(graph.nodes)
    entering = sum([graph.elements[position] for position in graph.inputs])
    for position in graph.inputs:
        held[position] = entering
    order: list[int] = []
    peak, exact = 0, True
    for positions, stretch in _stretches(graph, needs):
        found = _scheduled(stretch)
        for position, elements in zip(positions, found.held, strict=True):
            held[position] = elements
        order += [positions[turn] for turn in found.order]
        highest = max(found.held)
        if highest >= peak:
            exact = found.exact or (exact and highest == peak)
            peak = highest
    return Liveness(tuple(held), tuple(order), exact)


def _scheduled(stretch: Stretch) -> Schedule:
    short = len(stretch.tasks) <= _LONGEST_REMEMBERED
    return _remembered(stretch) if short else schedule(stretch)


@lru_cache(maxsize=1024)
def _remembered(stretch: Stretch) -> Schedule:
    return schedule(stretch)


def _stretches(graph: Graph, needs: list[Needs]) -> Iterator[tuple[list[int], Stretch]]:
    """The network cut where one tensor alone is held, with each stretch's positions.

    What stands before such a place must run before it, and what stands behind it behind, so the
    best order of the whole is that of the stretches, one after the other.
    """
    source = storage(graph)
    final = frozenset([source[output.node] for output in graph.outputs])
    last_use = _last_uses(graph, source, final)
    entering = list(graph.inputs)
    positions: list[int] = []
    needed_until = max([last_use[position] for position in entering])
    for position, node in enumerate(graph.nodes):
        if source[position] != position or not node.inputs:
            continue
        positions.append(position)
        if needed_until <= position:
            here = frozenset([position])
            yield positions, _stretch(graph, needs, source, entering, positions, here)
            entering, positions, needed_until = [position], [], 0
        needed_until = max(needed_until, last_use[position])
    if positions:
        yield positions, _stretch(graph, needs, source, entering, positions, final)


def _last_uses(graph: Graph, source: list[int], final: frozenset[int]) -> list[int]:
    """The position of the node that takes each tensor last; beyond all nodes for outputs."""
    last_use = [0] * len(graph.nodes)
    for position, node in enumerate(graph.nodes):
        if source[position] == position:
            for i in node.inputs:
                last_use[source[i]] = position
    for position in final:
        last_use[position] = len(graph.nodes)
    return last_use


def _stretch(
    graph: Graph,
    needs: list[Needs],
    source: list[int],
    entering: list[int],
    positions: list[int],
    kept: frozenset[int],
) -> Stretch:
    nodes, elements = graph.nodes, graph.elements
    number = {position: n for n, position in enumerate([*entering, *positions])}
    tasks: list[Task] = []
    for position in positions:
        taken = tuple([number[source[i]] for i in nodes[position].inputs])
        distinct = taken if len(taken) == 1 else tuple(dict.fromkeys(taken))
        tasks.append((elements[position], needs[position].inner, distinct))
    sizes = tuple([elements[position] for position in entering])
    return Stretch(sizes, tuple(tasks), frozenset([number[p] for p in kept if p in number]))
