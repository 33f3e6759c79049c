"""`expect:` what a spec promises about itself, held against what it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cached_property

from archc.analyses.cost import Analysis, Costs, analyse
from archc.analyses.quantity import Quantity, parse_quantity
from archc.diagnostics import CompileError, Diagnostic, one_of, renaming
from archc.graph import Graph
from archc.source import Mapping, Node, Scalar, Sequence
from archc.spec import ExpectDocument, describe

Found = tuple[int | float, ...]
"""A number, or one for each axis."""

_BOUNDS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "below": lambda found, bound: found < bound,
    "at_most": lambda found, bound: found <= bound,
    "above": lambda found, bound: found > bound,
    "at_least": lambda found, bound: found >= bound,
}
"""What a quantity may be held against; what has an axis is held on every axis."""


def check_contracts(graph: Graph, expect: ExpectDocument) -> None:
    """Raises `CompileError` with exit code 1 and one diagnostic for each promise that is broken,
    and with 2 where one can't be understood.

    A quantity with a unit holds to the digits that it is given with: 3.86G is 3.855G to 3.865G.
    A bound is exact. Memory is that of one sample in float32, trained by Adam.
    """
    quantities = _Quantities(graph)
    diagnostics: list[Diagnostic] = []
    for name in ExpectDocument.model_fields:
        promise = getattr(expect, name)
        if promise is None or name in ("origin", "output"):
            continue
        for comparator, node in _promises(promise):
            diagnostics += _check(name, comparator, node, quantities)
    if expect.output is not None:
        diagnostics += _check_output(graph, expect.output)
    if diagnostics:
        understood = all(diagnostic.code == "contract" for diagnostic in diagnostics)
        raise CompileError(diagnostics, exit_code=1 if understood else 2)


class _Quantities:
    """What a graph came to, by the names that `expect:` has; computed when asked for."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @cached_property
    def _analysis(self) -> Analysis:
        return analyse(self._graph)

    @cached_property
    def _costs(self) -> Costs:
        return self._analysis.costs()

    def __getitem__(self, name: str) -> Found:
        total = self._analysis.total
        # Most contracts are of these, and need no walk over the network.
        cheap = {"params": total.params, "trainable": total.trainable, "macs": total.macs}
        found = cheap[name] if name in cheap else getattr(self._costs, name)
        return found if isinstance(found, tuple) else (found,)


def _promises(node: Node) -> Iterator[tuple[str, Node]]:
    """Each bound and its value; an empty bound for the quantity itself."""
    if not isinstance(node, Mapping):
        yield "", node
        return
    if not node.entries:
        message = "expected a bound such as `{below: 4.2G}`, found an empty mapping"
        raise CompileError([Diagnostic("wrong-type", message, node.span)])
    for key, entry in node.entries.items():
        if key not in _BOUNDS:
            helps = (one_of(key, _BOUNDS, "bounds"),)
            message = f"unknown bound `{key}`"
            fix = renaming(entry.key_span, key, _BOUNDS, node.entries)
            raise CompileError(
                [Diagnostic("unknown-key", message, entry.key_span, helps=helps, fix=fix)]
            )
        yield key, entry.value


def _check(name: str, comparator: str, node: Node, quantities: _Quantities) -> list[Diagnostic]:
    quantity = parse_quantity(node.text) if isinstance(node, Scalar) else None
    if quantity is None:
        examples = "25636712 or 3.86G"
        message = f"expected a quantity such as {examples}, found {describe(node)}"
        return [Diagnostic("wrong-type", message, node.span)]
    found = quantities[name]
    if found and all(_holds(quantity, comparator, value) for value in found):
        return []
    bound = f"{comparator.replace('_', ' ')} " if comparator else ""
    shown = _shown(quantity, found)
    message = f"expected {name} {bound}{node.span.text}, found {shown}"
    return [Diagnostic("contract", message, node.span)]


def _holds(quantity: Quantity, comparator: str, value: int | float) -> bool:
    if not comparator:
        return quantity.stands_for(value)
    return _BOUNDS[comparator](Decimal(value), quantity.value)


def _shown(quantity: Quantity, found: Found) -> str:
    """The numbers of all axes: one where they are equal."""
    if not found:
        return "no axis to measure it on"
    # What is a whole number reads as one.
    whole = [int(value) if value == int(value) else value for value in found]
    distinct = whole[:1] if len(set(whole)) == 1 else whole
    return "×".join(quantity.spell(value) for value in distinct)


def _check_output(graph: Graph, node: Node) -> list[Diagnostic]:
    shapes = [tuple(graph.nodes[output.node].shape) for output in graph.outputs]
    expected = _numbers(node)
    found = shapes[0] if len(shapes) == 1 else tuple(shapes)
    if expected == found:
        return []
    shown = " and ".join("×".join(map(str, shape)) for shape in shapes)
    message = f"expected output {node.span.text}, found {shown}"
    return [Diagnostic("contract", message, node.span)]


def _numbers(node: Node) -> object:
    if isinstance(node, Sequence):
        return tuple(_numbers(item) for item in node.items)
    return node.value if isinstance(node, Scalar) else None
