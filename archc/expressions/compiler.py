"""Python's syntax tree → closures: what is not on the list here is not part of the language."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from archc.diagnostics import close_matches
from archc.expressions import closures
from archc.expressions.closures import Extent
from archc.expressions.compiled import Compiled, cost, folded, runs
from archc.expressions.comprehension import Loop, comprehension
from archc.expressions.errors import ExpressionError, OperationError
from archc.expressions.functions import FUNCTIONS, Function
from archc.expressions.grammar import Place
from archc.expressions.limits import MAX_NESTING
from archc.expressions.operators import BINARY, COMPARISON
from archc.expressions.refusals import refusal
from archc.expressions.values import bounded, bounded_text


class Compiler:
    """Compiles one tree; afterwards it knows the free names, their places, and the variables."""

    def __init__(self, place: Place) -> None:
        self.names: dict[str, list[Extent]] = {}
        self.attributes: set[tuple[str, str]] = set()
        self.variables = 0
        self._place = place
        self._scope: dict[str, int] = {}
        self._depth = 0

    def compile(self, node: ast.expr) -> Compiled:
        """Raises `ExpressionError` for anything that the language does not have."""
        compile_node = _NODES.get(type(node))
        if compile_node is None:
            self._refuse(node)
        self._depth += 1
        if self._depth > MAX_NESTING:
            message = f"expected at most {MAX_NESTING} operations inside one another, found more"
            raise ExpressionError(message, *self._place(node), code="expression-limit")
        compiled = compile_node(self, node)
        self._depth -= 1
        return compiled

    def _refuse(self, node: ast.AST, kind: type[ast.AST] | None = None) -> NoReturn:
        what, helps = refusal(kind or type(node))
        raise ExpressionError(f"expected arithmetic, found {what}", *self._place(node), helps)

    def _all(self, nodes: list[ast.expr]) -> list[Compiled]:
        return [self.compile(node) for node in nodes]

    def constant(self, node: ast.Constant) -> Compiled:
        value: object = node.value
        try:
            if isinstance(value, str):
                bounded_text(value)
            elif isinstance(value, int | float):
                bounded(value)
            elif value is not None:
                self._refuse(node)
        except OperationError as error:
            raise error.at(*self._place(node)) from None
        return Compiled(closures.constant(value), 1, constant=True)

    def name(self, node: ast.Name) -> Compiled:
        slot = self._scope.get(node.id)
        if slot is not None:
            return Compiled(closures.variable(slot), 1)
        extent = self._place(node)
        self.names.setdefault(node.id, []).append(extent)
        return Compiled(closures.free_name(node.id, extent), 1)

    def attribute(self, node: ast.Attribute) -> Compiled:
        owner = self.compile(node.value)
        if isinstance(node.value, ast.Name) and node.value.id not in self._scope:
            self.attributes.add((node.value.id, node.attr))
        return Compiled(closures.attribute(owner.run, node.attr, self._place(node)), owner.cost + 1)

    def binary(self, node: ast.BinOp) -> Compiled:
        operate = BINARY.get(type(node.op))
        if operate is None:
            self._refuse(node, type(node.op))
        left, right = self._all([node.left, node.right])
        return folded(closures.binary(operate, left.run, right.run, self._place(node)), left, right)

    def unary(self, node: ast.UnaryOp) -> Compiled:
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return folded(closures.negation(operand.run), operand)
        if isinstance(node.op, ast.Invert):
            self._refuse(node, ast.Invert)
        negative = isinstance(node.op, ast.USub)
        return folded(closures.signed(negative, operand.run, self._place(node)), operand)

    def boolean(self, node: ast.BoolOp) -> Compiled:
        operands = self._all(node.values)
        run = closures.conjunction(isinstance(node.op, ast.Or), runs(operands))
        return Compiled(run, cost(operands))

    def comparison(self, node: ast.Compare) -> Compiled:
        first, *others = self._all([node.left, *node.comparators])
        operations = []
        for operator in node.ops:
            operate = COMPARISON.get(type(operator))
            if operate is None:
                self._refuse(node, type(operator))
            operations.append(operate)
        extent = self._place(node)
        if len(others) == 1:
            run = closures.binary(operations[0], first.run, others[0].run, extent)
        else:
            links = tuple(zip(operations, runs(others), strict=True))
            run = closures.comparison_chain(first.run, links, extent)
        return folded(run, first, *others)

    def choice(self, node: ast.IfExp) -> Compiled:
        parts = self._all([node.test, node.body, node.orelse])
        return Compiled(closures.choice(*runs(parts)), cost(parts))

    def listing(self, node: ast.List | ast.Tuple) -> Compiled:
        items = self._all(node.elts)
        return Compiled(closures.listing(runs(items), self._place(node)), cost(items))

    def subscript(self, node: ast.Subscript) -> Compiled:
        owner = self.compile(node.value)
        extent = self._place(node)
        if not isinstance(node.slice, ast.Slice):
            index = self.compile(node.slice)
            return Compiled(closures.element(owner.run, index.run, extent), cost([owner, index]))
        bounds = [
            None if bound is None else self.compile(bound)
            for bound in (node.slice.lower, node.slice.upper, node.slice.step)
        ]
        lower, upper, step = (None if bound is None else bound.run for bound in bounds)
        given = [bound for bound in bounds if bound is not None]
        return Compiled(
            closures.part(owner.run, (lower, upper, step), extent), cost([owner, *given])
        )

    def call(self, node: ast.Call) -> Compiled:
        function = self._function(node)
        arguments = [
            self.comprehension(argument)
            if isinstance(argument, ast.GeneratorExp)
            else self.compile(argument)
            for argument in [*node.args, *self._divisor(node, function)]
        ]
        most = len(arguments) if function.most is None else function.most
        if not function.least <= len(arguments) <= most:
            message = f"expected `{function.signature}`, found {len(arguments)} arguments"
            raise ExpressionError(message, *self._place(node))
        run = closures.call(function, runs(arguments), self._place(node))
        return Compiled(run, cost(arguments))

    def _function(self, node: ast.Call) -> Function:
        extent = self._place(node.func)
        if not isinstance(node.func, ast.Name):
            raise ExpressionError("expected the name of a function before `(`, found none", *extent)
        name = node.func.id
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        matches = close_matches(name, FUNCTIONS)
        known = ", ".join(f"`{known}`" for known in FUNCTIONS)
        help_text = f"the functions are {known}"
        if matches:
            help_text = "did you mean " + " or ".join(f"`{match}`" for match in matches) + "?"
        message = f"expected a known function, found `{name}`"
        raise ExpressionError(message, *extent, (help_text,), code="unknown-function")

    def _divisor(self, node: ast.Call, function: Function) -> list[ast.expr]:
        """The value of `d=`, the only argument that has a name."""
        for keyword in node.keywords:
            if keyword.arg != "d" or not function.divisor or len(node.args) != 1:
                message = f"expected `{function.signature}`, found `{keyword.arg or '**'}` in it"
                raise ExpressionError(message, *self._place(keyword))
        return [keyword.value for keyword in node.keywords]

    def comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> Compiled:
        outer = self._scope
        self._scope = dict(outer)
        loops = [self._loop(generator) for generator in node.generators]
        element = self.compile(node.elt)
        self._scope = outer
        # A round of a loop pays for the conditions, and for what comes next inside it.
        inside = [start for _, start in loops[1:]] + [element.cost]
        paid = tuple(
            replace(loop, cost=loop.cost + extra)
            for (loop, _), extra in zip(loops, inside, strict=True)
        )
        run = comprehension(element.run, paid, self._place(node))
        return Compiled(run, loops[0][1] + 1)

    def _loop(self, generator: ast.comprehension) -> tuple[Loop, int]:
        """A loop with the cost of its conditions, and the cost of what it runs over."""
        iterable = self.compile(generator.iter)
        if generator.is_async:
            self._refuse(generator.iter, ast.Await)
        unpacks = isinstance(generator.target, ast.Tuple | ast.List)
        targets = generator.target.elts if unpacks else [generator.target]  # type: ignore[attr-defined]
        slots = tuple(self._bind(target) for target in targets)
        conditions = self._all(generator.ifs)
        extent = self._place(generator.iter)
        return Loop(
            slots, unpacks, iterable.run, runs(conditions), extent, cost(conditions)
        ), iterable.cost

    def _bind(self, target: ast.expr) -> int:
        if not isinstance(target, ast.Name):
            raise ExpressionError(
                "expected a name after `for`, found something else", *self._place(target)
            )
        self._scope[target.id] = self.variables
        self.variables += 1
        return self._scope[target.id]


_NODES: dict[type[ast.expr], Callable[[Compiler, Any], Compiled]] = {
    ast.Constant: Compiler.constant,
    ast.Name: Compiler.name,
    ast.Attribute: Compiler.attribute,
    ast.BinOp: Compiler.binary,
    ast.UnaryOp: Compiler.unary,
    ast.BoolOp: Compiler.boolean,
    ast.Compare: Compiler.comparison,
    ast.IfExp: Compiler.choice,
    ast.List: Compiler.listing,
    ast.Tuple: Compiler.listing,
    ast.Subscript: Compiler.subscript,
    ast.Call: Compiler.call,
    ast.ListComp: Compiler.comprehension,
}
