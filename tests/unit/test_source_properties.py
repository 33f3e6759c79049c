"""Whatever the text: a tree with sound spans, or a `CompileError`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.diagnostics import CompileError, SourceText
from archc.source import Mapping, Node, Scalar, Sequence, compose, read_source

PIECES = [
    "a", "b", "relu", "=", "=4 * a", "=max(a, b)", "=w[0]", "$(", ")", "(", "$(a)", ": ", ":", "- ",
    "? ", ", ", ",", "[", "]", "{", "}", "\n", "\n  ", "\n    ", "\r\n", "\t", " ", " #", "#", "'",
    '"', "\\", "|\n", ">-\n", "&x ", "*x", "!t ", "!", "<<", "---\n", "...\n", "%YAML 1.2\n", "%",
    "@", "`", "~", "null", "1", "1e5", "12345678901234567890", "😀", "é", "\ufeff", "\x00", "\x85",
    "\u2028", "\xa0", "\ud800",
]  # fmt: skip

yaml_like = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(yaml_like | st.text(max_size=60))
@settings(max_examples=1500, deadline=None)
def test_any_text(text: str) -> None:
    source = SourceText("a.yaml", text)
    try:
        _check_spans(compose(source), source)
    except CompileError as error:
        assert error.diagnostics
        for diagnostic in error.diagnostics:
            assert diagnostic.span is not None
            assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)


@given(st.binary(max_size=60) | yaml_like.map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=500, deadline=None)
def test_any_file(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    try:
        compose(read_source(path))
    except CompileError as error:
        assert error.diagnostics


SPECS = sorted((Path(__file__).parents[2] / "specs").rglob("*.yaml"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_damaged_specs(path: Path) -> None:
    """A spec with characters lost, doubled or swapped gives a tree or an error with a place."""
    text = read_source(path).text
    choose = random.Random(path.name)
    for _ in range(30):
        damaged = list(text)
        for _ in range(choose.randint(1, 3)):
            place = choose.randrange(len(damaged) - 1)
            damaged[place : place + 1] = choose.choice(["", damaged[place] * 2, damaged[place + 1]])
        source = SourceText("damaged.yaml", "".join(damaged))
        try:
            _check_spans(compose(source), source)
        except CompileError as error:
            assert all(diagnostic.span for diagnostic in error.diagnostics)


def _check_spans(node: Node, source: SourceText) -> None:
    assert node.span.source is source
    assert 0 <= node.span.start <= node.span.end <= len(source.text)
    if isinstance(node, Scalar):
        if not node.quoted and not set(node.span.text) & set("\n\r\x85\u2028\u2029"):
            assert node.text == node.span.text
        return
    children = node.items if isinstance(node, Sequence) else []
    if isinstance(node, Mapping):
        children = [entry.value for entry in node.entries.values()]
    for child in children:
        _check_spans(child, source)
