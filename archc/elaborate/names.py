"""Which names an expression may use where it stands, checked before anything is evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from archc.diagnostics import Diagnostic, Findings, Related, Span, one_of, renaming
from archc.elaborate.ids import collect_ids
from archc.elaborate.values import BrokenValue, Constant, Templated, Value, unknown_name
from archc.source import Node

GROUP_NAMES = frozenset({"group", "block", "learner", "row"})


@dataclass
class BodyNames:
    """The names known in one body: a block's, or the spec's three components together.

    `fixed` are args, inputs and what the language gives; ids are added step by step, so that
    a reference forward, to one of `body`, is seen as one. An id with expressions in it is known
    as a pattern.
    """

    findings: Findings
    fixed: frozenset[str]
    inputs: frozenset[str] = frozenset()
    body: Sequence[Node] = ()
    ids: set[str] = field(default_factory=set)
    patterns: list[tuple[str, ...]] = field(default_factory=list)
    rows_read: set[str] = field(default_factory=set)
    """Keys of rows that any expression reads through `row.`"""
    context: frozenset[str] = frozenset()
    """Names that hold around the step at hand: `group`, `row`, `repeat`, …"""

    @cached_property
    def later(self) -> dict[str, Span]:
        """The ids of the whole body; only a name that is not known yet makes them matter."""
        return collect_ids(self.body)

    def declare(self, identifier: Value) -> None:
        """A step's id becomes a name for the steps after it."""
        if isinstance(identifier, Constant):
            self.ids.add(str(identifier.value))
        elif isinstance(identifier, Templated):
            self.patterns.append(_texts_of(identifier))
        else:
            self.patterns.append(("", ""))

    def check(self, value: Value, extra: frozenset[str] = frozenset()) -> Value:
        """The value, if every free name of it is known here; else a finding, and a broken value."""
        if value.constant:
            return value
        self.rows_read |= {key for name, key in value.attributes if name == "row"}
        extra = extra | self.context
        strange = value.free_names - self.fixed - self.ids - extra
        unknown = {name for name in strange if not self._may_be_an_id(name)}
        for name, span in value.occurrences() if unknown else ():
            if name in unknown:
                self.findings.add(self._unknown(name, span, extra))
        return BrokenValue(value.span) if unknown else value

    def check_reference(self, value: Value) -> Value:
        """The value of `from:`, of an arg that names an input, of an output: an id, or an
        expression. A broken value, and a finding, where there is none of the kind.
        """
        if not isinstance(value, Constant):
            return self.check(value)
        name = str(value.value)
        if name == "input" or name in self.inputs or name in self.ids or self._may_be_an_id(name):
            return value
        if name in self.later:
            self.findings.add(_forward(name, value.span, self.later[name]))
            return BrokenValue(value.span)
        known = sorted({"input", *self.inputs, *self.ids})
        help_line, fix = one_of(name, known, "ids here"), renaming(value.span, name, known)
        message = f"no earlier step has the id `{name}`"
        self.findings.add(
            Diagnostic("unknown-id", message, value.span, helps=(help_line,), fix=fix)
        )
        return BrokenValue(value.span)

    def _may_be_an_id(self, name: str) -> bool:
        return any(_may_read(texts, name) for texts in self.patterns)

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


def _texts_of(identifier: Templated) -> tuple[str, ...]:
    """The texts before, between and after the expressions of an id."""
    texts = [""]
    for part in identifier.template.parts:
        if isinstance(part, str):
            texts[-1] += part
        else:
            texts.append("")
    return tuple(texts)


def _may_read(texts: tuple[str, ...], name: str) -> bool:
    """Whether `name` is made of the texts in order with anything between them."""
    first, *between, last = texts
    if not name.startswith(first) or not name.endswith(last):
        return False
    offset, stop = len(first), len(name) - len(last)
    for text in between:
        offset = name.find(text, offset, max(stop, 0))
        if offset < 0:
            return False
        offset += len(text)
    return offset <= stop


def _forward(name: str, span: Span, later: Span) -> Diagnostic:
    return Diagnostic(
        "from-forward",
        f"`{name}` is not there yet: a step takes only what came before it",
        span,
        related=(Related(later, "comes here"),),
    )
