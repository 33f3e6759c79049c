"""Units as classes, each placed where the units that it uses are known."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from archc.emission.plan import Invoke, Parameter, Unit
from archc.emission.printing import docstring_literal, expression
from archc.targets.torch.emit_constructor import constructor_lines, names_read, without_idle
from archc.targets.torch.emit_forward import forward_lines
from archc.targets.torch.emit_names import checked, class_name, fresh
from archc.targets.torch.emit_place import Placing
from archc.targets.torch.lowering.call import TorchCall
from archc.targets.torch.view import ClassView


@dataclass(frozen=True, slots=True)
class _Printed:
    """A class; `parameters` are those of the unit that it needs, `stages` the classes after it."""

    view: ClassView
    parameters: list[Parameter]
    stages: list[Unit[TorchCall]]


class ClassNames:
    """The names of classes. `taken` are names that none may have."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._names: dict[int, str] = {}

    def of(self, unit: Unit[TorchCall]) -> str:
        """The name of a unit's class; of two that ask for a name the first gets it."""
        if id(unit) not in self._names:
            made = checked(fresh(class_name(unit.name, unit.kind), self._taken))
            self._names[id(unit)] = made
            self._taken.add(made)
        return self._names[id(unit)]


class Classes:
    """The classes of a file."""

    def __init__(self, names: ClassNames, make_layer: Callable[[TorchCall], str]) -> None:
        self._names = names
        self._make_layer = make_layer
        self._printed: dict[int, _Printed] = {}

    def views(self, unit: Unit[TorchCall]) -> list[ClassView]:
        """The class of a unit, and those of its loops."""
        printed = self._print(unit)
        return [printed.view, *(view for stage in printed.stages for view in self.views(stage))]

    def _print(self, unit: Unit[TorchCall]) -> _Printed:
        if id(unit) not in self._printed:
            name = self._names.of(unit)
            placing = Placing(unit, self._make_layer, self._invocation)
            sides = placing.sides()
            making = without_idle(sides.constructor)
            used = names_read(making)
            parameters = in_order([p for p in unit.parameters if p.name in used])
            about = " ".join(unit.about.split())
            view = ClassView(
                name,
                "Sequential" if placing.is_chain else "Module",
                docstring_literal(about) if about else "",
                ", ".join(["self", *map(_parameter, parameters)]),
                constructor_lines(making),
                ", ".join(["self", *map(checked, unit.inputs)]),
                None if placing.is_chain else forward_lines(sides.forward, unit.outputs),
            )
            self._printed[id(unit)] = _Printed(view, parameters, placing.stages)
        return self._printed[id(unit)]

    def _invocation(self, invoke: Invoke[TorchCall]) -> str:
        parameters = self._print(invoke.unit).parameters
        arguments = ", ".join(_arguments(parameters, invoke.arguments))
        return f"{self._names.of(invoke.unit)}({arguments})"


def in_order(parameters: list[Parameter]) -> list[Parameter]:
    """Parameters as a function has them: those that must be given first."""
    return sorted(parameters, key=lambda parameter: parameter.default is not None)


def _parameter(parameter: Parameter) -> str:
    name = checked(parameter.name)
    return name if parameter.default is None else f"{name}={expression(parameter.default)}"


def _arguments(parameters: list[Parameter], given: Mapping[str, ast.expr]) -> list[str]:
    arguments = []
    positional = True
    for parameter in parameters:
        code = given.get(parameter.name)
        if code is None:
            assert parameter.default is not None, parameter.name
            continue
        positional = positional and parameter.default is None and _is_clear(parameter.name, code)
        text = expression(code)
        arguments.append(text if positional else f"{checked(parameter.name)}={text}")
    return arguments


def _is_clear(name: str, code: ast.expr) -> bool:
    """Whether a reader knows what an argument is without its parameter's name."""
    return name.endswith("channels") or (isinstance(code, ast.Name) and code.id == name)
