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
    """What is compared of a part: counts, and the shapes that it gives."""

    layers: int = 0
    params: int = 0
    trainable: int = 0
    macs: int = 0
    outputs: tuple[TensorShape, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a network, now and before. `blocks` are those of now, if it is still there."""

    name: str
    level: int
    blocks: tuple[tuple[str, int], ...]
    change: Change
    now: Tally
    before: Tally

    @property
    def difference(self) -> Tally:
        """The counts now less those before."""
        now, before = self.now, self.before
        return Tally(
            now.layers - before.layers,
            now.params - before.params,
            now.trainable - before.trainable,
            now.macs - before.macs,
        )


def total(graph: Graph, before: Graph) -> Row:
    """The whole network."""
    now, then = _total(graph), _total(before)
    return Row("total", 0, (), "same" if now == then else "changed", now, then)


def inputs(graph: Graph, before: Graph) -> list[Row]:
    """The inputs, by name."""
    new, old = _inputs(graph), _inputs(before)
    return [_input_row(name, new.get(name), old.get(name)) for name in {**new, **old}]


def rows(graph: Graph, before: Graph) -> list[Row]:
    """The parts of `graph`, and at the end of their component those that only `before` has.

    A part is the same as before where its component and its name are, and among parts of one
    name its place.
    """
    new, old = _keyed(parts(graph, analyse(graph))), _keyed(parts(before, analyse(before)))
    keys = list({**new, **old})
    components = list(dict.fromkeys(component for component, *_ in keys))
    keys.sort(key=lambda key: components.index(key[0]))
    return [_row(new.get(key), old.get(key)) for key in keys]


def _total(graph: Graph) -> Tally:
    cost = analyse(graph).total
    shapes = tuple(graph.nodes[output.node].shape for output in graph.outputs)
    layers = len(graph) - len(graph.inputs)
    return Tally(layers, cost.params, cost.trainable, cost.macs, shapes)


def _inputs(graph: Graph) -> dict[str, Tally]:
    nodes = [graph.nodes[position] for position in graph.inputs]
    return {node.name: Tally(outputs=(node.shape,)) for node in nodes}


def _input_row(name: str, now: Tally | None, before: Tally | None) -> Row:
    return Row(name, 0, (), _change(now, before), now or Tally(), before or Tally())


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
    new = None if now is None else _tally(now)
    old = None if before is None else _tally(before)
    change = _change(new, old)
    if now is not None and before is not None and now.blocks != before.blocks:
        change = "changed"
    blocks = now.blocks if now is not None else ()
    return Row(part.name, part.level, blocks, change, new or Tally(), old or Tally())


def _change(now: Tally | None, before: Tally | None) -> Change:
    if before is None:
        return "new"
    if now is None:
        return "removed"
    return "same" if now == before else "changed"


def _tally(part: Part) -> Tally:
    outputs = () if part.shape is None else (part.shape,)
    return Tally(part.layers, part.cost.params, part.cost.trainable, part.cost.macs, outputs)
