"""Weights out of a PyTorch module and into it, by the paths of the modules that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archc.diagnostics import Diagnostic
from archc.graph import Graph
from archc.targets.torch.arrays import fits, from_parameter, parameter_shape, to_parameter
from archc.targets.torch.lowered import lower_graph
from archc.targets.torch.lowering.call import Layout, TorchCall
from archc.weights.arrays import MISMATCH, Weights, as_arrays, expected, not_numbers
from archc.weights.matching import mismatches, refuse

if TYPE_CHECKING:
    import numpy as np
    import torch

Paths: TypeAlias = Mapping[str, tuple[str, ...]]
"""A node's name → the dotted paths, as in `named_modules()`, of the modules that hold its arrays.

They stand in the order of the calls with weights of the node's lowering.
"""


def from_torch(module: torch.nn.Module, graph: Graph, paths: Paths) -> Weights:
    """The weights of a graph from a PyTorch module of it, in the order of the graph.

    The values are copies, of the module's dtype, in archc's layouts.

    Raises `CompileError` (`weights-mismatch`) with all arrays that the module lacks, has in another
    shape, or has besides, and all nodes for which `paths` has too few paths or too many; and where
    PyTorch lacks what a layer of the graph asks for.
    """
    matched = _Matched.of(module, graph, paths)
    refuse(matched.problems)
    found = {held.weight: _values(matched, held) for held in matched.held}
    return {name: found[name] for name in expected(graph)}


def into_torch(
    module: torch.nn.Module, graph: Graph, weights: Mapping[str, np.ndarray], paths: Paths
) -> None:
    """Set all weights of a PyTorch module of a graph; the values are cast to the module's dtype.

    Raises `CompileError` as `from_torch` does, and also where the weights are not those of the
    graph or hold no real numbers; the module is then as it was.
    """
    arrays = as_arrays(weights)
    shapes = {name: values.shape for name, values in arrays.items()}
    matched = _Matched.of(module, graph, paths)
    own = mismatches(expected(graph), shapes, "the weights")
    refuse([*not_numbers(arrays), *own, *matched.problems])
    for held in matched.held:
        tensor = matched.tensors[held.path]
        values = to_parameter(held.layout, arrays[held.weight]).reshape(tuple(tensor.shape))
        # PyTorch takes no array with negative strides, and warns of one that can't be written.
        tensor.detach().copy_(tensor.new_tensor(values.copy()))


def _values(matched: _Matched, held: _Held) -> np.ndarray:
    values: np.ndarray = matched.tensors[held.path].detach().cpu().numpy()
    return from_parameter(held.layout, values, held.shape).copy()


@dataclass(frozen=True, slots=True)
class _Held:
    """An array of the graph, `weight` of `shape`, and the path of the parameter that holds it."""

    weight: str
    shape: tuple[int, ...]
    path: str
    layout: Layout


@dataclass(frozen=True, slots=True)
class _Matched:
    """Where the arrays of a graph are, the module's tensors, and in what the two differ."""

    held: list[_Held]
    tensors: dict[str, Any]
    problems: list[Diagnostic]

    @classmethod
    def of(cls, module: torch.nn.Module, graph: Graph, paths: Paths) -> _Matched:
        calls = _calls_with_weights(graph)
        held = [each for name in calls for each in _held(graph, name, calls[name], paths)]
        tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        learned = [name for name, _ in module.named_parameters()]
        problems = [*_wrong_paths(calls, paths), *_differences(held, tensors, learned, paths)]
        return cls(held, tensors, problems)


def _calls_with_weights(graph: Graph) -> dict[str, list[TorchCall]]:
    lowered = zip(graph, lower_graph(graph), strict=True)
    found = {node.name: [call for call in calls if call.weights] for node, calls in lowered}
    return {name: calls for name, calls in found.items() if calls}


def _held(graph: Graph, name: str, calls: list[TorchCall], paths: Paths) -> Iterator[_Held]:
    shapes = {weight.name: weight.shape for weight in graph.weights(graph.by_name[name])}
    for call, path in zip(calls, paths.get(name, ()), strict=False):
        for weight in call.weights:
            parameter = f"{path}.{weight.parameter}" if path else weight.parameter
            yield _Held(f"{name}/{weight.name}", shapes[weight.name], parameter, weight.layout)


def _wrong_paths(calls: dict[str, list[TorchCall]], paths: Paths) -> Iterator[Diagnostic]:
    for name, needed in calls.items():
        given = len(paths.get(name, ()))
        if given != len(needed):
            paths_of = "path of a module" if len(needed) == 1 else "paths of modules"
            message = f"expected {len(needed)} {paths_of} for `{name}`, found {given}"
            yield Diagnostic(MISMATCH, message)


def _differences(
    held: list[_Held], tensors: dict[str, Any], learned: list[str], paths: Paths
) -> list[Diagnostic]:
    """The comparison in PyTorch's names and shapes.

    Parameters that the graph has not may only be in modules that hold some of its arrays: batch
    normalization without a `gamma` is one with ones.
    """
    found = {each.path: tuple(tensors[each.path].shape) for each in held if each.path in tensors}
    wanted = {each.path: _wanted(each, found.get(each.path)) for each in held}
    known = tuple({f"{path}." if path else "" for given in paths.values() for path in given})
    strangers = {name: tuple(tensors[name].shape) for name in learned if not name.startswith(known)}
    names = {each.path: each.weight for each in held}
    return mismatches(wanted, {**found, **strangers}, "the PyTorch module", names)


def _wanted(held: _Held, found: tuple[int, ...] | None) -> tuple[int, ...]:
    if found is not None and fits(held.layout, held.shape, found):
        return found
    return parameter_shape(held.layout, held.shape)
