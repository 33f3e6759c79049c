"""Layers whose attributes waste work: a bias that is taken away at once, an odd channel count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from archc.diagnostics import Diagnostic
from archc.graph import Graph, Node
from archc.layers import (
    BatchNorm,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    SeparableConv,
)
from archc.lint.subject import Subject

_BIASED: Final = (Conv, DepthwiseConv, SeparableConv, ConvTranspose, Dense)

MULTIPLE: Final = 8
"""What hardware takes channels in; 8 is what NVIDIA asks of half precision (Tensor Cores)."""


def bias_before_norm(subject: Subject) -> Iterator[Diagnostic | None]:
    """Layers with a bias whose outputs only batch norms take, which subtract the mean."""
    graph = subject.graph
    takers = _takers(graph)
    outputs = {output.node for output in graph.outputs}
    for position, node in enumerate(graph.nodes):
        layer = node.layer
        if not isinstance(layer, _BIASED) or not layer.bias or layer.activation != "linear":
            continue
        after = takers[position]
        normed = all(isinstance(taker.layer, BatchNorm) for taker in after)
        if after and normed and position not in outputs:
            message = f"`{layer.verb}` adds a bias that the batch norm behind it takes away"
            help_line = f"`bias: false`, or `defaults: {{{layer.verb}: {{bias: false}}}}`"
            yield subject.warn("bias-before-norm", message, node, help_line)


def filters_multiple(subject: Subject) -> Iterator[Diagnostic | None]:
    """Layers inside the network whose channels are no multiple of 8; single positions aside."""
    graph = subject.graph
    inside = _weighted_before_others(graph)
    for position, node in enumerate(graph.nodes):
        layer, shape = node.layer, node.shape
        if position not in inside or not isinstance(
            layer, (Conv, SeparableConv, ConvTranspose, Dense)
        ):
            continue
        lonely = shape.rank > 0 and all(side == 1 for side in shape.sides)
        if shape.channels % MULTIPLE and not lonely:
            lower = shape.channels // MULTIPLE * MULTIPLE
            near = " or ".join(str(each) for each in (lower, lower + MULTIPLE) if each)
            message = f"`{layer.verb}` gives {shape.channels} channels, no multiple of {MULTIPLE}"
            yield subject.warn("filters-multiple", message, node, f"{near} runs as fast or faster")


def _takers(graph: Graph) -> list[list[Node]]:
    takers: list[list[Node]] = [[] for _ in graph.nodes]
    for node in graph:
        for position in node.inputs:
            takers[position].append(node)
    return takers


def _weighted_before_others(graph: Graph) -> set[int]:
    """The nodes with another layer behind them that mixes channels: their width is free."""
    found: set[int] = set()
    for position in range(len(graph.nodes) - 1, -1, -1):
        node = graph.nodes[position]
        if position in found or isinstance(node.layer, (*_BIASED,)):
            found.update(node.inputs)
    return found
