"""A network as text and as JSON: its parts, its layers, its totals."""

from __future__ import annotations

from archc.analyses import Analysis, NodeCost, Part, analyse, parts
from archc.cli.terminal import table
from archc.graph import Graph, TensorShape

_HEAD = ("part", "blocks", "layers", "output", "parameters", "trainable")
_RIGHT = frozenset({2, 3, 4, 5})


def parts_text(graph: Graph) -> str:
    """The table of components and groups, with the network's input and totals."""
    analysis = analyse(graph)
    total = analysis.total
    inputs = [(graph.nodes[i].name, graph.nodes[i].shape) for i in graph.inputs]
    rows: list[tuple[str, ...]] = [_HEAD]
    rows += [(name, "", "", str(shape), "0", "0") for name, shape in inputs]
    rows += [_part_row(part) for part in parts(graph, analysis)]
    rows.append(("total", "", str(len(graph) - len(inputs)), _outputs(graph), *_counts(total)))
    return "\n".join([*_title(graph), table(rows, _RIGHT)])


def layers_text(graph: Graph) -> str:
    """The table of all layers."""
    analysis = analyse(graph)
    rows = [("layer", "kind", "output", "parameters", "trainable", "from")]
    for node, cost in zip(graph.nodes, analysis.nodes, strict=True):
        sources = ", ".join(graph.nodes[position].name for position in node.inputs)
        rows.append((node.name, node.layer.verb, str(node.shape), *_counts(cost), sources))
    rows.append(("total", "", _outputs(graph), *_counts(analysis.total), ""))
    return "\n".join([*_title(graph), table(rows, frozenset({2, 3, 4}))])


def record(graph: Graph, *, layers: bool) -> dict[str, object]:
    """The network as plain data; counts are numbers, shapes lists without the batch axis."""
    analysis = analyse(graph)
    data: dict[str, object] = {
        "name": graph.name,
        "about": graph.about,
        "inputs": {graph.nodes[i].name: list(graph.nodes[i].shape) for i in graph.inputs},
        "outputs": {o.name: list(graph.nodes[o.node].shape) for o in graph.outputs},
        "layers": len(graph) - len(graph.inputs),
        **_cost(analysis.total),
        "parts": [_part_record(part) for part in parts(graph, analysis)],
    }
    if layers:
        data["nodes"] = _node_records(graph, analysis)
    return data


def _title(graph: Graph) -> list[str]:
    return [f"{graph.name}: {graph.about}" if graph.about else graph.name, ""]


def _outputs(graph: Graph) -> str:
    return ", ".join(str(graph.nodes[output.node].shape) for output in graph.outputs)


def _part_row(part: Part) -> tuple[str, ...]:
    name = "  " * part.level + part.name
    blocks = ", ".join(block if n == 1 else f"{n} × {block}" for block, n in part.blocks)
    return name, blocks, str(part.layers), _shape(part.shape), *_counts(part.cost)


def _counts(cost: NodeCost) -> tuple[str, str]:
    return f"{cost.params:,}", f"{cost.trainable:,}"


def _shape(shape: TensorShape | None) -> str:
    return str(shape) if shape is not None else ""


def _cost(cost: NodeCost) -> dict[str, object]:
    return {"parameters": cost.params, "trainable": cost.trainable, "macs": cost.macs}


def _part_record(part: Part) -> dict[str, object]:
    return {
        "name": part.name,
        "level": part.level,
        "blocks": [{"block": block, "count": count} for block, count in part.blocks],
        "layers": part.layers,
        "output": list(part.shape) if part.shape is not None else None,
        **_cost(part.cost),
    }


def _node_records(graph: Graph, analysis: Analysis) -> list[dict[str, object]]:
    return [
        {
            "name": node.name,
            "kind": node.layer.verb,
            "attributes": node.layer.model_dump(mode="json", exclude_defaults=True),
            "inputs": [graph.nodes[position].name for position in node.inputs],
            "output": list(node.shape),
            **_cost(cost),
        }
        for node, cost in zip(graph.nodes, analysis.nodes, strict=True)
    ]
