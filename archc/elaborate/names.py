"""Which names an expression may use where it stands, checked before anything is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from archc.diagnostics import Diagnostic, Findings, Related, Span, one_of
from archc.elaborate.values import Constant, Templated, Value, unknown_name

GROUP_NAMES = frozenset({"group", "block", "learner", "row"})


@dataclass(slots=True)
class BodyNames:
    """The names known in one body: a block's, or the spec's three components together.

    `fixed` are args, inputs and what the language gives; ids are added step by step, so that
    a reference forward is seen as one. An id with expressions in it is known as a pattern.
    """

    findings: Findings
    fixed: frozenset[str]
    inputs: frozenset[str] = frozenset()
    later: dict[str, Span] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    patterns: list[re.Pattern[str]] = field(default_factory=list)
    context: frozenset[str] = frozenset()
    """Names that hold around the step at hand: `group`, `row`, `repeat`, …"""

    def declare(self, identifier: Value) -> None:
        """A step's id becomes a name for the steps after it."""
        if isinstance(identifier, Constant):
            self.ids.add(str(identifier.value))
        elif isinstance(identifier, Templated):
            parts = [
                re.escape(p) if isinstance(p, str) else ".*" for p in identifier.template.parts
            ]
            self.patterns.append(re.compile("".join(parts)))
        else:
            self.patterns.append(re.compile(".*"))

    def check(self, value: Value | None, extra: frozenset[str] = frozenset()) -> None:
        """Every free name of the value is known here, else a finding."""
        if value is None or value.constant:
            return
        extra = extra | self.context
        unknown = value.free_names - self.fixed - self.ids - extra
        if not unknown:
            return
        for name, span in value.occurrences():
            if name in unknown and not self._may_be_an_id(name):
                self.findings.add(self._unknown(name, span, extra))

    def check_reference(self, value: Value) -> None:
        """The value of `from:`, or of an arg that names an input: an id, or an expression."""
        if not isinstance(value, Constant):
            self.check(value)
            return
        name = str(value.value)
        if name == "input" or name in self.inputs or name in self.ids or self._may_be_an_id(name):
            return
        if name in self.later:
            self.findings.add(_forward(name, value.span, self.later[name]))
            return
        known = sorted({"input", *self.inputs, *self.ids})
        self.findings.add(
            Diagnostic(
                "unknown-id",
                f"no earlier step has the id `{name}`",
                value.span,
                helps=(one_of(name, known, "ids before this step"),),
            )
        )

    def _may_be_an_id(self, name: str) -> bool:
        return any(pattern.fullmatch(name) for pattern in self.patterns)

    def _unknown(self, name: str, span: Span, extra: Iterable[str]) -> Diagnostic:
        if name in self.later:
            return _forward(name, span, self.later[name])
        if name in GROUP_NAMES:
            return Diagnostic(
                "unknown-name",
                f"`{name}` is known only in the keys, rows and ids of groups, `before` and `after`",
                span,
                helps=(f"declare an arg and give it there: `position: ={name}.index`",)
                if name != "row"
                else (),
            )
        if name == "repeat":
            return Diagnostic("unknown-name", "`repeat` is known only in a step that repeats", span)
        return unknown_name(name, span, sorted({*self.fixed, *self.ids, *extra}))


def _forward(name: str, span: Span, later: Span) -> Diagnostic:
    return Diagnostic(
        "from-forward",
        f"`{name}` is a later step: a step takes only what came before it",
        span,
        related=(Related(later, "defined here"),),
    )
