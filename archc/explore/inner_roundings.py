"""What a spec's own expressions round: the calls of rounding functions that changed a number.

An elaboration knows nothing of them, so as to be fast: the spec is elaborated once more, with
expressions that tell of these calls.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from archc.api import Spec
from archc.diagnostics import Span
from archc.elaborate import elaborate
from archc.elaborate.values import WATCHED, Computed
from archc.expressions.closures import Extent
from archc.expressions.compiler import Compiler
from archc.expressions.functions import Arguments, Function
from archc.expressions.grammar import Place, parse_tree
from archc.expressions.values import Evaluation

ROUNDING: Final = frozenset({"round", "int", "floor", "ceil", "round_to", "divisible"})
"""The functions whose result stands for the number that they are given."""

MOST: Final = 1_000
"""Roundings that are told apart; all beyond them are left out."""


@dataclass(frozen=True, slots=True)
class InnerRounding:
    """A call that made one number of another: where it stands, once for each pair of numbers."""

    span: Span
    exact: int | float
    value: int | float


def inner_roundings(spec: Spec) -> tuple[InnerRounding, ...]:
    """The roundings in a spec's expressions, in the order in which they are first made.

    Raises `CompileError` where the spec makes no network.
    """
    found: dict[InnerRounding, None] = {}

    def note(span: Span, exact: object, value: object) -> None:
        if not isinstance(exact, int | float) or not isinstance(value, int | float):
            return
        if exact != value and len(found) < MOST:
            found[InnerRounding(span, exact, value)] = None

    with _noted(note):
        elaborate(spec.assembled)
    return tuple(found)


Note = Callable[[Span, object, object], None]


@contextmanager
def _noted(note: Note) -> Iterator[None]:
    """Within the block every expression that is read tells `note` of its roundings."""

    def watch(value: Computed) -> None:
        tree, place = parse_tree(value.expression.text)
        if any(isinstance(part, ast.Name) and part.id in ROUNDING for part in ast.walk(tree)):
            compiled = _NotingCompiler(place, value, note).compile(tree)
            value.expression = replace(value.expression, _run=compiled.run)

    token = WATCHED.set(watch)
    try:
        yield
    finally:
        WATCHED.reset(token)


class _NotingCompiler(Compiler):
    """Compiles as any other, but with rounding functions that tell what they did."""

    def __init__(self, place: Place, value: Computed, note: Note) -> None:
        super().__init__(place)
        self._value = value
        self._note = note

    def _function(self, node: ast.Call) -> Function:
        function = super()._function(node)
        if function.name not in ROUNDING:
            return function
        return function._replace(run=self._noting(function, self._place(node)))

    def _noting(
        self, function: Function, extent: Extent
    ) -> Callable[[Arguments, Evaluation], object]:
        def run(arguments: Arguments, evaluation: Evaluation) -> object:
            result = function.run(arguments, evaluation)
            self._note(self._value.locate(*extent), arguments[0], result)
            return result

        return run
