"""Stem, learner and task as units: what each takes of the others, and gives to them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from archc.elaborate.record import Body
from archc.emission.calls import unused
from archc.emission.plan import Invoke, Parameter, Unit
from archc.emission.reserved import RESERVED
from archc.emission.scope import Flow, Home, Scope, Variable, new_variable
from archc.emission.symbols import Code, names_in
from archc.emission.translate import OWN, PYTHON
from archc.emission.variables import fresh, identifier


class Component:
    """A component as a unit: what it takes of others, and what others take of it."""

    def __init__(
        self, name: str, label: str, main: Scope, walk: Callable[[list[Body], Flow, Scope], Flow]
    ) -> None:
        self._main = main
        self._walk = walk
        self.unit: Unit[Any] = Unit(name, "component", ())
        self.home = Home(self.unit, label, own=set(RESERVED), floats=main.home.floats)
        self._brought: dict[str, Variable] = {}
        self.scope = Scope(self.home, 1, self.unit.body, ast.Constant(""), {}, {})
        self.scope.origin = [0]
        self.invoke: Invoke[Any] = Invoke((), self.unit, (), {}, None, label)

    def write(self, body: Body, flow: Flow) -> Flow:
        for name, code in self._main.args.items():
            self.scope.args[name] = code
            if isinstance(code, ast.Name):
                self.unit.parameters.append(Parameter(code.id))
                self.invoke.arguments[code.id] = code
                self.home.own.add(code.id)
        self.scope.outer = self._outer
        entering = tuple(self._bring(variable, "x") for variable in flow)
        for name, variable in self._main.inputs.items():
            if any(variable.name == each.name for each in flow):
                self.scope.inputs[name] = self._bring(variable, "x")
        result = self._walk([body], entering, self.scope)
        return self._leave(result)

    def _outer(self, name: str) -> Flow | None:
        flow = self._main.find(name)
        if flow is None:
            return None
        return tuple(self._bring(variable, identifier(name)) for variable in flow)

    def _bring(self, outer: Variable, wish: str) -> Variable:
        if outer.name not in self._brought:
            made = outer.viewed([0])
            made.name = new_variable([], None, wish).name
            self.home.wishes[made.name] = wish
            if outer.channels is not None and self._is_exported(outer.channels):
                made.channels = self._parameter(wish, outer.channels)
            self.unit.inputs += (made.name,)
            self.invoke.inputs += (outer.name,)
            self._brought[outer.name] = made
        return self._brought[outer.name]

    @staticmethod
    def _is_exported(code: Code) -> bool:
        return any(isinstance(node, ast.Attribute) for node in ast.walk(code))

    def _parameter(self, wish: str, code: Code) -> Code:
        """A number that another component knows, as an argument."""
        name = unused("in_channels" if wish == "x" else f"{wish}_channels", self.home.own)
        self.unit.parameters.insert(0, Parameter(name))
        self.invoke.arguments = {name: code, **self.invoke.arguments}
        return ast.Name(name, ast.Load())

    def _leave(self, result: Flow) -> Flow:
        """What the component gives: its stream, and the tensors that ids name."""
        given = {v.name: v for v in result}
        tags = {v.name: v for flow in self.scope.tags.values() for v in flow}
        results: dict[str, Variable] = {}
        for name, variable in (given | tags).items():
            made = variable.viewed([0])
            made.name = new_variable([], None, "x").name
            made.channels = self._outside(variable)
            self._main.home.wishes[made.name] = self.home.wishes.get(name, variable.wish)
            results[name] = made
        self.unit.outputs = tuple(results)
        self.invoke.results = tuple(variable.name for variable in results.values())
        self._main.sink.append(self.invoke)
        for tag, flow in self.scope.tags.items():
            self._main.tags[tag] = tuple(results[v.name] for v in flow)
        return tuple(results[v.name] for v in result)

    def _outside(self, variable: Variable) -> Code | None:
        """The channels in terms of the knobs, or read from the component where they are not."""
        if variable.channels is None:
            return None
        read = names_in(variable.channels)
        knobs = {code.id for code in self._main.args.values() if isinstance(code, ast.Name)}
        if read <= knobs | OWN | {"math", *PYTHON} and not self._is_exported(variable.channels):
            return variable.channels
        known = {ast.dump(code): name for name, code in self.unit.exports.items()}
        name = known.get(ast.dump(variable.channels), "")
        if not name:
            name = fresh("out_channels", self.unit.exports)
            self.unit.exports[name] = variable.channels
        if self.invoke.bound is None:
            self.invoke.bound = unused(self.invoke.label, self._main.home.own)
        return ast.Attribute(ast.Name(self.invoke.bound, ast.Load()), name, ast.Load())
