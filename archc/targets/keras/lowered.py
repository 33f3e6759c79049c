"""A whole graph, lowered: all that Keras lacks is told at once, and every layer's name is free."""

from __future__ import annotations

from dataclasses import dataclass

from archc.diagnostics import Diagnostic, Findings, Related
from archc.emission.nonnegative import nonnegative
from archc.graph import Graph, Node
from archc.targets.keras.lowering import Context, KerasCall, Unsupported, lower


@dataclass(frozen=True, slots=True)
class LoweredNode:
    """A node, and the layers of Keras that it becomes, one after the other."""

    node: Node
    calls: tuple[KerasCall, ...]


def lower_graph(graph: Graph) -> tuple[LoweredNode, ...]:
    """Every node of a graph with its layers of Keras, in the order of the graph.

    Raises `CompileError` with all that Keras lacks (`target-unsupported`), and with every name
    that an added layer needs and another node has (`target-name-taken`).
    """
    findings = Findings()
    flags = nonnegative(graph)
    lowered: list[LoweredNode] = []
    for node in graph:
        context = Context(nonnegative=bool(node.inputs) and flags[node.inputs[0]])
        try:
            calls = lower(node.layer, graph.input_shapes(node), context)
        except Unsupported as unsupported:
            findings.add(_unsupported(node, unsupported))
        else:
            lowered.append(LoweredNode(node, calls))
    findings.extend(_taken_names(graph, lowered))
    findings.raise_if_any()
    return tuple(lowered)


def custom_layers(graph: Graph) -> tuple[str, ...]:
    """The names of the layers in the Keras model that Keras itself lacks, in order.

    A saved model that has any loads only after `archc.targets.keras.custom` is imported.
    """
    return tuple(
        [
            call.name(lowered.node.name)
            for lowered in lower_graph(graph)
            for call in lowered.calls
            if call.custom
        ]
    )


def _unsupported(node: Node, unsupported: Unsupported) -> Diagnostic:
    return Diagnostic(
        "target-unsupported",
        unsupported.message,
        span=node.span,
        trail=node.instance.trail,
        helps=(unsupported.help,),
    )


def _taken_names(graph: Graph, lowered: list[LoweredNode]) -> list[Diagnostic]:
    return [
        _taken(node, name, graph.by_name[name])
        for node, name in _added_names(lowered)
        if name in graph.by_name
    ]


def _added_names(lowered: list[LoweredNode]) -> list[tuple[Node, str]]:
    return [
        (made.node, call.name(made.node.name))
        for made in lowered
        for call in made.calls
        if call.suffix
    ]


def _taken(node: Node, name: str, owner: Node) -> Diagnostic:
    return Diagnostic(
        "target-name-taken",
        f"in Keras `{node.name}` needs a layer of its own named `{name}`, which is taken",
        span=node.span,
        related=(Related(owner.span, f"`{name}`"),),
        trail=node.instance.trail,
        helps=("give one of the two another `id`",),
    )
