"""Running emitted source without the framework that it is written for.

What the source imports is given: stand-ins that record. This keeps a framework out, it is no wall:
the source must be made of syntax trees, as all emitted source is.
"""

from __future__ import annotations

import ast
import builtins
import collections.abc
import functools
import itertools
import math
import typing
from collections.abc import Callable, Mapping
from types import TracebackType

FILE = "<emitted>"
"""What tracebacks call emitted source."""

STOPS = (Exception, SystemExit, GeneratorExit)
"""What source may raise that is a fault of it, the end of Python too, but no Ctrl-C."""

_PLAIN = (collections, collections.abc, functools, itertools, math, typing)


def parsed(source: str) -> ast.Module:
    """The tree of emitted source. Raises `SyntaxError`."""
    return ast.parse(source, FILE)


def take_classes(tree: ast.Module, taken: Callable[[str], bool]) -> dict[str, ast.ClassDef]:
    """Takes the classes of those names out of the tree's top level; what they were, by name."""
    found = {
        statement.name: statement
        for statement in tree.body
        if isinstance(statement, ast.ClassDef) and taken(statement.name)
    }
    tree.body = [
        statement
        for statement in tree.body
        if not isinstance(statement, ast.ClassDef) or statement.name not in found
    ]
    return found


def executed(
    tree: ast.Module, modules: Mapping[str, object], given: Mapping[str, object]
) -> dict[str, object]:
    """The names that the source defines when it is imported.

    It can import `modules`, by their full names, and a few of Python's own; `given` are names that
    it finds already defined. Raises whatever the source raises.
    """
    importing = {**vars(builtins), "__import__": _importer(modules)}
    namespace = {"__name__": "emitted", "__builtins__": importing, **given}
    exec(compile(tree, FILE, "exec", dont_inherit=True), namespace)
    return namespace


def explained(error: BaseException) -> str:
    """One line on an error that emitted source has or raised, with the line where it is known."""
    line = error.lineno if isinstance(error, SyntaxError) else _line(error.__traceback__)
    place = f"line {line}: " if line else ""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{place}{type(error).__name__}: {message}"


def _importer(modules: Mapping[str, object]) -> Callable[..., object]:
    known: dict[str, object] = {module.__name__: module for module in _PLAIN}
    known["__future__"] = __import__("__future__")
    known.update(modules)

    def import_module(
        name: str,
        _globals: object = None,
        _locals: object = None,
        names: object = None,
        level: int = 0,
    ) -> object:
        if level or name not in known:
            raise ImportError(f"emitted source imports `{name}`")
        # `import a.b` binds `a`; `from a.b import c` wants `a.b`.
        return known[name] if names else known[name.partition(".")[0]]

    return import_module


def _line(traceback: TracebackType | None) -> int | None:
    """The innermost line of emitted source on the way to the error."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == FILE:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def refuse_fractions(name: str, value: object) -> None:
    """A framework takes no 8.0 for 8 where it counts. Raises `TypeError`."""
    items = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(item, float) for item in items):
        raise TypeError(f"`{name}` is {value!r}, which is no whole number")
