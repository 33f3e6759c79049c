"""What enters the network: its shapes for a reader, and for a first run."""

from __future__ import annotations

import ast
from copy import deepcopy

from archc.emission.plan import Code, Plan
from archc.emission.printing import expression
from archc.targets.torch.emit_errors import CannotPrint
from archc.targets.torch.emit_names import checked
from archc.targets.torch.lowering.call import TorchCall
from archc.targets.torch.view import RunView


def entering(plan: Plan[TorchCall]) -> str:
    """One line on the tensors that enter, channels first."""
    if len(plan.entries) == 1:
        return f"Input: (batch, {', '.join(_sides(plan, plan.entries[0].shape))})."
    shapes = [
        f"{checked(entry.variable)} (batch, {', '.join(_sides(plan, entry.shape))})"
        for entry in plan.entries
    ]
    return f"Inputs: {', '.join(shapes)}."


def run_view(plan: Plan[TorchCall], class_name: str) -> RunView | None:
    """The model run once; nothing where it has parameters that must be given."""
    if any(knob.default is None for knob in plan.knobs):
        return None
    shapes = [f"1, {', '.join(_sides(plan, entry.shape))}" for entry in plan.entries]
    return RunView(class_name, tuple(shapes), len(plan.outputs))


def _sides(plan: Plan[TorchCall], shape: Code) -> list[str]:
    """The channels and the spatial sides of a shape, which has the channels last."""
    known = {knob.name: knob.default for knob in plan.knobs if knob.default is not None}
    code = _Known(known).visit(deepcopy(shape))
    if not isinstance(code, ast.Tuple | ast.List):
        raise CannotPrint(f"an input of the shape `{ast.unparse(shape)}`")
    *sides, channels = code.elts
    return [expression(side) for side in (channels, *sides)]


class _Known(ast.NodeTransformer):
    """Puts the values of knobs in their places."""

    def __init__(self, values: dict[str, Code]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> Code:
        return self._values.get(node.id, node)
