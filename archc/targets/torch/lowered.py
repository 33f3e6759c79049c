"""A whole graph, lowered to PyTorch: all that it lacks is told at once."""

from __future__ import annotations

from archc.diagnostics import Diagnostic, Findings
from archc.emission.nonnegative import nonnegative
from archc.graph import Graph
from archc.targets.torch.lowering import lower
from archc.targets.torch.lowering.call import Context, TorchCall, Unsupported


def lower_graph(graph: Graph) -> tuple[tuple[TorchCall, ...], ...]:
    """The calls of every node but the inputs, which have none, in the order of the graph.

    Raises `CompileError` with all that PyTorch lacks (`target-unsupported`).
    """
    findings = Findings()
    flags = nonnegative(graph)
    lowered: list[tuple[TorchCall, ...]] = []
    for node in graph:
        if not node.inputs:
            lowered.append(())
            continue
        try:
            context = Context(nonnegative=flags[node.inputs[0]])
            lowered.append(lower(node.layer, graph.input_shapes(node), context))
        except Unsupported as problem:
            diagnostic = Diagnostic(
                "target-unsupported",
                problem.message,
                span=node.span,
                trail=node.instance.trail,
                helps=(problem.help,),
            )
            findings.add(diagnostic)
    findings.raise_if_any()
    return tuple(lowered)
