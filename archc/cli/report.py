"""A network as tables and as plain data: its parts, its layers, its totals."""

from __future__ import annotations

from archc.analyses import Analysis, Conditions, Costs, NodeCost, Part, analyse, parts
from archc.cli.tables import Table, as_text
from archc.diagnostics.printable import printable
from archc.elaborate.collector import collector_paused
from archc.graph import Graph, TensorShape


def parts_table(graph: Graph) -> Table:
    """The components and groups, with the network's input and totals."""
    analysis = analyse(graph)
    head = ("part", "blocks", "layers", "output", "parameters", "trainable")
    rows = [(name, "", "", str(shape), "0", "0") for name, shape in inputs(graph)]
    rows += [_part_row(part) for part in parts(graph, analysis)]
    layers = str(len(graph) - len(graph.inputs))
    rows.append(("total", "", layers, outputs(graph), *_counts(analysis.total)))
    return Table(title(graph), head, rows, frozenset({2, 3, 4, 5}))


def parts_text(graph: Graph) -> str:
    """The components and groups as text."""
    return as_text(parts_table(graph))


@collector_paused()
def layers_table(graph: Graph) -> Table:
    """All layers."""
    analysis = analyse(graph)
    head = ("layer", "kind", "output", "parameters", "trainable", "from")
    rows = []
    for node, cost in zip(graph.nodes, analysis.nodes, strict=True):
        sources = ", ".join(graph.nodes[position].name for position in node.inputs)
        rows.append((node.name, node.layer.verb, str(node.shape), *_counts(cost), sources))
    rows.append(("total", "", outputs(graph), *_counts(analysis.total), ""))
    return Table(title(graph), head, rows, frozenset({2, 3, 4}))


@collector_paused()
def record(
    graph: Graph, *, layers: bool, conditions: Conditions | None = None
) -> dict[str, object]:
    """The network as plain data; counts are numbers, shapes lists without the batch axis, memory
    is in bytes. With `conditions` all costs, else parameters and multiply-adds alone.
    """
    analysis = analyse(graph)
    data: dict[str, object] = {
        "name": graph.name,
        "about": graph.about,
        "inputs": {name: list(shape) for name, shape in inputs(graph)},
        "outputs": {o.name: list(graph.nodes[o.node].shape) for o in graph.outputs},
        "layers": len(graph) - len(graph.inputs),
        **_total_record(analysis, conditions),
        "parts": [_part_record(part, analysis, conditions) for part in parts(graph, analysis)],
    }
    if layers:
        data["nodes"] = _node_records(analysis, conditions)
    return data


@collector_paused()
def records(
    graph: Graph, *, layers: bool, conditions: Conditions | None = None
) -> list[dict[str, object]]:
    """The parts, or the layers, as rows of plain data."""
    analysis = analyse(graph)
    if not layers:
        found = parts(graph, analysis)
        return [_part_record(part, analysis, conditions) | _blocks(part) for part in found]
    return [
        {key: value for key, value in row.items() if key != "attributes"}
        | {"inputs": " ".join([graph.nodes[i].name for i in node.inputs])}
        for row, node in zip(_node_records(analysis, conditions), graph.nodes, strict=True)
    ]


def costs_record(costs: Costs) -> dict[str, object]:
    """All costs as plain data."""
    data = costs._asdict()
    return {
        "parameters": data.pop("params"),
        **data,
        "receptive_field": list(costs.receptive_field),
        "stride": [int(each) if each == int(each) else each for each in costs.stride],
        "arithmetic_intensity": round(costs.arithmetic_intensity, 4),
    }


def title(graph: Graph) -> str:
    """The name, and what the spec says of itself, in one line."""
    about = printable(" ".join(graph.about.split()))
    return f"{graph.name}: {about}" if about else graph.name


def inputs(graph: Graph) -> list[tuple[str, TensorShape]]:
    """The names and shapes of what enters the network."""
    return [(graph.nodes[i].name, graph.nodes[i].shape) for i in graph.inputs]


def outputs(graph: Graph) -> str:
    """The shapes of what the network gives."""
    return ", ".join(str(graph.nodes[output.node].shape) for output in graph.outputs)


def _part_row(part: Part) -> tuple[str, str, str, str, str, str]:
    name = "  " * part.level + part.name
    blocks = ", ".join(block if n == 1 else f"{n} × {block}" for block, n in part.blocks)
    shape = str(part.shape) if part.shape is not None else ""
    return (name, blocks, str(part.layers), shape, *_counts(part.cost))


def _blocks(part: Part) -> dict[str, object]:
    """The blocks of a part in one cell."""
    return {"blocks": " + ".join(f"{number} {block}" for block, number in part.blocks)}


def _counts(cost: NodeCost) -> tuple[str, str]:
    return f"{cost.params:,}", f"{cost.trainable:,}"


def _total_record(analysis: Analysis, conditions: Conditions | None) -> dict[str, object]:
    if conditions is None:
        return _cost(analysis.total)
    return {
        "batch": conditions.batch,
        "dtype": conditions.precision.name,
        "optimizer": conditions.optimizer,
        **costs_record(analysis.costs(conditions)),
        "order": "best" if analysis.liveness.exact else "good",
    }


def _cost(cost: NodeCost) -> dict[str, object]:
    return {"parameters": cost.params, "trainable": cost.trainable, "macs": cost.macs}


def _part_record(
    part: Part, analysis: Analysis, conditions: Conditions | None
) -> dict[str, object]:
    return {
        "name": part.name,
        "level": part.level,
        "blocks": [{"block": block, "count": count} for block, count in part.blocks],
        "layers": part.layers,
        "output": list(part.shape) if part.shape is not None else None,
        **(
            _cost(part.cost)
            if conditions is None
            else costs_record(
                analysis.costs_between(part.start, part.stop, part.output, conditions)
            )
        ),
    }


def _node_records(analysis: Analysis, conditions: Conditions | None) -> list[dict[str, object]]:
    graph = analysis.graph
    attributes = graph.each(lambda layer, _: layer.model_dump(exclude_defaults=True))
    return [
        {
            "name": node.name,
            "kind": node.layer.verb,
            "attributes": attributes[position],
            "inputs": [graph.nodes[position].name for position in node.inputs],
            "output": list(node.shape),
            **(
                _cost(analysis.nodes[position])
                if conditions is None
                else costs_record(
                    analysis.costs_between(position, position + 1, conditions=conditions)
                )
            ),
        }
        for position, node in enumerate(graph.nodes)
    ]
