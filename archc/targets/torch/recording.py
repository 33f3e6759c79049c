"""The check of emitted PyTorch source: it is run, without PyTorch, and held against its graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archc.emission.execution import STOPS, executed, explained, parsed, take_classes
from archc.graph import Graph
from archc.targets.torch.lowered import lower_graph
from archc.targets.torch.lowering.call import TorchCall
from archc.targets.torch.recording_modules import Module, Primitive, frameworks, primitive
from archc.targets.torch.recording_pairs import Pairing, Place
from archc.targets.torch.recording_signatures import has_weights, own_classes
from archc.targets.torch.recording_values import Operation, Value

Lowered = tuple[tuple[TorchCall, ...], ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """What emitted source makes else than its graph, and where its nodes are.

    `paths` has, for each node with weights, the paths of the modules that hold them, in the
    order of its calls. It is whole where there are no mismatches.
    """

    mismatches: list[str]
    paths: dict[str, tuple[str, ...]]


def record(source: str, graph: Graph, class_name: str, lowered: Lowered | None = None) -> Recording:
    """Hold `class_name()` of a source, applied to the graph's inputs, against the graph.

    What means the same at the graph's sizes is no mismatch. Source that fails gives one mismatch:
    its error, with the line. `lowered` is the graph's `lower_graph`, where it is at hand.

    Raises `CompileError` where PyTorch lacks what the graph asks for.
    """
    lowered = lower_graph(graph) if lowered is None else lowered
    try:
        return _recorded(source, graph, lowered, class_name)
    except STOPS as error:  # whatever the source raises, and whatever cannot be read in it
        return Recording([explained(error)], {})


def _recorded(source: str, graph: Graph, lowered: Lowered, class_name: str) -> Recording:
    tree = parsed(source)
    classes = take_classes(tree, own_classes().__contains__)
    namespace = executed(tree, frameworks(), {name: primitive(name) for name in classes})
    model = _made(namespace.get(class_name), class_name)
    inputs = {
        position: Value(Operation(f"the input {graph.nodes[position].name}"))
        for position in graph.inputs
    }
    outputs = _outputs(model(*inputs.values()), graph)
    paths = dict(_primitives(model))
    pairing = Pairing(graph, lowered, inputs, paths)
    for output, value in zip(graph.outputs, outputs, strict=True):
        pairing.pair(output.node, value)
    weights = {
        place: (pairing.modules[place], paths.get(pairing.modules[place], ""))
        for place in sorted(pairing.modules)
        if lowered[place[0]][place[1]].weights
    }
    found: dict[str, tuple[str, ...]] = {}
    for (position, _), (_, path) in weights.items():
        name = graph.nodes[position].name
        found[name] = (*found.get(name, ()), path)
    mismatches = [
        *pairing.mismatches,
        *_misused(graph, weights),
        *_unaccounted(pairing, paths),
    ]
    return Recording(mismatches, found)


def _made(found: object, class_name: str) -> Module:
    made = found() if callable(found) else None
    if not isinstance(made, Module):
        raise TypeError(f"`{class_name}()` makes no module")
    return made


def _outputs(given: object, graph: Graph) -> list[Value]:
    """What a forward pass gives: one tensor bare, more in a tuple or a list."""
    several = isinstance(given, tuple | list)
    values = list(given) if isinstance(given, tuple | list) else [given]
    tensors = [value for value in values if isinstance(value, Value)]
    wanted = len(graph.outputs)
    if len(tensors) != len(values) or len(tensors) != wanted or several != (wanted > 1):
        raise TypeError(f"expected {wanted} outputs, found {given!r}")
    return tensors


def _primitives(model: Module) -> Iterator[tuple[Primitive, str]]:
    """All modules that are no containers, with their paths; of two paths of one the last."""
    pending = [("", model)]
    while pending:
        path, module = pending.pop()
        if isinstance(module, Primitive):
            yield module, path
        children = [(f"{path}.{name}" if path else name, m) for name, m in module.named_children()]
        pending += reversed(children)


def _misused(graph: Graph, weights: dict[Place, tuple[Primitive, str]]) -> Iterator[str]:
    """What is wrong with the modules that hold the nodes' weights."""
    for (position, _), (module, path) in weights.items():
        name = graph.nodes[position].name
        if not path:
            yield f"{name}: {module.operation} is no child of the model"
        elif module.uses > 1:
            yield f"{name}: {path} is applied {module.uses} times"


def _unaccounted(pairing: Pairing, paths: dict[Primitive, str]) -> Iterator[str]:
    """The modules that no node accounts for."""
    used = set(pairing.modules.values())
    for module, path in paths.items():
        if not module.uses:
            yield f"{path}: never applied"
        elif pairing.mismatches or module in used:
            continue
        elif has_weights(module.constructor):
            yield f"{path}: not in the graph, found {module.operation}"
