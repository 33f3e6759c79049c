"""What changed from one network to another, part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from archc.analyses import Part, analyse, parts
from archc.graph import Graph, TensorShape

Change: TypeAlias = Literal["same", "changed", "new", "removed"]


@dataclass(frozen=True, slots=True)
class Tally:
    """What is compared of a part, or of a whole network: counts, and the shapes that it gives."""

    layers: int = 0
    params: int = 0
    trainable: int = 0
    macs: int = 0
    outputs: tuple[TensorShape, ...] = ()

    def __sub__(self, other: Tally) -> Tally:
        """The differences of the counts; the outputs are those before."""
        return Tally(
            self.layers - other.layers,
            self.params - other.params,
            self.trainable - other.trainable,
            self.macs - other.macs,
            other.outputs,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One part now and in the network before; `part` is the one now, if there still is one."""

    part: Part
    change: Change
    now: Tally
    before: Tally


def total(graph: Graph) -> Tally:
    """What a whole network comes to."""
    cost = analyse(graph).total
    shapes = tuple(graph.nodes[output.node].shape for output in graph.outputs)
    layers = len(graph) - len(graph.inputs)
    return Tally(layers, cost.params, cost.trainable, cost.macs, shapes)


def rows(graph: Graph, before: Graph) -> list[Row]:
    """The parts of `graph`, and at the end of their component those that only `before` has.

    Parts are the same where their component, their name and their place among those of that name
    are.
    """
    new, old = _keyed(parts(graph, analyse(graph))), _keyed(parts(before, analyse(before)))
    keys = [*new, *(key for key in old if key not in new)]
    components = list(dict.fromkeys(component for component, *_ in keys))
    keys.sort(key=lambda key: components.index(key[0]))
    return [_row(new.get(key), old.get(key)) for key in keys]


_Key: TypeAlias = tuple[str, str, int]


def _keyed(found: Sequence[Part]) -> dict[_Key, Part]:
    keyed: dict[_Key, Part] = {}
    seen: Counter[tuple[str, str]] = Counter()
    component = ""
    for part in found:
        component = component if part.level else part.name
        name = (component, part.name if part.level else "")
        keyed[*name, seen[name]] = part
        seen[name] += 1
    return keyed


def _row(now: Part | None, before: Part | None) -> Row:
    part = now or before
    assert part is not None
    return Row(part, _change(now, before), _tally(now), _tally(before))


def _change(now: Part | None, before: Part | None) -> Change:
    if before is None:
        return "new"
    if now is None:
        return "removed"
    return "same" if now == before else "changed"


def _tally(part: Part | None) -> Tally:
    if part is None:
        return Tally()
    outputs = () if part.shape is None else (part.shape,)
    return Tally(part.layers, part.cost.params, part.cost.trainable, part.cost.macs, outputs)
