"""Numbers and texts that remember the expression they come from.

A symbol is an `int`, a `float` or a `str` like any other, so that a lowering can be walked with it;
what it computes carries its code along. Two symbols are equal where their *code* is the same:
a lowering never takes a branch because two values happen to coincide. Texts compare by value, as
what they choose between is the lowering's business; a target's emitter compares what comes out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container
from typing import Any, TypeAlias

Code: TypeAlias = ast.expr


class SymbolicInt(int):
    """A whole number, or a truth value, with the expression it comes from."""

    code: Code

    def __new__(cls, value: int, code: Code) -> SymbolicInt:
        made = super().__new__(cls, value)
        made.code = code
        return made

    def __eq__(self, other: object) -> bool:
        return same_code(self, other)

    def __ne__(self, other: object) -> bool:
        return not same_code(self, other)

    def __hash__(self) -> int:
        return _hash(self.code)

    def __repr__(self) -> str:
        return ast.unparse(self.code)

    def __copy__(self) -> SymbolicInt:
        return self

    def __deepcopy__(self, memo: object) -> SymbolicInt:
        return self

    def __neg__(self) -> Any:
        return symbolic(-int(self), ast.UnaryOp(ast.USub(), self.code))


class SymbolicFloat(float):
    """A number with the expression it comes from."""

    code: Code

    def __new__(cls, value: float, code: Code) -> SymbolicFloat:
        made = super().__new__(cls, value)
        made.code = code
        return made

    def __eq__(self, other: object) -> bool:
        return same_code(self, other)

    def __ne__(self, other: object) -> bool:
        return not same_code(self, other)

    def __hash__(self) -> int:
        return _hash(self.code)

    def __repr__(self) -> str:
        return ast.unparse(self.code)


class SymbolicStr(str):
    """A text with the expression it comes from; it compares and hashes by its value."""

    code: Code
    __slots__ = ("code",)

    def __new__(cls, value: str, code: Code) -> SymbolicStr:
        made = super().__new__(cls, value)
        made.code = code
        return made

    def __repr__(self) -> str:
        return ast.unparse(self.code)


class SymbolicTuple(tuple[Any, ...]):
    """A list whose elements are not known one by one: its code as a whole."""

    code: Code

    def __new__(cls, value: tuple[Any, ...], code: Code) -> SymbolicTuple:
        made = super().__new__(cls, value)
        made.code = code
        return made

    def __eq__(self, other: object) -> bool:
        return same_code(self, other)

    def __ne__(self, other: object) -> bool:
        return not same_code(self, other)

    def __hash__(self) -> int:
        return _hash(self.code)

    def __repr__(self) -> str:
        return ast.unparse(self.code)


Symbolic = (SymbolicInt, SymbolicFloat, SymbolicStr, SymbolicTuple)
"""For `isinstance`: a value whose code is no literal, so that it may differ elsewhere."""


def symbolic(value: object, code: Code) -> Any:
    """The value with its code; a value that is a literal in the code stays what it is."""
    if is_literal(code):
        return value
    if isinstance(value, bool | int):
        return SymbolicInt(value, code)
    if isinstance(value, float):
        return SymbolicFloat(value, code)
    if isinstance(value, str):
        return SymbolicStr(value, code)
    if isinstance(value, tuple):
        return _symbolic_tuple(value, code)
    return value


def _symbolic_tuple(value: tuple[Any, ...], code: Code) -> Any:
    if isinstance(code, ast.Tuple | ast.List) and len(code.elts) == len(value):
        return tuple([symbolic(v, c) for v, c in zip(value, code.elts, strict=True)])
    return SymbolicTuple(value, code)


_NO_LITERALS = (ast.Name, ast.Attribute, ast.Call, ast.FormattedValue, ast.comprehension)


def is_literal(code: Code) -> bool:
    """Whether the code is made of constants alone."""
    return _is_literal(code)


def _is_literal(part: object) -> bool:
    # Asked of every value again and again: most parts are told by their first nodes.
    if isinstance(part, ast.Constant) or not isinstance(part, ast.AST | list):
        return True
    if isinstance(part, list):
        return all(map(_is_literal, part))
    if isinstance(part, _NO_LITERALS):
        return False
    return all(_is_literal(getattr(part, field, None)) for field in part._fields)


def code_of(value: object) -> Code:
    """The value as code: a symbol's own, a literal for all else.

    Lists become tuples. Raises `TypeError` for what has no literal.
    """
    if isinstance(value, Symbolic):
        return value.code
    if isinstance(value, tuple):
        return ast.Tuple([code_of(item) for item in value], ast.Load())
    if isinstance(value, bool | int | float | str | type(None)):
        if isinstance(value, float) and (divisor := _divisor(value)):
            return ast.BinOp(ast.Constant(1), ast.Div(), ast.Constant(divisor))
        if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
            return ast.UnaryOp(ast.USub(), ast.Constant(-value))
        return ast.Constant(value)
    raise TypeError(f"no literal for {value!r}")


def _divisor(value: float) -> int | float | None:
    """The short number of which a long one is the reciprocal: 255 for 0.00392156862745098."""
    if len(repr(value)) < 16 or not 0 < value < 1:
        return None
    short = float(f"{1 / value:.6g}")
    number = int(short) if short.is_integer() else short
    return number if 1 / number == value else None


def spelled(value: object) -> str:
    """The value as Python's source."""
    return ast.unparse(code_of(value))


def same_code(left: object, right: object) -> bool:
    """Whether two values are the same whatever their symbols stand for."""
    if not isinstance(right, bool | int | float | str | tuple):
        return False
    return _alike(code_of(left), code_of(right))


def _alike(left: object, right: object) -> bool:
    """Whether two trees, or fields of trees, are the same; most differ at their roots."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, ast.AST):
        return all(
            _alike(getattr(left, field, None), getattr(right, field, None))
            for field in left._fields
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_alike, left, right))
    # By their literals, so that 0.0 is not -0.0.
    return repr(left) == repr(right)


def _hash(code: Code) -> int:
    """Equal for trees that are alike, and soon told."""
    return hash((type(code), getattr(code, "id", None)))


def _binary(operate: Callable[[Any, Any], Any], operator: ast.operator, swap: bool) -> Any:
    def compute(self: Any, other: Any) -> Any:
        if not isinstance(other, int | float):
            return NotImplemented
        left, right = (other, self) if swap else (self, other)
        value = operate(_plain(left), _plain(right))
        return symbolic(value, _simplified(code_of(left), operator, code_of(right)))

    return compute


def _plain(number: Any) -> Any:
    return int(number) if isinstance(number, int) else float(number)


def _simplified(left: Code, operator: ast.operator, right: Code) -> Code:
    """`x * 1`, `1 * x`, `x // 1`, `x + 0`, `0 + x` and `x - 0` are x."""
    if isinstance(operator, ast.Mult):
        if _is(left, 1):
            return right
        if _is(right, 1):
            return left
    if isinstance(operator, ast.FloorDiv) and _is(right, 1):
        return left
    if isinstance(operator, ast.Add | ast.Sub) and _is(right, 0):
        return left
    if isinstance(operator, ast.Add) and _is(left, 0):
        return right
    return ast.BinOp(left, operator, right)


def _is(code: Code, number: int) -> bool:
    return isinstance(code, ast.Constant) and type(code.value) is int and code.value == number


def _install() -> None:
    import operator

    table: tuple[tuple[str, Callable[[Any, Any], Any], ast.operator], ...] = (
        ("add", operator.add, ast.Add()),
        ("sub", operator.sub, ast.Sub()),
        ("mul", operator.mul, ast.Mult()),
        ("floordiv", operator.floordiv, ast.FloorDiv()),
        ("truediv", operator.truediv, ast.Div()),
        ("mod", operator.mod, ast.Mod()),
    )
    for name, operate, tree in table:
        for kind in (SymbolicInt, SymbolicFloat):
            setattr(kind, f"__{name}__", _binary(operate, tree, swap=False))
            setattr(kind, f"__r{name}__", _binary(operate, tree, swap=True))


_install()


def names_in(code: Code | None) -> set[str]:
    """The names that a code reads."""
    if code is None:
        return set()
    return {node.id for node in ast.walk(code) if isinstance(node, ast.Name)}


_WHOLE_CALLS = frozenset({"int", "round", "len", "divisible", "round_to", "count", "ceil", "floor"})


def may_be_float(code: Code, floats: Container[str]) -> bool:
    """Whether a code may give a float, where names of `floats` do."""
    match code:
        case ast.Constant(value=value):
            return isinstance(value, float)
        case ast.Name(id=name):
            return name in floats
        case ast.BinOp(left, op, right):
            return isinstance(op, ast.Div) or any(may_be_float(c, floats) for c in (left, right))
        case ast.UnaryOp(operand=operand):
            return may_be_float(operand, floats)
        case ast.IfExp(body=body, orelse=orelse):
            return may_be_float(body, floats) or may_be_float(orelse, floats)
        case ast.Call(ast.Name(id=name) | ast.Attribute(attr=name), arguments):
            return name not in _WHOLE_CALLS and any(may_be_float(c, floats) for c in arguments)
    return False
