"""`repeat` as a loop, where all rounds have one text; else they are written out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from archc.elaborate.program import Step
from archc.elaborate.record import Round, StepRecord
from archc.emission.branches import NameLocal
from archc.emission.loops import end_of_round, into_loop, out_of_loop, shifted
from archc.emission.plan import CountLoop
from archc.emission.positions import counted, values_read
from archc.emission.scope import Flow, Scope
from archc.emission.splits import CannotKeep, Choices, Hidden, Retry, Split
from archc.emission.symbols import Code, is_literal
from archc.emission.translate import NoCode
from archc.emission.variables import fresh

FEWEST_ROUNDS = 3
"""So many rounds make a loop of a `repeat` whose number is a literal."""

RunRound: TypeAlias = Callable[[list[Round], Flow, Scope], Flow]


class Repeats:
    """All `repeat` steps of one attempt."""

    def __init__(self, choices: Choices, hidden: Hidden, name_local: NameLocal) -> None:
        self._choices = choices
        self._name_local = name_local
        self._hidden = hidden

    def is_loop(
        self, step: Step, records: Sequence[StepRecord], code: Code | None, scope: Scope
    ) -> bool:
        """Whether the rounds are to be a loop that runs `code` times."""
        counts = {len(record.rounds) for record in records}
        rounds = [made for record in records for made in record.rounds]
        widths = {len(made.entering) for made in rounds} | {len(made.result) for made in rounds}
        if not self._choices.loops or scope.dry or code is None or 0 in counts or len(widths) > 1:
            return False
        if step.source is not None or _key(step, scope) in self._choices.unrolled:
            return False
        return max(counts) >= FEWEST_ROUNDS if is_literal(code) else True

    def run(
        self,
        step: Step,
        records: Sequence[StepRecord],
        code: Code,
        flow: Flow,
        scope: Scope,
        run: RunRound,
    ) -> Flow:
        """The loop. Raises `Retry` where it can't be one."""
        if is_literal(code):
            code = ast.Constant(len(records[0].rounds))
        key = _key(step, scope)
        changes = key in self._choices.carried
        pairs = [(lane, made) for lane, record in enumerate(records) for made in record.rounds]
        body: list[Any] = []
        inner = scope.narrowed([lane for lane, _ in pairs], body)
        inner.settle = lambda: self._settle(key, flow)
        start = 1 if ("repeat", "index") not in values_read((step,)) else 0
        variable = fresh("number" if start else "index", scope.home.own)
        scope.home.own.add(variable)
        position = counted(ast.Name(variable, ast.Load()), start, code)
        inner.context = {**scope.context, "repeat": position}
        entering = [made.entering for _, made in pairs]
        carried = into_loop(flow, entering, scope, self._name_local, changes=changes)
        try:
            results = run([made for _, made in pairs], carried, inner)
        except (Split, CannotKeep, NoCode):
            self._settle(key, flow)
            raise Retry from None
        scope.home.own.discard(variable)
        if not end_of_round(carried, results, body, changes=changes):
            self._choices.carried.add(key)
            raise Retry
        loop: CountLoop[Any] = CountLoop(variable, ast.Constant(start), shifted(code, start), body)
        scope.sink.append(loop)
        leaving = [record.rounds[-1].result for record in records]
        after = out_of_loop(loop, carried, results, leaving, certain=is_literal(code))
        self._name(after, records, inner, scope, key)
        return after

    def _settle(self, key: Any, flow: Flow) -> None:
        """What is done where the rounds differ: their channels change, then all written out."""
        tracked = any(variable.channels is not None for variable in flow)
        if tracked and key not in self._choices.carried:
            self._choices.carried.add(key)
        else:
            self._choices.unrolled.add(key)

    def _name(
        self, after: Flow, records: Sequence[StepRecord], inner: Scope, scope: Scope, key: Any
    ) -> None:
        """What the last round gave goes by its id; what others gave has no variable any more."""
        last = {record.rounds[-1].name for record in records}
        made = {round.name for record in records for round in record.rounds}
        self._hidden.hide((made | inner.tags.keys()) - scope.tags.keys(), key)
        if len(last) == 1 and made & inner.tags.keys():
            scope.tags[last.pop()] = after


def _key(step: Step, scope: Scope) -> Any:
    return (scope.home.key, "repeat", id(step))
