"""How much of the input each value sees, and how far apart what two neighbours see lies.

Source of the recursion: Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional
Neural Networks" (Distill, 2019), with offsets, and with upsampling as a transposed convolution.
"""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from archc.analyses.moves import Mixing, Move, Number, Step, move_of
from archc.elaborate.collector import collector_paused
from archc.graph import Graph
from archc.layers import Layer, TensorShape

LARGEST = 2**63
"""How far a field reaches at most, and its largest stride; one below 1 / LARGEST is 0. A thousand
layers of stride 2 on one position would have some that no number holds.
"""


class Reach(NamedTuple):
    """One axis: the value at position p sees the inputs from `low + stride · p` to
    `high + stride · p`, both included, where there are such inputs.
    """

    low: Number = 0
    high: Number = 0
    stride: Number = 1

    @property
    def size(self) -> int:
        """How many inputs the value sees at most; padding counts as input."""
        return floor(self.high - self.low) + 1


class ReceptiveField(NamedTuple):
    """What a node's values see of the input, for each axis of the input.

    `reaches` is what windows give. `sees_all` says that some path leads through a layer in which
    every value sees its whole input, so that the node's values see everything. `placed` says that
    the node's axes are still those of the input.
    """

    reaches: tuple[Reach, ...]
    sees_all: bool = False
    placed: bool = True

    @property
    def sizes(self) -> tuple[int, ...]:
        """The side that windows give, of each axis; not cut at the border of the input."""
        return tuple([reach.size for reach in self.reaches])

    @property
    def strides(self) -> tuple[Number, ...]:
        """By how many inputs the fields of neighbours differ, of each axis; below 1 behind
        upsampling; empty where a value has no place in the input any more.
        """
        return tuple([reach.stride for reach in self.reaches]) if self.placed else ()


@collector_paused()
def receptive_fields(graph: Graph) -> tuple[ReceptiveField, ...]:
    """The field of each node, in the graph's order; the union over all paths to an input."""
    fields: list[ReceptiveField] = []
    for node, move in zip(graph.nodes, graph.each(_move), strict=True):
        inputs = node.inputs
        if not inputs:
            fields.append(ReceptiveField((Reach(),) * node.shape.rank))
            continue
        field = fields[inputs[0]]
        for i in inputs[1:]:
            if fields[i] is not field:
                field = _union(field, fields[i])
        fields.append(field if move is None else _moved(field, move))
    return tuple(fields)


@collector_paused()
def largest_field(fields: tuple[ReceptiveField, ...]) -> tuple[tuple[int, ...], tuple[Number, ...]]:
    """The largest side that windows give anywhere in the network, of each axis of its inputs, and
    the largest stride of values that have a place in the input.
    """
    rank = max([len(field.reaches) for field in fields], default=0)
    distinct = {id(field): field for field in fields if len(field.reaches) == rank}.values()
    sizes = [field.sizes for field in distinct]
    strides = [field.strides for field in distinct if field.placed]
    return tuple(map(max, zip(*sizes, strict=True))), tuple(map(max, zip(*strides, strict=True)))


def _move(layer: Layer, inputs: tuple[TensorShape, ...]) -> Move:
    return move_of(layer, inputs[0]) if inputs else None


def _union(one: ReceptiveField, other: ReceptiveField) -> ReceptiveField:
    """What a value sees that comes of both. What windows give is that of the paths that keep
    their places, where there are any: a path that sees all adds nothing to measure.
    """
    sees_all = one.sees_all or other.sees_all
    if one.placed != other.placed or len(one.reaches) != len(other.reaches):
        ranked = sorted((one, other), key=lambda field: (field.placed, len(field.reaches)))
        return ReceptiveField(ranked[-1].reaches, sees_all, ranked[-1].placed)
    reaches = tuple(
        [
            a if a == b else Reach(min(a.low, b.low), max(a.high, b.high), max(a.stride, b.stride))
            for a, b in zip(one.reaches, other.reaches, strict=True)
        ]
    )
    return ReceptiveField(reaches, sees_all, one.placed)


def _moved(field: ReceptiveField, move: tuple[Step, ...] | Mixing) -> ReceptiveField:
    if isinstance(move, Mixing):
        sees_all = field.sees_all or move is not Mixing.REARRANGES
        return ReceptiveField(field.reaches, sees_all, field.placed and move is Mixing.MIXES)
    if not field.placed or len(move) != len(field.reaches):
        # A window over values that have no places puts together what lies anywhere.
        return ReceptiveField(field.reaches, True, False)
    return ReceptiveField(
        tuple([_slid(reach, step) for reach, step in zip(field.reaches, move, strict=True)]),
        field.sees_all,
    )


def _slid(reach: Reach, step: Step) -> Reach:
    return Reach(
        max(reach.low + reach.stride * step.low, -LARGEST),
        min(reach.high + reach.stride * step.high, LARGEST),
        _bounded(_whole(reach.stride * step.scale)),
    )


def _bounded(stride: Number) -> Number:
    return min(stride, LARGEST) if stride * LARGEST >= 1 else 0


def _whole(number: Number) -> Number:
    """The number as an `int` where it is one: these are faster."""
    return number.numerator if number.denominator == 1 else number
