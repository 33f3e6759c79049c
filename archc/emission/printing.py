"""What the printers of all targets share: literals, arguments, and templates."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import cache, lru_cache
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING

from archc.diagnostics import CompileError, Diagnostic, SourceText, Span
from archc.emission.formatting import formatted
from archc.emission.symbols import code_of
from archc.resources import templates_folder

if TYPE_CHECKING:
    from jinja2 import Environment

_QUOTES_THAT_COULD_END = re.compile(r'^"|"(?="|$)')
_NEWLINE = r"\n"
_BLANK = r"\x20"
_RUFFS_PLACE = re.compile(r"emitted\.py:(\d+):\d+:(.*)")
_EXPONENT = re.compile(r"e([+-]?)0+(?=\d)")


def docstring_literal(text: str) -> str:
    """The text as a literal in triple double quotes that evaluates to exactly this text.

    Printable characters and line ends stand as they are. All else is escaped, and so are blanks
    that a formatter would take away from the docstring of a module.
    """
    body = "".join(_escaped(character) for character in text)
    body = _QUOTES_THAT_COULD_END.sub(r"\"", body)
    inner = body.lstrip("\n")
    before = len(body) - len(inner)
    inner = inner.rstrip("\n")
    after = len(body) - before - len(inner)
    lines = [_with_edges(line) for line in inner.split("\n")]
    lines[0] = _with_first(lines[0])
    return f'"""{before * _NEWLINE}{_flush_left(lines)}{after * _NEWLINE}"""'


def _escaped(character: str) -> str:
    if character == "\\":
        return r"\\"
    if character == "\n" or character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def _with_edges(line: str) -> str:
    """The line with a last blank that a formatter does not see."""
    return f"{line[:-1]}{_BLANK}" if line.endswith(" ") else line


def _with_first(line: str) -> str:
    return f"{_BLANK}{line[1:]}" if line.startswith(" ") else line


def _flush_left(lines: list[str]) -> str:
    """The lines, one of which starts at the margin: an indent of all of them has no meaning."""
    first, *others = lines
    filled = [number for number, line in enumerate(others) if line]
    if filled and all(others[number].startswith(" ") for number in filled):
        others[filled[0]] = _with_first(others[filled[0]])
    return "\n".join([first, *others])


def expression(code: ast.expr) -> str:
    """Python's source of an expression as a person writes it: `1e-5`, `x != 1`, `x is None`.

    Raises `AssertionError` where a name in it is none: what is no name could be any code.
    """
    for node in ast.walk(code):
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            assert name.isidentifier(), name
    return ast.unparse(_Readable().visit(deepcopy(code)))


_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_IDENTITIES: dict[type[ast.cmpop], ast.cmpop] = {ast.Eq: ast.Is(), ast.NotEq: ast.IsNot()}


class _Readable(ast.NodeTransformer):
    """Trees that mean the same and are spelled as linters want them."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, float):
            return node
        return _as_it_stands(_EXPONENT.sub(r"e\1", ast.unparse(node)))

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        for index, (operator, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            if isinstance(right, ast.Constant) and right.value is None:
                node.ops[index] = _IDENTITIES.get(type(operator), operator)
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        # From the third operand on `unparse` puts comparisons in brackets.
        self.generic_visit(node)
        node.values = [
            _as_it_stands(ast.unparse(each)) if _binds_tighter(each) else each
            for each in node.values
        ]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        match self.generic_visit(node):
            case ast.UnaryOp(ast.Not(), ast.Compare(left, [operator], [right])):
                opposite = _OPPOSITES.get(type(operator))
                return ast.Compare(left, [opposite()], [right]) if opposite else node
        return node


def _as_it_stands(source: str) -> ast.expr:
    """The one tree that `unparse` writes as it is: a name."""
    return ast.Name(source, ast.Load())


def _binds_tighter(code: ast.expr) -> bool:
    """Whether an operand of `and` and `or` never needs brackets."""
    return not isinstance(code, ast.BoolOp | ast.IfExp | ast.Lambda | ast.NamedExpr)


def spell(value: object) -> str:
    """A value, which may be a symbol, as Python's source."""
    return expression(code_of(value))


def call_arguments(
    arguments: Iterable[tuple[str, object]],
    positional: int,
    spelled: Callable[[object], str] = spell,
) -> str:
    """`64, 3, strides=2`: the first `positional` arguments without their names.

    `spelled` gives the source of a value; the default knows literals and symbols.
    """
    texts = [
        spelled(value) if number < positional else f"{name}={spelled(value)}"
        for number, (name, value) in enumerate(arguments)
    ]
    return ", ".join(texts)


@lru_cache(maxsize=4096)
def names_used(source: str) -> frozenset[str]:
    """All names that stand in a source: what a file must import is among them."""
    return frozenset(
        [node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    )


def render(template: str, target: str, view: Mapping[str, object], templates: Path | None) -> str:
    """The formatted source that a template of a target makes of a view.

    Templates of the folder `templates` come before those of the same name that archc brings.
    Raises `CompileError` (`template-error`, with the file and the line) where they fail.
    """
    made = environment(templates, target)
    try:
        source = made.get_template(template).render(view)
    except Exception as error:
        if templates is None:
            raise
        raise CompileError([_template_error(error, made, templates)]) from error
    try:
        return formatted(source)
    except AssertionError as error:
        if templates is None:
            raise
        raise CompileError([_no_python(str(error), source, templates)]) from error


def environment(templates: Path | None, target: str) -> Environment:
    """Jinja for the templates of a target: sandboxed, and strict about names.

    Raises `CompileError` (`file-missing`) where `templates` is no folder.
    """
    # A folder of the user's may have other files, or be another one, the next time.
    return _own_environment(target) if templates is None else _environment(templates, target)


@cache
def _own_environment(target: str) -> Environment:
    return _environment(None, target)


def _environment(templates: Path | None, target: str) -> Environment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from archc.emission.template_cache import TemplateCache
    from archc.emission.template_folders import TemplateFolders

    if templates is not None and not os.path.isdir(templates):  # noqa: PTH112  (is_dir raises)
        message = f"expected a folder of templates, found none at `{templates}`"
        raise CompileError([Diagnostic("file-missing", message)])
    own = [] if templates is None else [templates]
    return ImmutableSandboxedEnvironment(
        loader=TemplateFolders([*own, templates_folder() / target]),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        # Nothing is written into a folder of the user's.
        bytecode_cache=TemplateCache() if templates is None else None,
    )


def _template_error(error: Exception, made: Environment, templates: Path) -> Diagnostic:
    path, number = _where(error, made)
    # The text of an error of Jinja's syntax has its place in it.
    reason = getattr(error, "message", None) or str(error) or type(error).__name__
    if path is None:
        return Diagnostic("template-error", f"a template of `{templates}` fails: {reason}")
    source = SourceText(str(path), path.read_text("utf-8", errors="replace"))
    message = f"`{path.name}` fails in line {number}: {reason}"
    return Diagnostic("template-error", message, _line(source, number))


def _no_python(reason: str, source: str, templates: Path) -> Diagnostic:
    """`reason` is ruff's, with the line and the column in what the templates made."""
    message = f"expected Python from the templates in `{templates}`, found other text"
    place = _RUFFS_PLACE.search(reason)
    if place is None:
        return Diagnostic("template-error", message, notes=(reason,))
    made = SourceText("emitted.py", source)
    return Diagnostic("template-error", message, _line(made, int(place[1])), label=place[2].strip())


def _line(text: SourceText, number: int) -> Span:
    start = text.line_starts[min(number, len(text.line_starts)) - 1]
    return Span(text, start, start + len(text.text[start:].partition("\n")[0]))


def _where(error: Exception, made: Environment) -> tuple[Path | None, int]:
    """The template in which an error came up, the innermost one, and its line."""
    from jinja2 import FileSystemLoader, TemplateSyntaxError

    assert isinstance(made.loader, FileSystemLoader)
    if isinstance(error, TemplateSyntaxError) and error.filename is not None:
        return Path(error.filename), error.lineno
    place: tuple[Path | None, int] = (None, 0)
    for frame, line in walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if any(path.is_relative_to(folder) for folder in made.loader.searchpath):
            place = path, line
    return place
