"""Names for tensors: values that are never alive together, and follow each other, share one.

The walker gives every tensor a name of its own (`%12`). Here each gets the name that a person would
have written: a chain of layers keeps assigning `x`, a path goes by its name, and what is still
needed further down keeps its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from archc.emission.plan import (
    Apply,
    Branch,
    CountLoop,
    Invoke,
    Local,
    Move,
    Statement,
    TableLoop,
    Unit,
)
from archc.emission.symbols import Symbolic, symbolic

MARK = "%"
"""What the names of values begin with until they are given."""


def name_variables(
    unit: Unit[Any], preferred: Mapping[str, str], taken: Iterable[str]
) -> dict[str, str]:
    """Give the values of a unit their names, in place; which name each value got.

    `preferred` says what a value would be called; `taken` are names that none may have.
    """
    return Variables(unit.inputs, unit.outputs, unit.body, preferred, set(taken)).settle(unit)


class Variables:
    """The values of one body: which are alive together, and which follow one another."""

    def __init__(
        self,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        body: list[Statement[Any]],
        preferred: Mapping[str, str],
        taken: set[str],
    ) -> None:
        self._preferred = preferred
        self._taken = taken
        self._parent: dict[str, str] = {}
        self._clashes: dict[str, set[str]] = {}
        self._moves: list[tuple[str, str]] = []
        self._chains: list[tuple[str, str]] = []
        self._order: list[str] = []
        self._inputs = inputs
        alive = self._live(body, set(outputs))
        for value in (*inputs, *outputs):
            self._add(value)
        for value in inputs:
            self._define(value, (alive | set(inputs)) - {value})
        self._merge(self._moves)
        self._merge(self._chains)

    def settle(self, unit: Unit[Any]) -> dict[str, str]:
        names = self._names()
        unit.inputs = tuple([names[value] for value in unit.inputs])
        unit.outputs = tuple([names[value] for value in unit.outputs])
        unit.body = renamed(unit.body, names)
        return names

    def _add(self, value: str) -> None:
        if value not in self._parent:
            self._parent[value] = value
            self._clashes[value] = set()
            self._order.append(value)

    def _define(self, value: str, alive: set[str]) -> None:
        self._add(value)
        for other in sorted(alive, key=_age):
            self._add(other)
            if other != value:
                self._clashes[value].add(other)
                self._clashes[other].add(value)

    def _live(self, body: list[Statement[Any]], alive: set[str]) -> set[str]:
        """The values alive before a body, where `alive` are after it."""
        for statement in reversed(body):
            alive = self._before(statement, alive)
        return alive

    def _before(self, statement: Statement[Any], alive: set[str]) -> set[str]:
        match statement:
            case Branch(condition, body):
                return alive | self._live(body, alive) | values_in(condition)
            case TableLoop() | CountLoop():
                entering = self._live(statement.body, set(alive))
                return alive | self._live(statement.body, alive | entering) | _bounds(statement)
            case Local(_, value):
                return alive | values_in(value)
            case Move(result, source):
                others = alive - {result}
                if isinstance(source, ast.Name):
                    self._moves.append((result, source.id))
                    self._define(result, others - {source.id})
                    self._add(source.id)
                else:
                    self._define(result, others)
                return others | values_in(source)
            case Apply(result, calls, inputs):
                # What later calls read must not go by the name that the first one assigns.
                self._define(result, (alive | values_in_calls(calls[1:])) - {result})
                self._follow(result, inputs)
                return (
                    (alive - {result})
                    | set(inputs)
                    | values_in_calls(calls)
                    | values_in(statement.local)
                )
            case Invoke(results, _, inputs, arguments):
                for result in results:
                    self._define(result, (alive | set(results)) - {result})
                self._follow(results[0], inputs)
                used = set(inputs).union(*(values_in(code) for code in arguments.values()))
                return (alive - set(results)) | used
        raise AssertionError(f"no rule for {statement!r}")

    def _follow(self, result: str, inputs: tuple[str, ...]) -> None:
        for value in inputs:
            self._add(value)
            self._chains.append((result, value))

    def _merge(self, pairs: list[tuple[str, str]]) -> None:
        for left, right in reversed(pairs):
            self._join(self._root(left), self._root(right))

    def _join(self, left: str, right: str) -> None:
        if left == right or right in self._clashes[left] or not self._alike(left, right):
            return
        self._parent[right] = left
        for other in self._clashes.pop(right):
            self._clashes[other].discard(right)
            self._clashes[other].add(left)
            self._clashes[left].add(other)

    def _alike(self, left: str, right: str) -> bool:
        """Whether two classes would be called the same, so that one name tells the truth."""
        return self._wish(left) == self._wish(right)

    def _wish(self, value: str) -> str:
        return self._preferred.get(value, "x")

    def _root(self, value: str) -> str:
        while self._parent[value] != value:
            value = self._parent[value]
        return value

    def _names(self) -> dict[str, str]:
        """Inputs last where they clash with a chain: the chain keeps the plain name."""
        given: dict[str, str] = {}
        entering = {self._root(value) for value in self._inputs}
        followed = {self._root(v) for v in self._parent if v not in self._inputs}
        roots = list(dict.fromkeys(self._root(value) for value in self._order))
        for root in sorted(roots, key=lambda value: value in entering and len(self._inputs) == 1):
            used = {given[other] for other in self._clashes[root] if other in given} | self._taken
            wish = self._wish(root)
            alone = root in entering and root not in followed
            choices = ["inputs"] if alone and wish == "x" else []
            given[root] = fresh(wish, used, choices)
        return {value: given[self._root(value)] for value in self._parent}


def fresh(wish: str, used: Container[str], others: Iterable[str] = ()) -> str:
    """A name that is not used: the one wished for, one of the others, or one with a number."""
    for name in (wish, *others):
        if name not in used:
            return name
    number = 2
    while f"{wish}{number}" in used:
        number += 1
    return f"{wish}{number}"


def _age(value: str) -> tuple[int, str]:
    """Orders values as they were made, so that a set's order decides nothing: `%9` before `%10`."""
    return len(value), value


def values_in(code: ast.expr | None) -> set[str]:
    """The values that an expression reads."""
    if code is None:
        return set()
    return {n.id for n in ast.walk(code) if isinstance(n, ast.Name) and n.id[0] == MARK}


def values_in_calls(calls: tuple[Any, ...]) -> set[str]:
    found: set[str] = set()
    for call in calls:
        for _, argument in call.arguments:
            found |= _values_in_argument(argument)
    return found


def _values_in_argument(argument: object) -> set[str]:
    if isinstance(argument, Symbolic):
        return values_in(argument.code)
    if isinstance(argument, tuple):
        return set().union(*(_values_in_argument(item) for item in argument))
    return set()


def _bounds(loop: TableLoop[Any] | CountLoop[Any]) -> set[str]:
    return values_in(loop.start) | values_in(loop.stop) if isinstance(loop, CountLoop) else set()


def renamed(body: list[Statement[Any]], names: Mapping[str, str]) -> list[Statement[Any]]:
    """The body with its values called by their names; moves to the same name are gone."""
    kept = []
    for statement in body:
        _rename(statement, names)
        same = (
            isinstance(statement, Move)
            and isinstance(statement.source, ast.Name)
            and statement.source.id == statement.result
        )
        empty = isinstance(statement, Branch) and not statement.body
        if not same and not empty:
            kept.append(statement)
    return kept


def _rename(statement: Statement[Any], names: Mapping[str, str]) -> None:
    match statement:
        case Branch():
            statement.condition = recode(statement.condition, names)
            statement.body = renamed(statement.body, names)
        case TableLoop():
            statement.body = renamed(statement.body, names)
        case CountLoop():
            statement.start = recode(statement.start, names)
            statement.stop = recode(statement.stop, names)
            statement.body = renamed(statement.body, names)
        case Local():
            statement.value = recode(statement.value, names)
        case Move():
            statement.result = names[statement.result]
            statement.source = recode(statement.source, names)
        case Apply():
            statement.result = names[statement.result]
            statement.inputs = tuple([names[value] for value in statement.inputs])
            statement.local = recode(statement.local, names)
            statement.calls = tuple([_recall(call, names) for call in statement.calls])
        case Invoke():
            statement.results = tuple([names[value] for value in statement.results])
            statement.inputs = tuple([names[value] for value in statement.inputs])
            statement.arguments = {
                key: recode(code, names) for key, code in statement.arguments.items()
            }
            statement.local = recode(statement.local, names) if statement.local else None


def _recall(call: Any, names: Mapping[str, str]) -> Any:
    from dataclasses import replace

    if not values_in_calls((call,)):
        return call
    arguments = tuple([(key, _reargue(value, names)) for key, value in call.arguments])
    return replace(call, arguments=arguments)


def _reargue(argument: Any, names: Mapping[str, str]) -> Any:
    if isinstance(argument, Symbolic):
        return symbolic(argument, recode(argument.code, names))
    if isinstance(argument, tuple):
        return tuple([_reargue(item, names) for item in argument])
    return argument


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._names.get(node.id, node.id), ast.Load())


def recode(code: ast.expr, names: Mapping[str, str]) -> ast.expr:
    """The expression with its values called by their names."""
    if not values_in(code):
        return code
    made = _Renamer(names).visit(_copied(code))
    assert isinstance(made, ast.expr)
    return made


class _Substitution(ast.NodeTransformer):
    def __init__(self, codes: Mapping[str, ast.expr]) -> None:
        self._codes = codes

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._codes.get(node.id, node)


def substituted(code: ast.expr, codes: Mapping[str, ast.expr]) -> ast.expr:
    """The expression with codes in the place of names."""
    made = _Substitution(codes).visit(_copied(code))
    assert isinstance(made, ast.expr)
    return made


def _copied(code: ast.expr) -> ast.expr:
    import copy

    return copy.deepcopy(code)


_NOT_A_NAME = re.compile(r"\W+", re.ASCII)


def identifier(text: str, fallback: str = "x") -> str:
    """A text as an identifier of plain letters, digits and `_`, never a word of Python's."""
    import keyword

    made = _NOT_A_NAME.sub("_", text).strip("_").lower()
    if not made or made[0].isdigit():
        made = f"{fallback}{made}" if fallback else made
    return f"{made}_" if keyword.iskeyword(made) or keyword.issoftkeyword(made) else made
