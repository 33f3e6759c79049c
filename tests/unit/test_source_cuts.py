"""An expression that a flow collection cuts is one error that shows how to quote it."""

from __future__ import annotations

import pytest
import yaml

from archc.diagnostics import CompileError, Diagnostic, SourceText
from archc.source import Mapping, compose
from archc.source import loader as loader_module


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_module, "_LOADER", getattr(yaml, request.param))


@pytest.mark.parametrize(
    ("text", "cut", "fix"),
    [
        ("{filters: =max(a, b)}", "=max(a, b)", '"=max(a, b)"'),
        ("{filters: =max(a, b), kernel: 1}", "=max(a, b)", '"=max(a, b)"'),
        ("{kernel: 1, filters: =max(a, b) + 1}", "=max(a, b) + 1", '"=max(a, b) + 1"'),
        ("[=max(a, b)]", "=max(a, b)", '"=max(a, b)"'),
        ("a: {filters: =widths[0], kernel: 4}", "=widths[0]", '"=widths[0]"'),
        ("a: {filters: =widths[1:], kernel: 4}", "=widths[1:]", '"=widths[1:]"'),
        ("a: {filters: =w [0] * 2, kernel: 4}", "=w [0] * 2", '"=w [0] * 2"'),
        ("{blocks: =[n] * 3}", "=[n] * 3", '"=[n] * 3"'),
        ("{a: =[w for w in n[1:]]}", "=[w for w in n[1:]]", '"=[w for w in n[1:]]"'),
        ('{kind: ="a, b" if c else d}', '="a, b" if c else d', "'=\"a, b\" if c else d'"),
        ("{kind: =f(a, 'b')}", "=f(a, 'b')", "\"=f(a, 'b')\""),
        ('{kind: =f(\'a\', "b")}', '=f(\'a\', "b")', "'=f(''a'', \"b\")'"),
        ("{=max(a, b): 1}", "=max(a, b)", '"=max(a, b)"'),
        ("{id: b$(max(a, b))}", "b$(max(a, b))", '"b$(max(a, b))"'),
        ("{id: b$(names[0]), n: 1}", "b$(names[0])", '"b$(names[0])"'),
        ("{id: it's b$(max(a, b))}", "it's b$(max(a, b))", '"it\'s b$(max(a, b))"'),
        ("{a: 1, b: {c: [=max(a, b) # note\n]}}", "=max(a, b)", '"=max(a, b)"'),
        ("{a: =f(b: 1), c: 2}", "=f(b: 1)", '"=f(b: 1)"'),
        ('{a: =f(x, "y"), b: \'z\'}', '=f(x, "y")', "'=f(x, \"y\")'"),
        ("😀: {a: =max(a, b)}", "=max(a, b)", '"=max(a, b)"'),
        ("\ufeffa: {a: =max(a, b)}", "=max(a, b)", '"=max(a, b)"'),
    ],
)  # fmt: skip
def test_the_whole_expression_is_found(text: str, cut: str, fix: str) -> None:
    (diagnostic,) = _errors(text)
    assert diagnostic.code == "cut-expression"
    assert diagnostic.span is not None
    assert diagnostic.span.text == cut
    assert diagnostic.helps == (f"quote it: `{fix}`",)
    assert cut in _strings(compose(SourceText("a.yaml", text.replace(cut, fix))))


@pytest.mark.parametrize("text", ["{f: =(a}", "{f: =(a, b: 2}", "[=max(a,\n b)]", '{a: =f(x, "y)}'])
def test_an_expression_that_stays_open(text: str) -> None:
    (diagnostic,) = _errors(text)
    assert diagnostic.code == "cut-expression"
    assert diagnostic.helps == ("quote the expression, and close its brackets and quotes",)


@pytest.mark.parametrize(
    ("text", "knife"),
    [
        ("{a: =max(a, b)}", "a comma of the flow mapping"),
        ("[=max(a, b)]", "a comma of the flow sequence"),
        ("{a: =widths[0]}", "a bracket of the flow mapping"),
        ("{a: =f(b: 1)}", "a colon of the flow mapping"),
    ],
)
def test_the_message_names_what_cuts(text: str, knife: str) -> None:
    (diagnostic,) = _errors(text)
    assert diagnostic.message.endswith(knife)


def test_several_cuts_and_what_is_wrong_besides() -> None:
    text = "- {a: =max(a, b), c: [=x[1:], 2], d: 1, d: 2}\n- {e: =[n] * 3}\n- !x y\n"
    found = [(diagnostic.code, diagnostic.span.text) for diagnostic in _errors(text)]
    assert sorted(found) == [
        ("cut-expression", "=[n] * 3"),
        ("cut-expression", "=max(a, b)"),
        ("cut-expression", "=x[1:]"),
        ("duplicate-key", "d"),
        ("yaml-tag", "!x"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{a: =, b: =4 * filters, c: =max(a) + (b), d: =x == 'y'}",
        "a: =max(a, b)\nb: =widths[0]\nc:\n- =[n] * 3\n",
        "{a: '=max(a, b)', b: \"=widths[0]\"}",
        "{a: it's, b: $5, c: a(b, d: b$(n)c, e: $(n) it's}",
        "a: =f(x)  # (\n",
    ],
)
def test_whole_expressions_pass(text: str) -> None:
    assert isinstance(compose(SourceText("a.yaml", text)), Mapping)


def test_other_broken_syntax_stays_what_it_is() -> None:
    (diagnostic,) = _errors("{a: =b, c: [1, 2}")
    assert diagnostic.code == "yaml-syntax"


def _errors(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as caught:
        compose(SourceText("a.yaml", text))
    return caught.value.diagnostics


def _strings(node: object) -> list[str]:
    """The texts of all keys and scalars of a tree."""
    if hasattr(node, "items"):
        return [text for item in node.items for text in _strings(item)]
    if hasattr(node, "entries"):
        return [t for key, e in node.entries.items() for t in (key, *_strings(e.value))]
    return [node.text]  # type: ignore[attr-defined]
