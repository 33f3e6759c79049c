"""An expression: parsed and checked once, evaluated often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import cast

from archc.expressions.budget import SHARED, Budget
from archc.expressions.closures import Run
from archc.expressions.compiler import Compiler
from archc.expressions.errors import ExpressionError
from archc.expressions.grammar import parse_tree
from archc.expressions.limits import MAX_STEPS, MAX_STEPS_TOGETHER
from archc.expressions.values import Evaluation, Lookup, Value


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A checked expression.

    `names` are the free names: neither functions nor variables of a comprehension;
    `name_positions` says where each stands, as offsets into `text`, ends exclusive;
    `attributes` are the pairs of a free name and an attribute that is read of it.
    """

    text: str
    names: frozenset[str]
    name_positions: Mapping[str, tuple[tuple[int, int], ...]] = field(repr=False)
    attributes: frozenset[tuple[str, str]] = field(repr=False)
    _run: Run = field(repr=False)
    _variables: int = field(repr=False)

    def evaluate(self, lookup: Lookup) -> Value:
        """The value, with names looked up as they are needed.

        `lookup` raises `KeyError` for a name that it does not know; any other exception of its
        own goes through untouched. Raises `ExpressionError`.
        """
        budget = SHARED.get()
        if budget is None:
            return cast(Value, self._run(Evaluation(lookup, self._variables)))
        return self._evaluate_within(budget, lookup)

    def _evaluate_within(self, budget: Budget, lookup: Lookup) -> Value:
        steps = min(budget.left, MAX_STEPS)
        evaluation = Evaluation(lookup, self._variables, steps)
        try:
            return cast(Value, self._run(evaluation))
        except ExpressionError as error:
            if evaluation.steps >= 0 or steps == MAX_STEPS:
                raise
            most = f"at most {MAX_STEPS_TOGETHER:,} steps in all expressions of a spec"
            raise ExpressionError(
                f"expected {most}, found more", error.start, error.end, code="expression-limit"
            ) from None
        finally:
            budget.left -= min(steps - evaluation.steps, steps)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression of a text, without its leading `=`. Raises `ExpressionError`."""
    tree, place = parse_tree(text)
    compiler = Compiler(place)
    run = compiler.compile(tree).run
    positions = {name: tuple(places) for name, places in compiler.names.items()}
    return Expression(
        text,
        frozenset(positions),
        MappingProxyType(positions),
        frozenset(compiler.attributes),
        run,
        compiler.variables,
    )
