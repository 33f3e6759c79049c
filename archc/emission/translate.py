"""The language's expressions as Python's: names put in, constants folded, functions mapped.

An expression is nearly Python as it stands. It is rebuilt from its tree, node by node, so that only
what is on the list here can come out.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Protocol

from archc.elaborate.values import Computed, Constant, Listed, Opaque, Templated, Value
from archc.emission.symbols import Code, code_of
from archc.expressions import ExpressionError, parse
from archc.expressions.grammar import parse_tree

IN_MATH = frozenset({"sqrt", "log", "ceil", "floor"})
OWN = frozenset({"divisible", "round_to", "letter", "unique", "count"})
"""The language's functions that the emitted file has to define."""

PYTHON = frozenset({"min", "max", "abs", "sum", "len", "round", "int", "range", "tuple"})
"""Those that Python has by the same name."""


class NoCode(Exception):
    """The target can't say this where it is needed: PyTorch knows no sizes when it is built."""


class Names(Protocol):
    """What the names in an expression are in the emitted code."""

    def code(self, name: str) -> Code:
        """Raises `NoCode`."""

    def attribute(self, name: str, attribute: str) -> Code:
        """The code of `name.attribute`. Raises `NoCode`."""


class NoNames:
    """For expressions that have no names."""

    def code(self, name: str) -> Code:
        raise NoCode

    def attribute(self, name: str, attribute: str) -> Code:
        raise NoCode


def translate(value: Value, names: Names) -> Code:
    """The value as code where its names mean `names`. Raises `NoCode`."""
    match value:
        case Constant():
            if isinstance(value.value, Opaque):
                raise NoCode
            return constant_code(value.value)
        case Computed():
            return expression_code(value.expression.text, names)
        case Templated():
            return _template(value, names)
        case Listed():
            return ast.Tuple([translate(item, names) for item in value.items], ast.Load())
    raise NoCode


def constant_code(value: object) -> Code:
    """A value of the spec as a literal. Raises `NoCode` for what has none."""
    try:
        return code_of(value)
    except TypeError:
        raise NoCode from None


@lru_cache(maxsize=4096)
def _tree(text: str) -> ast.expr:
    return parse_tree(text)[0]


def expression_code(text: str, names: Names) -> Code:
    """The code of an expression's text; what is constant after its names are put in is folded."""
    translator = _Translator(names)
    code = translator.translate(_tree(text))
    if translator.free:
        return code
    plain = folded(code)
    return plain if translator.put_in or _is_whole(plain) else code


def _is_whole(code: Code) -> bool:
    """Whether a code is a whole number, or a list that has some."""
    match code:
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return any(map(_is_whole, elements))
        case ast.Constant(value=int()):
            return True
    return False


def folded(code: Code) -> Code:
    """The literal of a code that has no names in it; the code itself if it can't be told."""
    text = ast.unparse(code).replace("math.", "")
    try:
        return constant_code(counted(parse(text).evaluate(_nothing)))
    except (ExpressionError, NoCode):
        return code


def counted(value: object) -> object:
    """A value with whole numbers as such: `20 / 2` counts 10 filters, not 10.0."""
    if isinstance(value, tuple | list):
        return tuple([counted(item) for item in value])
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _nothing(name: str) -> object:
    raise KeyError(name)


def _template(value: Templated, names: Names) -> Code:
    parts: list[ast.expr] = []
    for part in value.template.parts:
        if isinstance(part, str):
            parts.append(ast.Constant(part))
            continue
        code = expression_code(part[0].text, names)
        if isinstance(code, ast.Constant):
            parts.append(ast.Constant(_shown(code.value)))
        else:
            parts.append(ast.FormattedValue(code, -1, _format(code)))
    return text_code(parts)


def _shown(value: object) -> str:
    """Whole numbers are shown without a point, as the language does."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _format(code: Code) -> ast.JoinedStr | None:
    """`:g` where a division may have made a whole number a float."""
    divides = any(
        isinstance(n, ast.Div) or (isinstance(n, ast.Constant) and isinstance(n.value, float))
        for n in ast.walk(code)
    )
    return ast.JoinedStr([ast.Constant("g")]) if divides else None


def text_code(parts: list[ast.expr]) -> Code:
    """Texts and formatted values as one text or f-string."""
    joined: list[ast.expr] = []
    for part in parts:
        flat = part.values if isinstance(part, ast.JoinedStr) else [part]
        for each in flat:
            last = joined[-1] if joined else None
            if isinstance(each, ast.Constant) and isinstance(last, ast.Constant):
                joined[-1] = ast.Constant(str(last.value) + str(each.value))
            elif not (isinstance(each, ast.Constant) and each.value == ""):
                joined.append(each)
    if not joined:
        return ast.Constant("")
    if len(joined) == 1 and isinstance(joined[0], ast.Constant):
        return joined[0]
    return ast.JoinedStr(joined)


def joined_name(prefix: Code, local: Code) -> Code:
    """`prefix_local`, as the language joins names: an empty one takes no `_`."""
    if isinstance(prefix, ast.Constant) and prefix.value == "":
        return local
    if isinstance(local, ast.Constant) and local.value == "":
        return prefix
    return text_code([prefix, ast.Constant("_"), local])


class _Translator:
    """Rebuilds a tree; `free` tells whether any name stayed one, `put_in` whether any was known."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._bound: dict[str, str] = {}
        self.free = False
        self.put_in = False

    def translate(self, node: ast.expr) -> Code:
        """Raises `NoCode`."""
        match node:
            case ast.Constant():
                return constant_code(node.value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                return self._noted(self._names.attribute(name, attribute))
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return ast.Tuple(self._all(items), ast.Load())
            case ast.Call():
                return self._call(node)
            case ast.ListComp():
                return _call("tuple", [self._comprehension(node)])
            case ast.Subscript():
                owner = self.translate(node.value)
                return ast.Subscript(owner, self._slice(node.slice), ast.Load())
        return self._operation(node)

    def _all(self, nodes: list[ast.expr]) -> list[ast.expr]:
        return [self.translate(each) for each in nodes]

    def _operation(self, node: ast.expr) -> Code:
        match node:
            case ast.BinOp():
                left, right = self._all([node.left, node.right])
                return ast.BinOp(left, node.op, right)
            case ast.UnaryOp():
                return ast.UnaryOp(node.op, self.translate(node.operand))
            case ast.BoolOp():
                return _boolean(node.op, self._all(node.values))
            case ast.Compare():
                left, *others = self._all([node.left, *node.comparators])
                return ast.Compare(left, node.ops, others)
            case ast.IfExp():
                test = self.translate(node.test)
                if isinstance(test, ast.Constant):
                    return self.translate(node.body if test.value else node.orelse)
                return ast.IfExp(test, self.translate(node.body), self.translate(node.orelse))
        raise NoCode

    def _name(self, name: str) -> Code:
        if name in self._bound:
            return ast.Name(self._bound[name], ast.Load())
        return self._noted(self._names.code(name))

    def _noted(self, code: Code) -> Code:
        self.put_in = True
        self.free = self.free or any(isinstance(n, ast.Name) for n in ast.walk(code))
        return code

    def _slice(self, node: ast.expr) -> ast.expr:
        if not isinstance(node, ast.Slice):
            return self.translate(node)
        bounds = (
            self.translate(each) if each is not None else None
            for each in (node.lower, node.upper, node.step)
        )
        return ast.Slice(*bounds)

    def _call(self, node: ast.Call) -> Code:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        arguments: list[ast.expr] = [
            self._comprehension(each)
            if isinstance(each, ast.GeneratorExp)
            else self.translate(each)
            for each in node.args
        ]
        keywords = [ast.keyword(each.arg, self.translate(each.value)) for each in node.keywords]
        made = _call(name, arguments, keywords)
        return _call("tuple", [made]) if name == "range" else made

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> ast.expr:
        outer = dict(self._bound)
        loops = [self._loop(loop) for loop in node.generators]
        made = ast.ListComp(self.translate(node.elt), loops)
        self._bound = outer
        return made

    def _loop(self, loop: ast.comprehension) -> ast.comprehension:
        iterable = self.translate(loop.iter)
        target = self._target(loop.target)
        return ast.comprehension(target, iterable, [self.translate(each) for each in loop.ifs], 0)

    def _target(self, target: ast.expr) -> ast.expr:
        if isinstance(target, ast.Tuple | ast.List):
            return ast.Tuple([self._target(each) for each in target.elts], ast.Store())
        assert isinstance(target, ast.Name)
        # A name of our own: the spec's could hide a function that the code calls.
        made = f"item{len(self._bound) + 1}" if self._bound else "item"
        self._bound[target.id] = made
        return ast.Name(made, ast.Store())


def _boolean(operator: ast.boolop, parts: list[ast.expr]) -> ast.expr:
    """`True and x` is x, `False and x` is False; and the other way round for `or`."""
    absorbing = isinstance(operator, ast.Or)
    kept: list[ast.expr] = []
    for part in parts:
        if not isinstance(part, ast.Constant):
            kept.append(part)
        elif bool(part.value) == absorbing and not kept:
            return part
        elif bool(part.value) == absorbing:
            kept.append(part)
            break
    if not kept:
        return parts[-1]
    return kept[0] if len(kept) == 1 else ast.BoolOp(operator, kept)


def _call(
    name: str, arguments: list[ast.expr], keywords: list[ast.keyword] | None = None
) -> ast.Call:
    function: ast.expr = ast.Name(name, ast.Load())
    if name in IN_MATH:
        function = ast.Attribute(ast.Name("math", ast.Load()), name, ast.Load())
    return ast.Call(function, arguments, keywords or [])
