"""Text of a spec never becomes code: it is refused, or stays text and names in what is emitted."""

from __future__ import annotations

import ast
import json
import os
import re
import symtable
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

import archc
from archc.cli.boundary import run
from archc.diagnostics import CompileError
from archc.emitted import Language, emit, read_stamp
from tests.strategies.hostile import HARMLESS, PROOF, WORDS, Hostile, hostile_specs, hostile_texts
from tests.strategies.render import rendered

LANGUAGES: tuple[Language, ...] = ("python", "torch")
LOOPS = {"enumerate", "partial", "range", "zip", "super", "print"}
"""Builtins that an emission may call whatever the names are."""
IMPORTS = {
    "python": {"import math", "from functools import partial", "import keras"},
    "torch": {
        *("import math", "from functools import partial", "import torch"),
        *("import torch.nn.functional as F", "from torch import nn"),
    },
}
"""All that an emission may import; for Keras also its parts, those that it uses."""
KINDS = frozenset(
    [
        *(ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.FunctionDef, ast.ClassDef),
        *(ast.arguments, ast.arg, ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Pass),
        *(ast.If, ast.For, ast.With, ast.withitem, ast.Load, ast.Store, ast.Name, ast.Constant),
        *(ast.Call, ast.keyword, ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple, ast.List),
        *(ast.JoinedStr, ast.FormattedValue, ast.GeneratorExp, ast.comprehension, ast.IfExp),
        *(ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp),
        *(ast.cmpop, ast.boolop, ast.operator, ast.unaryop),
    ]
)
"""All that these emissions are made of; no decorators, `lambda`, `try`, `global`, stars, …"""


def emission(spec: Hostile, language: Language) -> str | None:
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
def harmless(language: Language) -> str:
    source = emission(Hostile(HARMLESS), language)
    assert source is not None
    return source


def imports(tree: ast.Module) -> set[str]:
    """The imports, wherever they stand; parts of Keras count as Keras."""
    found = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    parts = re.compile(r"from keras import (Input|Model|layers|ops)(, (Input|Model|layers|ops))*")
    return {"import keras" if parts.fullmatch(line) else line for line in found}


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


def unexpected(tree: ast.Module) -> Iterator[str]:
    """What no emission has: other kinds of code, calls of what is no name, names beyond ASCII."""
    for node in ast.walk(tree):
        if not any(isinstance(node, kind) for kind in KINDS):
            yield type(node).__name__
        match node:
            case ast.FunctionDef(decorator_list=[_, *_]) | ast.ClassDef(decorator_list=[_, *_]):
                yield f"a decorator of {node.name}"
            case ast.Call(ast.Name() | ast.Attribute() | ast.Call(ast.Name() | ast.Attribute())):
                pass
            case ast.Call():
                yield ast.unparse(node)
            case ast.Name(name) | ast.arg(name) | ast.Attribute(_, name) if not name.isascii():
                yield name


def check(source: str, language: Language) -> None:
    """The source has nothing but names and texts that the harmless one has not."""
    tree, plain = ast.parse(source), ast.parse(harmless(language))
    assert all(character == "\n" or character.isprintable() for character in source)
    assert imports(tree) <= IMPORTS[language]
    assert not list(unexpected(tree))
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
        "print((lambda: 0)())",
        "print(print()()())",
        "é = 1",
        "@print\ndef also(x):\n    return x",
        "# \u202e",
        "try:\n    pass\nfinally:\n    pass",
    ],
)
def test_the_check_sees_code(injected: str, language: Language) -> None:
    source = harmless(language)
    check(source, language)
    with pytest.raises(AssertionError):
        check(f"{source}\n{injected}\n", language)


@pytest.mark.parametrize("language", LANGUAGES)
@given(spec=hostile_specs())
@hypothesis.settings(max_examples=50)
def test_text_stays_text(language: Language, spec: Hostile) -> None:
    os.environ.pop(PROOF, None)
    source = emission(spec, language)
    assert PROOF not in os.environ
    if source is not None:
        check(source, language)


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    texts=st.fixed_dictionaries({"about": hostile_texts(), "mood": hostile_texts()}),
    folder=hostile_texts(),
    written=st.sampled_from([json.dumps, str]),
)
@hypothesis.settings(max_examples=20)
def test_a_command_line_stays_text(
    language: Language, texts: dict[str, str], folder: str, written: Callable[[str], str]
) -> None:
    settings = tuple(f"{key}={written(text) or 'null'}" for key, text in texts.items())
    with TemporaryDirectory() as place:
        spec, output = Path(place) / "plain.yaml", Path(place) / "out.py"
        spec.write_text(rendered(Hostile(HARMLESS).data), encoding="utf-8")
        arguments = ["emit", str(spec), "--to", language, "-o", str(output)]
        arguments += ["--search-path", folder.replace("\0", "0")]
        arguments += [word for text in settings for word in ("--set", text)]
        os.environ.pop(PROOF, None)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            code = run(arguments)
        assert PROOF not in os.environ
        assert code == (0 if output.exists() else 2)
        if code:
            return
        source = output.read_bytes().decode()
    check(source, language)
    stamp = read_stamp(source)
    assert stamp is not None
    assert stamp.intact
    assert stamp.command.settings == settings


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", [place for place in HARMLESS if place != "file"])
def test_odd_names_are_emitted(place: str, language: Language) -> None:
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
