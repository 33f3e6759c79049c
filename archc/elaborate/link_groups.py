"""A `groups` step linked: rows, policies, and the steps around each group."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archc.diagnostics import CompileError, Diagnostic
from archc.elaborate.names import GROUP_NAMES
from archc.elaborate.program import BlockChoice, Groups, Row, StridePolicy
from archc.elaborate.report import error
from archc.elaborate.values import Value, compile_text, compile_value
from archc.source import Mapping, Node, Scalar, Sequence
from archc.spec import GroupsDocument, StridePolicyDocument, describe, validate

if TYPE_CHECKING:
    from archc.elaborate.link_steps import StepLinker


class GroupsLinker:
    """Links one `groups` step by the rules of the body that it stands in."""

    def __init__(self, steps: StepLinker) -> None:
        self._steps = steps
        self._names = steps.names

    def link(self, node: Node) -> Groups:
        document = validate(GroupsDocument, self._as_mapping(node))
        outer = self._names.context
        self._names.context = outer | GROUP_NAMES
        try:
            return self._groups(document, node)
        finally:
            self._names.context = outer

    def _as_mapping(self, node: Node) -> Node:
        if not isinstance(node, Mapping):
            message = f"expected a mapping of `block`, `groups`, …, found {describe(node)}"
            help_line = "write `groups: {block: …, filters: [...]}`"
            raise CompileError([Diagnostic("wrong-type", message, node.span, helps=(help_line,))])
        return node

    def _groups(self, document: GroupsDocument, node: Node) -> Groups:
        given = dict(document.arguments)
        if document.blocks is not None:
            given["blocks"] = document.blocks
        self._refuse_stride(given, document)
        values = {key: self._value(value, key) for key, value in given.items()}
        rows, computed = self._rows(document.groups)
        identifier = None
        if document.id is not None:
            identifier = self._names.check(compile_text(document.id, "id"))
        keys = frozenset(values).union(*(row.values for row in rows or ()))
        scaling = {key: compile_value(value, key) for key, value in document.scaling.items()}
        # Rows that an arg holds are known only later, so nothing can be said of their keys.
        if computed is None:
            scaling = {key: self._names.check(value, keys) for key, value in scaling.items()}
        before = self._steps.steps(document.before)
        if identifier is not None:
            self._names.declare(identifier)
        else:
            self._names.patterns.append(DEFAULT_ID)
        return Groups(
            span=node.span,
            block=self._choice(document.block),
            values=values,
            key_spans={key: entry.key_span for key, entry in document.origin.entries.items()},
            rows=rows,
            computed_rows=computed,
            stride_policy=self._policy(document.stride_policy),
            scaling=scaling,
            before=before,
            after=self._steps.steps(document.after),
            id=identifier,
            read=frozenset(self._names.rows_read),
            file=self._steps.file,
        )

    def _refuse_stride(self, given: dict[str, Node], document: GroupsDocument) -> None:
        if "stride" in given:
            span = document.origin.entries["stride"].key_span
            shown = given["stride"].span.text
            raise CompileError(
                [
                    Diagnostic(
                        "stride-policy",
                        "`stride` beside `groups` would stride every block of every group",
                        span,
                        helps=(f"write `stride_policy: {shown}`: it strides once in each group",),
                    )
                ]
            )

    def _rows(self, node: Node | None) -> tuple[tuple[Row, ...] | None, Value | None]:
        if node is None:
            return None, None
        if isinstance(node, Sequence) and not node.items:
            help_line = "leave `groups` out where lists beside it run over the groups"
            raise error("wrong-type", "expected at least one row", node.span, help_line)
        if isinstance(node, Sequence):
            return tuple([self.row(item) for item in node.items]), None
        return None, self._value(node, "groups")

    def row(self, node: Node) -> Row:
        row = compile_row(node)
        values = {key: self._names.check(value) for key, value in row.values.items()}
        return replace(row, values=values, block=self._checked(row.block))

    def _value(self, node: Node, key: str) -> Value:
        return self._names.check(compile_value(node, key))

    def _choice(self, node: Node | None) -> BlockChoice | None:
        return self._checked(compile_choice(node))

    def _checked(self, choice: BlockChoice | None) -> BlockChoice | None:
        if choice is None:
            return None
        rest, first, last = (
            None if value is None else self._names.check(value)
            for value in (choice.rest, choice.first, choice.last)
        )
        assert rest is not None
        return BlockChoice(rest, first, last)

    def _policy(self, node: Node | None) -> StridePolicy | None:
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return None
        if not isinstance(node, Mapping):
            return StridePolicy(node.span, strides=self._value(node, "stride_policy"))
        document = validate(StridePolicyDocument, node)
        ways = {key: self._optional(getattr(document, key), key) for key in _POLICY_VALUES}
        if ways["strides"] is not None and (ways["first_group"] or ways["other_groups"]):
            message = "expected either `strides` or `first_group` and `other_groups`, found both"
            raise CompileError([Diagnostic("stride-policy", message, node.span)])
        return StridePolicy(node.span, last_block=document.on == "last_block", **ways)

    def _optional(self, node: Node | None, key: str) -> Value | None:
        return None if node is None else self._value(node, key)


DEFAULT_ID = ("group", "_block", "")
"""What blocks are called where no `id:` says it, the numbers left out."""

_POLICY_VALUES = ("first_group", "other_groups", "strides", "output_stride")


def compile_row(node: Node) -> Row:
    """One row of `groups:`. Raises `CompileError` where it is no mapping."""
    if not isinstance(node, Mapping):
        message = f"expected a row such as `{{filters: 64, blocks: 3}}`, found {describe(node)}"
        raise CompileError([Diagnostic("wrong-type", message, node.span)])
    values = {
        key: compile_value(entry.value, key)
        for key, entry in node.entries.items()
        if key != "block"
    }
    spans = {key: entry.key_span for key, entry in node.entries.items()}
    return Row(node.span, compile_choice(node.get("block")), values, spans)


def compile_choice(node: Node | None) -> BlockChoice | None:
    """`block:` as one block for all, or as `{first:, rest:, last:}`."""
    if node is None:
        return None
    if not isinstance(node, Mapping):
        return BlockChoice(compile_text(node, "block"))
    for key, entry in node.entries.items():
        if key not in ("first", "rest", "last"):
            help_line = "`block` takes `first`, `rest` and `last`, over the blocks of a group"
            diagnostic = Diagnostic(
                "unknown-key", f"unknown key `{key}`", entry.key_span, helps=(help_line,)
            )
            raise CompileError([diagnostic])
    chosen = {key: compile_text(entry.value, "block") for key, entry in node.entries.items()}
    if "rest" not in chosen:
        message = "`block` needs `rest`: the blocks that are neither first nor last"
        raise CompileError([Diagnostic("missing-key", message, node.span)])
    return BlockChoice(chosen["rest"], chosen.get("first"), chosen.get("last"))
