"""Functions and classes as source, taken out of the files in which they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

_OWN = Path(__file__).with_name("functions_source.py")
_COMMENT_FOR_TOOLS = re.compile(rb"[ ]*# (?:type: ignore|noqa\b)[^\n]*")

Edit: TypeAlias = tuple[int, int, bytes]
"""What stands between two offsets of a text, and what is to stand there."""


def functions_source(names: Iterable[str]) -> list[str]:
    """The source of functions of the language that Python lacks, such as `divisible`.

    With them come those that they use. Raises `KeyError` for a name that is none of them.
    """
    return class_source(_OWN, names)


def class_source(module_path: Path, names: Iterable[str]) -> list[str]:
    """The source of top-level definitions of a Python file, and of those that they use.

    They are in the order of the file, without annotations. The file is not imported. Raises
    `KeyError` for a name that the file does not define.
    """
    module = _module(module_path)
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            used = _names(module.definitions[name])
            pending += [other for other in used if other in module.definitions]
    return [module.source(name) for name in module.definitions if name in wanted]


def language_functions() -> frozenset[str]:
    """The names that `functions_source` knows."""
    return definitions(_OWN)


def definitions(module_path: Path) -> frozenset[str]:
    """The names that a Python file defines at its top."""
    return frozenset(_module(module_path).definitions)


@dataclass(frozen=True, slots=True)
class _Module:
    """A Python file: its text, and the top-level definitions in it by name."""

    data: bytes
    line_starts: list[int]
    definitions: dict[str, ast.stmt]

    def source(self, name: str) -> str:
        return _plain_source(self.data, self.line_starts, self.definitions[name])


@cache
def _module(path: Path) -> _Module:
    data = path.read_bytes()
    defined = {
        name: statement for statement in ast.parse(data).body for name in _defined(statement)
    }
    return _Module(data, _line_starts(data), defined)


def _line_starts(data: bytes) -> list[int]:
    return [0, *(match.end() for match in re.finditer(rb"\n", data))]


def _defined(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _names(tree: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _plain_source(data: bytes, starts: list[int], statement: ast.stmt) -> str:
    """The source of a statement, without what only a type checker or a linter reads."""
    decorators = getattr(statement, "decorator_list", [])
    first = min(node.lineno for node in (statement, *decorators))
    start, stop = starts[first - 1], _end(starts, statement)
    edits = [edit for node in ast.walk(statement) for edit in _edits(data, starts, node)]
    text = data
    for begin, end, replacement in sorted(edits, reverse=True):
        text = text[:begin] + replacement + text[end:]
        stop += len(replacement) - (end - begin)
    line_end = text.find(b"\n", stop)
    own = text[start : line_end if line_end >= 0 else len(text)]
    return _COMMENT_FOR_TOOLS.sub(b"", own).decode().rstrip()


def _edits(data: bytes, starts: list[int], node: ast.AST) -> Iterator[Edit]:
    """What takes the annotations of a node away."""
    match node:
        case ast.arg(annotation=ast.expr()):
            name = starts[node.lineno - 1] + node.col_offset + len(node.arg.encode())
            yield name, _end(starts, node), b""
        case ast.FunctionDef(returns=ast.expr() as returns):
            arrow = data.rindex(b"->", 0, _start(starts, returns))
            yield arrow, _end(starts, returns), b""
        case ast.AnnAssign(target=target, annotation=annotation, value=ast.expr()):
            yield _end(starts, target), _end(starts, annotation), b""


def _start(starts: list[int], node: ast.expr) -> int:
    return starts[node.lineno - 1] + node.col_offset


def _end(starts: list[int], node: ast.expr | ast.stmt | ast.arg) -> int:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return starts[node.end_lineno - 1] + node.end_col_offset
