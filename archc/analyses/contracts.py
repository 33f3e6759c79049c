"""`expect:` what a spec promises about itself, held against what it came to."""

from __future__ import annotations

import re
from decimal import Decimal

from archc.analyses.cost import analyse
from archc.diagnostics import CompileError, Diagnostic
from archc.graph import Graph
from archc.source import Node, Scalar, Sequence
from archc.spec import ExpectDocument, describe

_QUANTITY = re.compile(r"(?P<number>\d{1,18}(\.\d{1,6})?)(?P<unit>[kKMGT]?)")
_UNITS = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12}


def check_contracts(graph: Graph, expect: ExpectDocument) -> None:
    """Raises `CompileError` with exit code 1 and one diagnostic for each promise that is broken.

    A quantity with a unit holds to the digits that it is given with: 3.86G is 3.855G to 3.865G.
    """
    total = analyse(graph).total
    found = {"params": total.params, "trainable": total.trainable, "macs": total.macs}
    diagnostics = []
    for name, value in found.items():
        node: Node | None = getattr(expect, name)
        if node is not None and not _holds(node, value):
            shown = node.span.text
            message = f"expected {name} {shown}, found {_shown(value, shown)}"
            diagnostics.append(Diagnostic("contract", message, node.span))
    if expect.output is not None:
        diagnostics += _check_output(graph, expect.output)
    if diagnostics:
        raise CompileError(diagnostics, exit_code=1)


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


def _holds(node: Node, value: int) -> bool:
    """Whether the quantity, rounded as the spec gives it, is the one found."""
    text = node.text if isinstance(node, Scalar) else ""
    match = _QUANTITY.fullmatch(text.replace(",", "").replace("_", ""))
    if match is None:
        message = f"expected a quantity such as 25636712 or 3.86G, found {describe(node)}"
        raise CompileError([Diagnostic("wrong-type", message, node.span)])
    expected = Decimal(match["number"])
    scaled = Decimal(value).scaleb(-_UNITS[match["unit"]])
    return (
        abs(scaled - expected) * 2 <= Decimal(1).scaleb(_exponent(expected))
        if match["unit"]
        else scaled == expected
    )


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _shown(value: int, like: str) -> str:
    """The value in the unit of the promise, and exactly."""
    unit = like[-1:] if like[-1:] in _UNITS else ""
    if not unit:
        return f"{value}"
    return f"{Decimal(value).scaleb(-_UNITS[unit]):.4f}{unit}"
