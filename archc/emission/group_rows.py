"""The rows of a `groups` step: which keys become columns of a table, and what each is as code."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from archc.diagnostics import CompileError
from archc.elaborate.program import Block, Groups
from archc.elaborate.record import GroupsRecord
from archc.elaborate.values import Computed, Constant, Listed, Poisoned, Value
from archc.emission.arguments import default_code
from archc.emission.scope import Scope
from archc.emission.symbols import Code, is_literal
from archc.emission.translate import NoCode, NoNames, constant_code, counted, translate
from archc.emission.walker import Walker
from archc.layers import LAYERS


class Rows:
    """The keys of one `groups` step by group, as the spec writes them."""

    def __init__(self, groups: Groups, record: GroupsRecord) -> None:
        self.groups = groups
        self.values = record.runner.values
        self.count = len(record.groups)
        self._runner = record.runner

    def value(self, key: str, group: int) -> Value | None:
        """Where the group's value of a key is written; None where nothing gives it."""
        row = self.values.row(group)
        if row is not None and key in row.values:
            return row.values[key]
        beside = self.groups.values.get(key)
        if beside is None or not self.runs_over_groups(key):
            return beside
        if isinstance(beside, Listed):
            return beside.items[group]
        if isinstance(beside, Constant):
            return Constant(beside.value[group], beside.span)  # type: ignore[index]
        return Constant(counted(self.raw(key, group)), beside.span)

    def runs_over_groups(self, key: str) -> bool:
        """Whether the value beside the rows is a list with one element for each group."""
        beside = self.groups.values.get(key)
        if isinstance(beside, Listed):
            return True
        if isinstance(beside, Constant):
            return isinstance(beside.value, tuple)
        if beside is None or not beside.free_names <= self._runner.frame.args.keys():
            return False
        return isinstance(beside.evaluate(self._runner.frame), tuple)

    def raw(self, key: str, group: int) -> object:
        """The group's value before scaling. Raises `NoCode` where that takes more than the row."""
        frame = self._runner.frame
        outer = frame.context
        try:
            self.values.enter(group)
            return self.values.raw(key, group)
        except (CompileError, Poisoned, KeyError):
            raise NoCode from None
        finally:
            frame.context = outer

    def columns(self) -> list[str]:
        """The keys that differ by row: those of any row, and the lists beside them."""
        found: dict[str, None] = {}
        for group in range(self.count):
            row = self.values.row(group)
            found.update(dict.fromkeys(row.values if row is not None else ()))
        for key in self.groups.values:
            if self.runs_over_groups(key):
                found[key] = None
        found.pop("stride", None)
        return list(found)

    def cell(self, key: str, group: int, verb: Block | str) -> Code:
        """The literal of a column in a row; the block's default where the row leaves it out."""
        value = self.raw(key, group)
        written = self.value(key, group)
        if isinstance(written, Computed) and not written.free_names:
            return translate(written, NoNames())
        if value is not None:
            plain = written.value if isinstance(written, Constant) else counted(value)
            return constant_code(plain)
        if key == "blocks":
            return ast.Constant(1)
        if isinstance(verb, Block):
            return default_code(verb, key) or ast.Constant(None)
        field = LAYERS[verb].layer.model_fields.get(key)
        return constant_code(field.default) if field is not None else ast.Constant(None)


@dataclass(slots=True)
class RowCodes:
    """`row.key` and the groups' own values as code in one scope."""

    walker: Walker
    rows: Rows
    scope: Scope
    group: int
    raw: dict[str, Code | None]
    made: dict[str, Code | None] = field(default_factory=dict)

    def key(self, key: str) -> Code | None:
        """The value of a key after scaling."""
        if key not in self.made:
            self.made[key] = None
            self.made[key] = self._scaled(key)
        return self.made[key]

    def _scaled(self, key: str) -> Code | None:
        scaling = self.rows.groups.scaling.get(key)
        if scaling is None or self.rows.value(key, self.group) is None:
            return self.before_scaling(key)
        outer = self.scope.args
        names = {name: self.before_scaling(name) for name in self.rows.values.keys}
        self.scope.args = {**outer, **names}
        try:
            return self.walker.code(scaling, self.scope)
        finally:
            self.scope.args = outer

    def before_scaling(self, key: str) -> Code | None:
        if key in self.raw:
            return self.raw[key]
        value = self.rows.value(key, self.group)
        return None if value is None else self.walker.code(value, self.scope)

    def position(self) -> dict[str, Callable[[], Code]]:
        """`row` as the names of a scope have it."""

        def reading(key: str) -> Callable[[], Code]:
            def read() -> Code:
                code = self.key(key)
                if code is None:
                    raise NoCode
                return code

            return read

        return {key: reading(key) for key in self.rows.values.keys}


def literal_or_none(codes: list[Code]) -> Code | None:
    """The one literal that all codes are."""
    texts = {ast.dump(code) for code in codes}
    return codes[0] if len(texts) == 1 and is_literal(codes[0]) else None


def plain(value: Any) -> Code:
    """A stride or a dilation as code."""
    return constant_code(value)
