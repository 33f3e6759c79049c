"""What plans for PyTorch mean, found out without the printer.

`meant` runs a plan with PyTorch statement by statement, and knows nothing of classes. Modules have
weights that depend on their shapes alone, so that no names are needed to compare two models.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from typing import TypeAlias

import torch
from torch import nn

from archc.emission import functions_source
from archc.emission.plan import (
    Apply,
    Branch,
    Code,
    CountLoop,
    Invoke,
    Local,
    Move,
    Plan,
    Statement,
    TableLoop,
    Unit,
)
from archc.emission.symbols import code_of
from archc.targets.torch import modules
from archc.targets.torch.lowering.call import TorchCall

Body: TypeAlias = "list[Statement[TorchCall]]"
Layers = Unit[TorchCall]
Tensors = tuple[torch.Tensor, ...]


def weighted(model: nn.Module) -> nn.Module:
    """The model in evaluation, with weights that depend on their shapes alone."""
    with torch.no_grad():
        for parameter in model.parameters():
            steps = torch.arange(parameter.numel(), dtype=parameter.dtype)
            fan_in = math.prod(parameter.shape[1:])
            parameter.copy_(torch.sin(3 * steps + 1).reshape(parameter.shape) * 2 / fan_in**0.5)
    return model.eval()


def meant(plan: Plan[TorchCall], *inputs: torch.Tensor) -> Tensors:
    """What a network gives by its plan, run statement by statement."""
    run = _Run(plan)
    knobs = {knob.name: run.value(knob.default, {}) for knob in plan.knobs if knob.default}
    tensors = dict(zip([entry.variable for entry in plan.entries], inputs, strict=True))
    run.body(plan.main, knobs, tensors)
    return tuple([tensors[name] for name in plan.outputs])


class _Run:
    def __init__(self, plan: Plan[TorchCall]) -> None:
        self._known = {
            **{name: getattr(functions_source, name) for name in plan.functions},
            "math": math,
            "nn": nn,
            "F": nn.functional,
            "torch": torch,
            **vars(modules),
        }
        for table in plan.tables:
            self._known[table.name] = [[self.value(c, {}) for c in row] for row in table.rows]

    def value(self, code: Code, numbers: dict[str, object]) -> object:
        return eval(ast.unparse(code), {**self._known, **numbers})

    def body(
        self, body: Body, numbers: dict[str, object], tensors: dict[str, torch.Tensor]
    ) -> None:
        for statement in body:
            self._statement(statement, numbers, tensors)

    def _statement(  # noqa: C901
        self,
        statement: Statement[TorchCall],
        numbers: dict[str, object],
        tensors: dict[str, torch.Tensor],
    ) -> None:
        match statement:
            case Apply(result, calls, inputs):
                values: Tensors = tuple([tensors[name] for name in inputs])
                for call in calls:
                    values = (self._call(call, numbers, values),)
                tensors[result] = values[0]
            case Invoke(results, unit, inputs, arguments):
                given = self._invoke(unit, arguments, numbers, [tensors[name] for name in inputs])
                tensors.update(zip(results, given, strict=True))
            case Move(result, source):
                tensors[result] = self.value(source, {**numbers, **tensors})  # type: ignore[assignment]
            case Local(name, value):
                numbers[name] = self.value(value, numbers)
            case Branch(condition, body):
                if self.value(condition, numbers):
                    self.body(body, numbers, tensors)
            case CountLoop(variable, start, stop, body):
                for number in range(self.value(start, numbers), self.value(stop, numbers)):  # type: ignore[call-overload]
                    numbers[variable] = number
                    self.body(body, numbers, tensors)
            case TableLoop(table, counted, first, body):
                for index, row in enumerate(self._known[table.name], first):
                    numbers.update(zip(table.columns, row, strict=True))
                    if counted:
                        numbers[counted] = index
                    self.body(body, numbers, tensors)

    def _invoke(
        self,
        unit: Layers,
        arguments: dict[str, Code],
        numbers: dict[str, object],
        inputs: Iterable[torch.Tensor],
    ) -> Tensors:
        inner = {p.name: self.value(p.default, {}) for p in unit.parameters if p.default}
        inner.update({name: self.value(value, numbers) for name, value in arguments.items()})
        tensors = dict(zip(unit.inputs, inputs, strict=True))
        self.body(unit.body, inner, tensors)
        return tuple([tensors[name] for name in unit.outputs])

    def _call(self, call: TorchCall, numbers: dict[str, object], inputs: Tensors) -> torch.Tensor:
        if not call.constructor:
            places = {f"_{number}": tensor for number, tensor in enumerate(inputs)}
            source = call.expression.replace("{", "_").replace("}", "")
            return eval(source, {**self._known, **places})  # type: ignore[no-any-return]
        constructor = eval(call.constructor, self._known)
        values = {name: self.value(code_of(value), numbers) for name, value in call.arguments}
        made = weighted(constructor(**values))
        return made(*inputs)  # type: ignore[no-any-return]
