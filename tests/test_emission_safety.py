"""Text of a spec never becomes code: it is refused, or stays text and names in what is emitted."""

from __future__ import annotations

import ast
import os
import symtable
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import pytest
from hypothesis import given

import archc
from archc.diagnostics import CompileError
from archc.emitted import emit
from tests.strategies.hostile import HARMLESS, PROOF, WORDS, Hostile, hostile_specs
from tests.strategies.render import rendered

LANGUAGES = ("python", "torch")
LOOPS = {"enumerate", "range", "zip", "super", "print"}
"""Builtins that an emission may call whatever the names are."""


def emission(spec: Hostile, language: str) -> str | None:
    """The source of a spec; None where it is refused."""
    name = spec.stem.replace("/", "_").replace("\x00", "_")[:80]
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.yaml"
        file.write_bytes(rendered(spec.data).encode())
        try:
            return emit(archc.load(str(file)), language).text
        except CompileError as error:
            assert error.diagnostics
            return None


@cache
def harmless(language: str) -> str:
    source = emission(Hostile(HARMLESS), language)
    assert source is not None
    return source


def imports(tree: ast.Module) -> set[str]:
    return {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }


def builtins_of(source: str) -> set[str]:
    """The names that nothing in the source binds."""
    top = symtable.symtable(source, "<emitted>", "exec")
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    return {
        symbol.get_name()
        for table in _tables(top)
        for symbol in table.get_symbols()
        if symbol.is_global() and symbol.is_referenced() and symbol.get_name() not in bound
    }


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def own_attributes(tree: ast.Module) -> set[str]:
    """The attributes that methods give to `self`."""
    return {node.attr for node in _attributes(tree) if isinstance(node.ctx, ast.Store)}


def foreign_attributes(tree: ast.Module) -> set[str]:
    """The attributes that are read, but for those that the source gave to `self` itself."""
    own = own_attributes(tree)
    return {
        node.attr
        for node in _attributes(tree)
        if not (isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in own)
    }


def _attributes(tree: ast.Module) -> Iterator[ast.Attribute]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))


def statements_of_expression(tree: ast.Module) -> Iterator[ast.expr]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))


def check(source: str, language: str) -> None:
    """The source has nothing but names and texts that the harmless one has not."""
    tree, plain = ast.parse(source), ast.parse(harmless(language))
    assert imports(tree) == imports(plain)
    assert builtins_of(source) <= builtins_of(harmless(language)) | LOOPS
    assert foreign_attributes(tree) <= foreign_attributes(plain)
    docstring = tree.body[0]
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)
    assert isinstance(docstring.value.value, str)
    for expression in statements_of_expression(tree):
        text = isinstance(expression, ast.Constant) and isinstance(expression.value, str)
        assert text or isinstance(expression, ast.Call)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "injected",
    [
        "import os",
        "from os import system",
        "exec('')",
        "globals()",
        "print.__self__",
        "print(f'{print.__self__}')",
        "def also(x):\n    return x.mro()",
        "1 + 1",
    ],
)
def test_the_check_sees_code(injected: str, language: str) -> None:
    source = harmless(language)
    check(source, language)
    with pytest.raises(AssertionError):
        check(f"{source}\n{injected}\n", language)


@pytest.mark.parametrize("language", LANGUAGES)
@given(spec=hostile_specs())
@hypothesis.settings(max_examples=50)
def test_text_stays_text(language: str, spec: Hostile) -> None:
    os.environ.pop(PROOF, None)
    source = emission(spec, language)
    assert PROOF not in os.environ
    if source is not None:
        check(source, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", [place for place in HARMLESS if place != "file"])
def test_odd_names_are_emitted(place: str, language: str) -> None:
    """What the language allows as a name comes through, in every place."""
    allowed = 0
    for word in ("type", "self", "nn", "layers", "super", "print", "forward", "_", "x"):
        source = emission(Hostile({**HARMLESS, place: word}), language)
        if source is not None:
            check(source, language)
            allowed += 1
    assert allowed >= 8


@pytest.mark.slow
def test_modules_keep_the_attributes_of_pytorch() -> None:
    """No id takes the place of what every module has, such as `forward` or `train`."""
    nn = pytest.importorskip("torch").nn
    inherited = set(dir(nn.Module()))
    for word in WORDS:
        source = emission(Hostile({**HARMLESS, "id": word, "inner id": word}), "torch")
        if source is not None:
            assert own_attributes(ast.parse(source)) & inherited == set(), word
