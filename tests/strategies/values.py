"""What the values of a spec mean, told by Python's own `eval`: a second opinion on expressions."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

from archc.layers import TensorShape

_ID = re.compile(r"[A-Za-z0-9_]{0,100}")

Names = Mapping[str, object]
"""What the names in an expression stand for."""


class Refused(Exception):
    """The language does not allow this."""


@dataclass(frozen=True)
class Tensor:
    """What a step gives: its node, its shape, how far it has been strided along the first axis."""

    node: int
    shape: TensorShape
    total_stride: int = 1

    @property
    def channels(self) -> int:
        return self.shape.channels

    @property
    def rank(self) -> int:
        return self.shape.rank

    @property
    def size(self) -> list[int]:
        return list(self.shape.sides)

    @property
    def width(self) -> int:
        return self.shape.sides[-1]

    @property
    def height(self) -> int:
        return self.shape.sides[-2]

    @property
    def depth(self) -> int:
        return self.shape.sides[-3]


@dataclass(frozen=True)
class Position:
    """`group`, `block`, `learner`, `repeat`."""

    index: int
    total: Callable[[], int]

    @property
    def number(self) -> int:
        return self.index + 1

    @property
    def count(self) -> int:
        return self.total()

    @property
    def first(self) -> bool:
        return self.index == 0

    @property
    def last(self) -> bool:
        return self.index == self.count - 1


def letter(index: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return letters[index] if index < 26 else letter(index // 26 - 1) + letters[index % 26]


def round_to(value: float, d: int = 8) -> int:
    return max(d, math.floor(value / d + 0.5) * d)


def divisible(value: float, d: int = 8) -> int:
    rounded = round_to(value, d)
    return rounded + d if rounded < 0.9 * value else rounded


def _count(items: list[object], item: object) -> int:
    return items.count(item)


def _unique(items: list[object]) -> list[object]:
    return [item for place, item in enumerate(items) if item not in items[:place]]


FUNCTIONS: dict[str, object] = {
    "min": min,
    "max": max,
    "abs": abs,
    "sum": sum,
    "len": len,
    "round": round,
    "int": int,
    "floor": math.floor,
    "ceil": math.ceil,
    "sqrt": math.sqrt,
    "log": math.log,
    "range": lambda *bounds: list(range(*bounds)),
    "unique": _unique,
    "count": _count,
    "letter": letter,
    "round_to": round_to,
    "divisible": divisible,
}


def evaluate(value: object, key: str, names: Names) -> object:
    """A value as a spec writes it, worked out; lists come as tuples, rows of groups as they are.

    A lone `=` means the name `key`. Raises `Refused`.
    """
    if isinstance(value, list):
        return tuple([evaluate(item, key, names) for item in value])
    if isinstance(value, str) and value.startswith("="):
        return _frozen(_computed(value[1:].strip() or key, names))
    return text(value, names) if isinstance(value, str) else value


def text(value: object, names: Names) -> str:
    """A text with what stands between `$(` and `)` worked out. Raises `Refused`."""
    written = str(value)
    if written.startswith("="):
        return str(_computed(written[1:], names))
    before, opened, rest = written.partition("$(")
    if not opened:
        return written
    inside, after = _closed(rest)
    return f"{before}{_shown(_computed(inside, names))}{text(after, names) if after else ''}"


def identifier(value: object, names: Names) -> str:
    """The id of a step. Raises `Refused`."""
    name = text(value, names)
    if not _ID.fullmatch(name) or name == "input":
        raise Refused(f"no id: {name!r}")
    return name


def free_names(value: object, key: str) -> frozenset[str]:
    """The names that a value uses."""
    if isinstance(value, list):
        return frozenset().union(*(free_names(item, key) for item in value))
    if not isinstance(value, str):
        return frozenset()
    if value.startswith("="):
        return _names_of(value[1:].strip() or key)
    _, opened, rest = value.partition("$(")
    if not opened:
        return frozenset()
    inside, after = _closed(rest)
    return _names_of(inside) | free_names(after, key)


def _names_of(expression: str) -> frozenset[str]:
    tree = ast.parse(expression, mode="eval")
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def whole(value: object, least: int) -> int:
    """A whole number of at least `least`, maybe written as a fraction. Raises `Refused`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise Refused(f"no whole number of at least {least}: {value!r}")
    return value


@lru_cache(maxsize=4096)
def _code(expression: str) -> CodeType:
    return compile(expression, "<expression>", "eval")


def _computed(expression: str, names: Names) -> object:
    # An arg may have the name of a function only where the function is not called.
    scope = {**FUNCTIONS, **names, "__builtins__": {}}
    try:
        return eval(_code(expression), scope)
    except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError) as why:
        raise Refused(f"{expression}: {why}") from None


def _frozen(value: object) -> object:
    return tuple([_frozen(item) for item in value]) if isinstance(value, list | tuple) else value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float | str):
        return str(value)
    raise Refused(f"no text: {value!r}")


def _closed(rest: str) -> tuple[str, str]:
    """The text up to the bracket that closes, and what follows it."""
    depth = 1
    for place, character in enumerate(rest):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if not depth:
            return rest[:place], rest[place + 1 :]
    raise Refused(f"no closing bracket: {rest}")
