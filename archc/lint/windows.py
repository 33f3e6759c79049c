"""Windows that are larger than what they slide over, or that see all of the input too early."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from archc.analyses.receptive_field import ReceptiveField, receptive_fields
from archc.diagnostics import Diagnostic
from archc.layers import AvgPool, Conv, DepthwiseConv, MaxPool, SeparableConv, TensorShape
from archc.lint.subject import Subject

_SLIDING: Final = (Conv, DepthwiseConv, SeparableConv, MaxPool, AvgPool)

EARLY: Final = 0.25
"""The share of the windows after which it is early to see the whole input."""

FEWEST: Final = 8
"""Windows below which a network is too short for its depth to matter."""


def window_beyond_input(subject: Subject) -> Iterator[Diagnostic | None]:
    """Windows that reach beyond what they slide over, wherever they stand."""
    graph = subject.graph
    for node in graph:
        if isinstance(node.layer, _SLIDING):
            (shape,) = graph.input_shapes(node)
            extent = node.layer.window(shape.rank).extent
            if any(side < reach for side, reach in zip(shape.sides, extent, strict=True)):
                size = "×".join(map(str, extent))
                message = f"`{node.layer.verb}` slides a window of {size} over {_sides(shape)}"
                help_line = "stride less before it, or start from a larger input"
                yield subject.warn("window-beyond-input", message, node, help_line)


def _sides(shape: TensorShape) -> str:
    return "×".join(map(str, shape.sides))


def receptive_field(subject: Subject) -> Iterator[Diagnostic | None]:
    """A network whose values see the whole input long before its end."""
    graph = subject.graph
    if len(graph.inputs) != 1:
        return
    sides = graph.nodes[graph.inputs[0]].shape.sides
    fields = receptive_fields(graph)
    growing = [
        position
        for position, node in enumerate(graph.nodes)
        if node.inputs and _grows(fields[position], [fields[i] for i in node.inputs])
    ]
    covering = [position for position in growing if _covers(fields[position], sides)]
    if len(growing) < FEWEST or not covering:
        return
    before = growing.index(covering[0])
    if before < EARLY * len(growing):
        node = graph.nodes[covering[0]]
        size = "×".join(map(str, fields[covering[0]].sizes))
        message = (
            f"the receptive field, {size}, covers the input after {before + 1} of "
            f"{len(growing)} windows"
        )
        help_line = "the rest sees nothing new: stride less, use fewer layers, or a larger input"
        yield subject.warn("receptive-field", message, node, help_line)


def _grows(field: ReceptiveField, before: list[ReceptiveField]) -> bool:
    return field.placed and all(
        each.placed and max(field.sizes, default=0) > max(each.sizes, default=0) for each in before
    )


def _covers(field: ReceptiveField, sides: tuple[int, ...]) -> bool:
    return all(size >= side for size, side in zip(field.sizes, sides, strict=True))
