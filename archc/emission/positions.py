"""`group`, `block` and `learner` as loop variables."""

from __future__ import annotations

import ast
from collections.abc import Callable

from archc.elaborate.program import Groups, Step
from archc.elaborate.values import Value
from archc.emission.arguments import inner_steps
from archc.emission.scope import Position
from archc.emission.symbols import Code
from archc.emission.translate import constant_code, text_code


def attributes_read(groups: Groups) -> frozenset[tuple[str, str]]:
    """The pairs such as (`group`, `number`) that any value of the groups reads."""
    values: list[Value | None] = [*groups.values.values(), *groups.scaling.values(), groups.id]
    for row in groups.rows or ():
        values += row.values.values()
    found = [value.attributes for value in values if value is not None]
    return values_read((*groups.before, *groups.after)).union(*found)


def values_read(steps: tuple[Step, ...]) -> frozenset[tuple[str, str]]:
    """The pairs such as (`repeat`, `number`) that any value of the steps reads."""
    values: list[Value | None] = []
    for step in inner_steps(steps):
        values += [step.id, step.source, step.when, step.repeat]
        for part in ("attributes", "arguments"):
            values += getattr(step.action, part, {}).values()
        if isinstance(step.action, Groups):
            values += [*step.action.values.values(), step.action.id]
            values += [v for row in step.action.rows or () for v in row.values.values()]
    found = [value.attributes for value in values if value is not None]
    return frozenset().union(*found)


class Positions:
    """The variables of the loops, counted from 0 or from 1, whichever the spec reads."""

    def __init__(self, read: frozenset[tuple[str, str]], default_ids: bool, table: str) -> None:
        group = {attribute for name, attribute in read if name == "group"}
        block = {attribute for name, attribute in read if name == "block"}
        self._table = table
        self.group_start = 0 if not default_ids and "number" not in group else 1
        self.block_start = (
            0 if not default_ids and "index" in block and "number" not in block else 1
        )
        self.group_variable = None
        if default_ids or group:
            self.group_variable = "number" if self.group_start else "index"
        self.block_variable = "block"

    def default_id(self, context: dict[str, Position]) -> Code:
        parts: list[ast.expr] = [ast.Constant("group"), _shown(context["group"]["number"]())]
        parts += [ast.Constant("_block"), _shown(context["block"]["number"]())]
        return text_code(parts)

    def group(self) -> Position:
        """Which group it is."""
        variable = ast.Name(self.group_variable or "number", ast.Load())
        count = ast.Call(ast.Name("len", ast.Load()), [ast.Name(self._table, ast.Load())], [])
        return counted(variable, self.group_start, count)

    def around(self, blocks: Code, *, last: bool) -> dict[str, Position]:
        """What holds in `before`, where the block is the first, and in `after`, the last."""
        return self.single(blocks, first=not last)

    def single(self, blocks: Code, *, first: bool) -> dict[str, Position]:
        """A block that stands by itself: the first or the last of its group."""
        number: Code = ast.Constant(1) if first else blocks
        block = counted(number, 1, blocks)
        block["first" if first else "last"] = lambda: ast.Constant(True)
        return {"group": self.group(), "block": block, "learner": self._learner(block)}

    def looped(self, blocks: Code, *, after_first: bool) -> dict[str, Position]:
        """A block of the loop."""
        variable = ast.Name(self.block_variable, ast.Load())
        block = counted(variable, self.block_start, blocks)
        if after_first:
            block["first"] = lambda: ast.Constant(False)
        return {"group": self.group(), "block": block, "learner": self._learner(block)}

    def _learner(self, block: Position) -> Position:
        index = _plus(ast.Name("position", ast.Load()), block["index"]())
        return counted(index, 0, ast.Name("total", ast.Load()))


def counted(variable: Code, start: int, count: Code) -> Position:
    """The attributes of a place whose variable counts from `start`."""
    index = variable if start == 0 else _plus(variable, ast.Constant(-1))
    number = variable if start == 1 else _plus(variable, ast.Constant(1))
    return {
        "index": lambda: index,
        "number": lambda: number,
        "count": lambda: count,
        "first": lambda: ast.Compare(variable, [ast.Eq()], [ast.Constant(start)]),
        "last": lambda: ast.Compare(number, [ast.Eq()], [count]),
    }


def _plus(left: Code, right: Code) -> Code:
    """`left + right` with literals put together."""
    if isinstance(right, ast.Constant) and isinstance(right.value, int):
        if right.value == 0:
            return left
        if isinstance(left, ast.Constant) and isinstance(left.value, int):
            return ast.Constant(left.value + right.value)
        if right.value < 0:
            return ast.BinOp(left, ast.Sub(), ast.Constant(-right.value))
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Sub):
        return ast.BinOp(ast.BinOp(left, ast.Add(), right.left), ast.Sub(), right.right)
    return ast.BinOp(left, ast.Add(), right)


def _shown(code: Code) -> ast.expr:
    return code if isinstance(code, ast.Constant) else ast.FormattedValue(code, -1, None)


def literal_position(index: int, count: int) -> Position:
    """A place that is known: the round `index` of `count`."""

    def constant(value: object) -> Callable[[], Code]:
        return lambda: constant_code(value)

    return {
        "index": constant(index),
        "number": constant(index + 1),
        "count": constant(count),
        "first": constant(index == 0),
        "last": constant(index == count - 1),
    }
