"""Values of attributes, args, ids and conditions, compiled once and evaluated at every instance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from archc.diagnostics import CompileError, Diagnostic, Fix, Span, one_of, renaming
from archc.expressions import (
    FUNCTION_NAMES,
    Expression,
    ExpressionError,
    Template,
    parse,
    parse_text,
)
from archc.expressions.limits import MAX_INTEGER
from archc.source import Mapping, Node, Scalar, Sequence, span_inside
from archc.spec import describe


class Poisoned(Exception):
    """A value hangs on something that an error was reported of: nothing more to say of it."""


class Scope(ABC):
    """What the names in an expression mean where it is evaluated."""

    @abstractmethod
    def lookup(self, name: str) -> object:
        """The value of a name. Raises `KeyError` where it has none."""

    @abstractmethod
    def names(self) -> list[str]:
        """All names that have a value, for a did-you-mean."""


class Value(ABC):
    """A value as a spec writes it: a constant, an expression, a text with expressions in it."""

    __slots__ = ("span",)

    span: Span
    constant = False
    free_names: frozenset[str] = frozenset()
    attributes: frozenset[tuple[str, str]] = frozenset()

    def __init__(self, span: Span) -> None:
        self.span = span

    @abstractmethod
    def evaluate(self, scope: Scope) -> object:
        """The value here. Raises `CompileError` with the place inside the expression."""

    def occurrences(self) -> Iterator[tuple[str, Span]]:
        """Every free name of the value with its place."""
        return iter(())


class Constant(Value):
    __slots__ = ("value",)
    constant = True

    def __init__(self, value: object, span: Span) -> None:
        super().__init__(span)
        self.value = value

    def evaluate(self, scope: Scope) -> object:
        return self.value


class BrokenValue(Value):
    """What stands where a value could not be read, and was reported."""

    __slots__ = ()

    def evaluate(self, scope: Scope) -> object:
        raise Poisoned


class Computed(Value):
    """`=4 * filters`."""

    __slots__ = ("_node", "_offset", "attributes", "expression", "free_names")

    def __init__(self, expression: Expression, node: Scalar, offset: int | None) -> None:
        super().__init__(node.span)
        self.expression = expression
        self._node = node
        self.free_names = expression.names
        self.attributes = expression.attributes
        self._offset = offset

    def evaluate(self, scope: Scope) -> object:
        try:
            return self.expression.evaluate(scope.lookup)
        except ExpressionError as error:
            raise CompileError([expression_diagnostic(error, self, scope)]) from None

    def occurrences(self) -> Iterator[tuple[str, Span]]:
        for name, positions in self.expression.name_positions.items():
            for start, end in positions:
                yield name, self.locate(start, end)

    def locate(self, start: int, end: int) -> Span:
        if self._offset is None:
            return self.span
        return span_inside(self._node, self._offset + start, self._offset + end)


class Named(Computed):
    """`=filters`: a name alone, whose value stands as it is where it is a small whole number."""

    __slots__ = ()

    def evaluate(self, scope: Scope) -> object:
        try:
            value = scope.lookup(self.expression.text)
        except KeyError:
            return super().evaluate(scope)
        if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
            return value
        return super().evaluate(scope)


class Templated(Value):
    """`block$(group.number)`."""

    __slots__ = ("_node", "attributes", "free_names", "template")

    def __init__(self, template: Template, node: Scalar) -> None:
        super().__init__(node.span)
        self.template = template
        self._node = node
        self.free_names = template.names
        self.attributes = template.attributes

    def evaluate(self, scope: Scope) -> object:
        try:
            return self.template.evaluate(scope.lookup)
        except ExpressionError as error:
            raise CompileError([expression_diagnostic(error, self, scope)]) from None

    def occurrences(self) -> Iterator[tuple[str, Span]]:
        for part in self.template.parts:
            if not isinstance(part, str):
                expression, shift = part
                for name, positions in expression.name_positions.items():
                    for start, end in positions:
                        yield name, self.locate(shift + start, shift + end)

    def locate(self, start: int, end: int) -> Span:
        return span_inside(self._node, start, end)


class Listed(Value):
    """A list of values, some of them computed."""

    __slots__ = ("attributes", "free_names", "items")

    def __init__(self, items: tuple[Value, ...], span: Span) -> None:
        super().__init__(span)
        self.items = items
        self.free_names = frozenset().union(*(item.free_names for item in items))
        self.attributes = frozenset().union(*(item.attributes for item in items))

    def evaluate(self, scope: Scope) -> object:
        return tuple([item.evaluate(scope) for item in self.items])

    def occurrences(self) -> Iterator[tuple[str, Span]]:
        for item in self.items:
            yield from item.occurrences()


WATCHED: ContextVar[Callable[[Computed], None] | None] = ContextVar("watched", default=None)
"""Who is told of every expression that is read, and may give it another that does the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """A mapping as a value: only the rows of `groups:` know what to do with one."""

    mapping: Mapping

    def __str__(self) -> str:
        return "a mapping"


def compile_value(node: Node, key: str) -> Value:
    """The node as a value; a lone `=` means the arg named `key`.

    Raises `CompileError` (`bad-expression`) where an expression can't be read.
    """
    if isinstance(node, Sequence):
        items = tuple([compile_value(item, key) for item in node.items])
        if all(item.constant for item in items):
            return Constant(
                tuple([item.value for item in items if isinstance(item, Constant)]), node.span
            )
        return Listed(items, node.span)
    if isinstance(node, Mapping):
        return Constant(Opaque(node), node.span)
    if not isinstance(node.value, str):
        return Constant(node.value, node.span)
    return _compile_text(node, node.value, key)


def compile_text(node: Node, key: str) -> Value:
    """A node that is text whatever it looks like: `id: 0` is the id "0"."""
    if isinstance(node, Scalar) and node.value is not None:
        return _compile_text(node, node.text, key)
    message = f"expected text for `{key}`, found {describe(node)}"
    raise CompileError([Diagnostic("wrong-type", message, node.span)])


def _compile_text(node: Scalar, text: str, key: str) -> Value:
    offset = 1 if text.startswith("=") else 0
    if offset and not text[1:].strip():
        return _named_by(key, node)
    try:
        if offset:
            return _computed(parse(text[1:]), node, offset)
        if "$(" not in text:
            return Constant(text, node.span)
        return Templated(parse_text(text), node)
    except ExpressionError as error:
        span = span_inside(node, offset + error.start, offset + error.end)
        fix = _function_fix(error, span)
        diagnostic = Diagnostic(error.code, error.message, span, helps=error.helps, fix=fix)
        raise CompileError([diagnostic]) from None


def _named_by(key: str, node: Scalar) -> Value:
    """A lone `=`; its key may be anything, such as a pattern, and stands somewhere else."""
    try:
        return _computed(parse(key), node, None)
    except ExpressionError as error:
        message = f"a lone `=` means what its key names, and `{key}` is no name"
        raise CompileError([Diagnostic(error.code, message, node.span)]) from None


def _computed(expression: Expression, node: Scalar, offset: int | None) -> Computed:
    kind = Named if expression.text in expression.names else Computed
    value = kind(expression, node, offset)
    watch = WATCHED.get()
    if watch is not None:
        watch(value)
    return value


def _function_fix(error: ExpressionError, span: Span) -> Fix | None:
    if error.code != "unknown-function":
        return None
    return renaming(span, span.text, FUNCTION_NAMES)


def expression_diagnostic(
    error: ExpressionError, value: Computed | Templated, scope: Scope
) -> Diagnostic:
    span = value.locate(error.start, error.end)
    if error.unknown_name is not None:
        return unknown_name(error.unknown_name, span, scope.names())
    return Diagnostic(error.code, error.message, span, helps=error.helps)


def unknown_name(name: str, span: Span, known: list[str]) -> Diagnostic:
    help_line = one_of(name, known, "names here")
    fix = renaming(span, name, known)
    return Diagnostic("unknown-name", f"unknown name `{name}`", span, helps=(help_line,), fix=fix)
