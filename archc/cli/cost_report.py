"""What a network costs as a table, every number with its convention."""

from __future__ import annotations

from archc.analyses import OPTIMIZERS, Analysis, Conditions, Costs, Part, analyse, parts
from archc.cli.report import outputs, title
from archc.cli.tables import Table
from archc.cli.units import count, memory
from archc.elaborate.collector import collector_paused
from archc.graph import Graph

_COSTS = ("params", "MACs", "activations", "training", "field", "stride", "FLOPs/B")


@collector_paused()
def cost_table(graph: Graph, conditions: Conditions, *, layers: bool) -> Table:
    """The costs of the components and groups, or of all layers, with the totals."""
    analysis = analyse(graph)
    total = analysis.costs(conditions)
    number = len(graph) - len(graph.inputs)
    if layers:
        head = ("layer", "kind", "output", *_COSTS)
        rows = _layer_rows(analysis, conditions)
        rows.append(("total", f"{number} layers", outputs(graph), *_cells(total, total=True)))
    else:
        head = ("part", "layers", "output", *_COSTS)
        rows = [_part_row(part, analysis, conditions) for part in parts(graph, analysis)]
        rows.append(("total", str(number), outputs(graph), *_cells(total, total=True)))
    right = frozenset(range(2 if layers else 1, len(head)))
    closing = (_memory_line(total, analysis, conditions), _order_line(analysis))
    return Table(title(graph), head, rows, right, _notes(conditions), closing)


def field_text(costs: Costs) -> str:
    """`483`, `35×17`; `all` where a value sees the whole input; `35, all` where it has a place in
    the input too, in a network that mixes both.
    """
    if not costs.sees_all:
        return axes(costs.receptive_field)
    return f"{axes(costs.receptive_field)}, all" if costs.stride else "all"


def axes(numbers: tuple[float, ...]) -> str:
    """One number where all are equal, else all: `35×17`."""
    shown = [f"{number:g}" for number in numbers]
    return shown[0] if len(set(shown)) == 1 else "×".join(shown)


def _notes(conditions: Conditions) -> tuple[str, ...]:
    batch, dtype = conditions.batch, conditions.precision.name
    return (
        f"batch {batch}, {dtype}; k M G: powers of 1000; KiB MiB GiB: powers of 1024",
        "params: all weights; MACs: multiply-adds of convolutions, dense layers and matrix "
        "products (FLOPs = 2 × MACs)",
        "activations: the most that is held while it runs; training: kept for the backward pass",
        "field: the side of the input that a value sees by windows; all: it sees everything",
        "FLOPs/B: for each byte of weights, inputs and outputs of the layers",
    )


def _memory_line(total: Costs, analysis: Analysis, conditions: Conditions) -> str:
    slot = conditions.precision.slots * analysis.total.trainable
    optimizers = ", ".join(f"{name} {memory(slot * n)}" for name, n in OPTIMIZERS.items())
    return (
        f"memory: weights {memory(total.weight_memory)}, gradients "
        f"{memory(total.gradient_memory)}, optimizer: {optimizers}"
    )


def _order_line(analysis: Analysis) -> str:
    if analysis.liveness.exact:
        return "activations in the best order of the layers: none holds less at its peak"
    return "activations in the best order found of the layers: others may hold less at their peak"


def _part_row(part: Part, analysis: Analysis, conditions: Conditions) -> tuple[str, ...]:
    costs = analysis.costs_between(part.start, part.stop, part.output, conditions)
    shape = str(part.shape) if part.shape is not None else ""
    return ("  " * part.level + part.name, str(part.layers), shape, *_cells(costs))


def _layer_rows(analysis: Analysis, conditions: Conditions) -> list[tuple[str, ...]]:
    return [
        (
            node.name,
            node.layer.verb,
            str(node.shape),
            *_cells(analysis.costs_between(position, position + 1, conditions=conditions)),
        )
        for position, node in enumerate(analysis.graph.nodes)
    ]


def _cells(costs: Costs, *, total: bool = False) -> tuple[str, ...]:
    return (
        count(costs.params),
        count(costs.macs),
        memory(costs.activation_memory),
        memory(costs.training_memory),
        axes(costs.receptive_field) if total else field_text(costs),
        axes(costs.stride),
        f"{costs.arithmetic_intensity:.1f}",
    )
