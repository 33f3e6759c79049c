"""The body of a function as the template sees it: statements whose parts are source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from archc.emission.plan import (
    Apply,
    Branch,
    CountLoop,
    Invoke,
    Local,
    Move,
    Parameter,
    Statement,
    TableLoop,
)
from archc.emission.printing import expression
from archc.targets.keras.lowering import Feed, KerasCall
from archc.targets.keras.view_calls import Alias, constructor_and_arguments, full_name
from archc.targets.keras.view_names import names_read
from archc.targets.keras.view_paths import paths


@dataclass(slots=True)
class LayerView:
    """`result = constructor(arguments, name=name)(tensors)`."""

    kind: ClassVar = "layer"
    result: str
    constructor: str
    arguments: str
    name: str
    tensors: str


@dataclass(slots=True)
class CallView:
    """`results = function(arguments, name=name)`; without a `name` it is not given."""

    kind: ClassVar = "call"
    results: str
    function: str
    arguments: str
    name: str


@dataclass(slots=True)
class AssignmentView:
    """`name = value`, or with an `operator` such as `+`, `name += value`."""

    kind: ClassVar = "assignment"
    name: str
    operator: str
    value: str


@dataclass(slots=True)
class BranchView:
    """`if condition: paths`."""

    kind: ClassVar = "branch"
    condition: str
    paths: Paths


@dataclass(slots=True)
class LoopView:
    """`for variables in iterable: paths`."""

    kind: ClassVar = "loop"
    variables: str
    iterable: str
    paths: Paths


StatementView: TypeAlias = LayerView | CallView | AssignmentView | BranchView | LoopView

Paths: TypeAlias = list[list[StatementView]]
"""Statements in paragraphs, between which a blank line stands."""


@dataclass(slots=True)
class Scope:
    """Where statements stand: whether layers are named after the unit, and the file's aliases."""

    named: bool
    aliases: Mapping[str, Alias] = field(default_factory=dict)

    def paths(self, body: list[Statement[KerasCall]]) -> Paths:
        """The statements of a body in paragraphs."""
        return [
            [view for statement in path for view in self._views(statement)] for path in paths(body)
        ]

    def _views(self, statement: Statement[KerasCall]) -> Iterator[StatementView]:
        match statement:
            case Apply():
                yield from self._layers(statement)
            case Invoke():
                yield self._call(statement)
            case Move(name, value) | Local(name, value):
                yield _assignment(name, value)
            case Branch(condition, body):
                yield BranchView(expression(condition), self.paths(body))
            case TableLoop() | CountLoop():
                yield LoopView(*_loop(statement), self.paths(statement.body))

    def _layers(self, statement: Apply[KerasCall]) -> Iterator[LayerView]:
        inputs = statement.inputs
        for call in statement.calls:
            constructor, arguments = constructor_and_arguments(call, self.aliases)
            name = full_name(statement.local, named=self.named, suffix=call.suffix)
            tensors = _fed(call.feed, inputs)
            yield LayerView(statement.result, constructor, arguments, name, tensors)
            inputs = (statement.result,)

    def _call(self, statement: Invoke[KerasCall]) -> CallView:
        unit = statement.unit
        assert unit.named == (statement.local is not None), unit.name
        name = full_name(statement.local, named=self.named) if statement.local else ""
        arguments = [*statement.inputs, *_arguments(unit.parameters, statement.arguments)]
        return CallView(", ".join(statement.results), unit.name, ", ".join(arguments), name)


def _assignment(name: str, value: ast.expr) -> AssignmentView:
    match value:
        # Linters take `+= 1` in a loop for a counter that should be `enumerate`.
        case ast.BinOp(ast.Name(known), ast.Add(), more) if known == name and not isinstance(
            more, ast.Constant
        ):
            return AssignmentView(name, "+", expression(more))
    return AssignmentView(name, "", expression(value))


def in_order(parameters: list[Parameter]) -> list[Parameter]:
    """Parameters as a function has them: those that must be given first."""
    return sorted(parameters, key=lambda parameter: parameter.default is not None)


def _arguments(parameters: list[Parameter], given: Mapping[str, ast.expr]) -> Iterator[str]:
    ordered = in_order(parameters)
    assert given.keys() <= {parameter.name for parameter in ordered}
    positional = True
    for position, parameter in enumerate(ordered):
        code = given.get(parameter.name)
        if code is None:
            assert parameter.default is not None, parameter.name
            continue
        positional = positional and parameter.default is None
        positional = positional and _clear_by_place(position, parameter.name, code)
        yield expression(code) if positional else f"{parameter.name}={expression(code)}"


def _clear_by_place(position: int, name: str, code: ast.expr) -> bool:
    """Whether a reader knows what an argument is without its parameter's name."""
    if isinstance(code, ast.Name) and code.id == name:
        return True
    is_switch = isinstance(code, ast.Constant) and isinstance(code.value, bool | None)
    return position < 2 and not is_switch


def _fed(feed: Feed, inputs: tuple[str, ...]) -> str:
    if feed == "list":
        return f"[{', '.join(inputs)}]"
    (tensor,) = inputs
    return f"{tensor}, {tensor}" if feed == "twice" else tensor


def _loop(loop: TableLoop[KerasCall] | CountLoop[KerasCall]) -> tuple[str, str]:
    """The variables of a loop and what it runs over."""
    used = names_read(loop.body)
    if isinstance(loop, CountLoop):
        variable = _marked(loop.variable, used)
        stop = expression(loop.stop)
        from_zero = isinstance(loop.start, ast.Constant) and loop.start.value == 0
        return (
            variable,
            f"range({stop})" if from_zero else f"range({expression(loop.start)}, {stop})",
        )
    columns = [_marked(column, used) for column in loop.table.columns]
    table = loop.table.name
    if loop.number is None or loop.number not in used:
        return ", ".join(columns), table
    row = columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
    start = f", {loop.start}" if loop.start else ""
    return f"{loop.number}, {row}", f"enumerate({table}{start})"


def _marked(variable: str, used: frozenset[str]) -> str:
    """A variable that the body does not use begins with `_`, as linters ask for."""
    return variable if variable in used else f"_{variable}"
