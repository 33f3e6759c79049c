"""The forward pass of a class as lines: short calls are put into one expression."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from archc.emission.printing import expression
from archc.targets.torch.emit_constructor import if_line
from archc.targets.torch.emit_flow import Tensors
from archc.targets.torch.emit_names import checked
from archc.targets.torch.emit_parts import Choose, Layer, RunEach, RunIf, Running, Step
from archc.targets.torch.view import LineView

_WIDTH = 88
_MOST_CALLS = 3
_PLACE = re.compile(r"\{(\d+)\}")
_STAND_IN = "tensor__{}"


@dataclass(frozen=True, slots=True)
class _Value:
    """What some tensors are, not yet assigned.

    `ends` says that a thought ends here, with an activation.
    """

    results: tuple[str, ...]
    code: ast.expr
    calls: int
    ends: bool


def forward_lines(parts: list[Running], outputs: tuple[str, ...]) -> tuple[LineView, ...]:
    """The lines of `forward`, which gives `outputs`."""
    lines = _Lines(depth=2)
    lines.run(parts)
    lines.give(outputs)
    return tuple(lines.made)


class _Lines:
    def __init__(self, depth: int) -> None:
        self.made: list[LineView] = []
        self._depth = depth
        self._value: _Value | None = None

    def run(self, parts: list[Running]) -> None:
        for part in parts:
            match part:
                case Layer():
                    self._layer(part)
                case Choose():
                    self._choose(part)
                case RunIf(condition=condition, body=body):
                    self._run_if(condition, body)
                case RunEach(variable=variable, attribute=attribute, body=body):
                    lines = self._nested(body)
                    self.made.append(LineView("for", variable, f"self.{attribute}", body=lines))

    def give(self, outputs: tuple[str, ...]) -> None:
        value = self._value
        if value is not None and value.results == outputs:
            text = expression(value.code)
            if self._fits("return ", text) or not self._fits(f"{', '.join(outputs)} = ", text):
                self.made.append(LineView("return", value=text))
                return
        self._assign()
        self.made.append(LineView("return", value=", ".join(map(checked, outputs))))

    def _nested(self, body: list[Running]) -> tuple[LineView, ...]:
        self._assign()
        inner = _Lines(self._depth + 1)
        inner.run(body)
        inner._assign()
        return tuple(inner.made)

    def _run_if(self, condition: ast.expr, body: list[Running]) -> None:
        lines = self._nested(body)
        if lines:
            self.made.append(if_line(condition, lines))

    def _layer(self, layer: Layer) -> None:
        inputs = layer.inputs
        for number, step in enumerate(layer.steps):
            last = number == len(layer.steps) - 1
            results = layer.results if last else layer.results[:1]
            alive = layer.alive if last else layer.alive.union(results)
            self._step(step, inputs, results, alive, goes_on=number > 0)
            inputs = results
        if not layer.steps:
            self._rename(layer.results[0], inputs[0], layer.alive)

    def _step(
        self,
        step: Step,
        inputs: Sequence[str],
        results: tuple[str, ...],
        alive: Tensors,
        *,
        goes_on: bool,
    ) -> None:
        counted = step.is_module or step.source.startswith("F.")
        results = tuple([name if name in alive else "_" for name in results])
        ends = counted and not step.is_module
        value = self._value
        if value is not None and self._can_join(value, inputs, results, alive, goes_on=goes_on):
            calls = value.calls + counted
            code = _filled(step.source, [value.code])
            if calls <= _MOST_CALLS and self._fits(f"{', '.join(results)} = ", expression(code)):
                self._value = _Value(results, code, calls, ends)
                return
        self._assign()
        code = _filled(step.source, [ast.Name(checked(name), ast.Load()) for name in inputs])
        self._value = _Value(results, code, int(counted), ends)

    def _can_join(
        self,
        value: _Value,
        inputs: Sequence[str],
        results: tuple[str, ...],
        alive: Tensors,
        *,
        goes_on: bool,
    ) -> bool:
        """Whether the value is what this step alone takes."""
        if value.results != tuple(inputs) or len(inputs) != 1 or (value.ends and not goes_on):
            return False
        return inputs[0] in results or inputs[0] not in alive

    def _choose(self, choose: Choose) -> None:
        if isinstance(choose.source, ast.Name):
            self._rename(choose.result, choose.source.id, choose.alive)
        elif choose.result in choose.alive:
            self._assign()
            self._value = _Value((choose.result,), choose.source, 0, ends=True)

    def _rename(self, result: str, source: str, alive: Tensors) -> None:
        if result == source or result not in alive:
            return
        value = self._value
        if value is not None and value.results == (source,) and source not in alive:
            self._value = _Value((result,), value.code, value.calls, value.ends)
            return
        self._assign()
        self._value = _Value((result,), ast.Name(checked(source), ast.Load()), 0, ends=False)

    def _assign(self) -> None:
        value, self._value = self._value, None
        if value is None:
            return
        text = expression(value.code)
        if set(value.results) == {"_"}:
            self.made.append(LineView("do", value=text))
        else:
            self.made.append(LineView("assign", ", ".join(map(checked, value.results)), text))

    def _fits(self, before: str, text: str) -> bool:
        return 4 * self._depth + len(before) + len(text) <= _WIDTH


def _filled(source: str, tensors: list[ast.expr]) -> ast.expr:
    """The expression of a step, with tensors in their places."""
    by_name = {_STAND_IN.format(number): tensor for number, tensor in enumerate(tensors)}
    marked = _PLACE.sub(lambda place: _STAND_IN.format(place[1]), source)
    code = _Filling(by_name).visit(ast.parse(marked, mode="eval").body)
    assert isinstance(code, ast.expr)
    return code


class _Filling(ast.NodeTransformer):
    def __init__(self, tensors: dict[str, ast.expr]) -> None:
        self._tensors = tensors

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._tensors.get(node.id, node)
