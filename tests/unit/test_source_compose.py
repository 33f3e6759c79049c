"""A YAML text becomes a located tree, or all of its errors with their places."""

from __future__ import annotations

import pytest
import yaml

from archc.diagnostics import CompileError, Diagnostic, SourceText
from archc.source import Mapping, Node, Scalar, Sequence, compose
from archc.source import loader as loader_module
from archc.source.limits import MAX_DEPTH, MAX_NODES

SPEC = """\
name: resnet50   # the name
args: {classes: 1000, width: 1.5}

learner:
  groups:
  - {filters: 64,  blocks: 3}
  - filters: 128
    kernel: [7, '1']


task: |
  one
  two

# the end
"""


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML may come without its C library: all holds for both of its parsers."""
    monkeypatch.setattr(loader_module, "_LOADER", getattr(yaml, request.param))


def test_values() -> None:
    assert _plain(_compose(SPEC)) == {
        "name": "resnet50",
        "args": {"classes": 1000, "width": 1.5},
        "learner": {"groups": [{"filters": 64, "blocks": 3}, {"filters": 128, "kernel": [7, "1"]}]},
        "task": "one\ntwo\n",
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (["name"], "resnet50"),
        (["args"], "{classes: 1000, width: 1.5}"),
        (["args", "classes"], "1000"),
        (["learner"], SPEC[SPEC.index("groups") : SPEC.index("\n\n\ntask")]),
        (["learner", "groups"], SPEC[SPEC.index("- {") : SPEC.index("\n\n\ntask")]),
        (["learner", "groups", "0"], "{filters: 64,  blocks: 3}"),
        (["learner", "groups", "1"], "filters: 128\n    kernel: [7, '1']"),
        (["learner", "groups", "1", "kernel"], "[7, '1']"),
        (["learner", "groups", "1", "kernel", "1"], "'1'"),
        (["task"], "|\n  one\n  two"),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spans_have_no_blank_lines_and_no_comments(
    path: list[str], expected: str, mark: str, end: str
) -> None:
    node = _compose(mark + SPEC.replace("\n", end))
    for step in path:
        node = _child(node, step)
    assert node.span.text == expected.replace("\n", end)


def test_keys_have_spans_and_flow_is_known() -> None:
    tree = _compose("😀: {'b c': 1}\n0: [2]\n")
    assert isinstance(tree, Mapping)
    assert [entry.key_span.text for entry in tree.entries.values()] == ["😀", "0"]
    assert not tree.flow
    inner = tree.entries["😀"].value
    assert isinstance(inner, Mapping)
    assert inner.flow
    assert inner.entries["b c"].key_span.text == "'b c'"
    assert tree.get("0") is tree.entries["0"].value
    assert tree.get("1") is None


def test_an_alias_shares_its_node() -> None:
    tree = _compose("a: &x {b: &y 'q'}\nc: *x\nd: *y\ne: &z # note\n  f: 1\n")
    assert tree.get("a") is tree.get("c")
    assert tree.get("d").span.text == "'q'"
    assert tree.get("a").span.text == "{b: &y 'q'}"
    assert tree.get("e").span.text == "f: 1"


def test_an_anchor_may_be_used_again() -> None:
    assert _plain(_compose("a: &x 1\nb: *x\nc: &x 2\nd: *x")) == {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\nb: 2\na: 3", "duplicate-key", (3, 1, "a")),
        ("a: 1\n'a': 3", "duplicate-key", (2, 1, "'a'")),
        ("{a: 1, a: 3}", "duplicate-key", (1, 8, "a")),
        ("a: &x {b: 1}\nc:\n  <<: *x", "merge-key", (3, 3, "<<")),
        ("a: !!str 1", "yaml-tag", (1, 4, "!!str")),
        ("a: !x {b: 1}", "yaml-tag", (1, 4, "!x")),
        ("a:\n  !x\n  b: 1", "yaml-tag", (2, 3, "!x")),
        ("a: *x", "yaml-alias", (1, 4, "*x")),
        ("a: &x [1, *x]", "yaml-alias", (1, 11, "*x")),
        ("a: 1\n---\nb: 2", "yaml-documents", (2, 1, "---")),
        ("? [a, b]\n: 1", "yaml-key", (1, 3, "[a, b]")),
        ("? {a: b}\n: 1", "yaml-key", (1, 3, "{a: b}")),
        ("a: &x b\n*x : 1", "yaml-key", (2, 1, "*x")),
        ("a: 1\n?\n: 1", "yaml-key", (2, 2, "")),
        ("'': 1", "yaml-key", (1, 1, "''")),
        ("a: b: c", "yaml-syntax", (1, 5, ":")),
        ("a:\n\tb: c", "yaml-syntax", (2, 1, "\t")),
        ("a:\n  - b\n \t- c", "yaml-syntax", (3, 2, "\t")),
        ("a: 1\n b: 2", "yaml-syntax", (2, 3, ":")),
        ("a: @x", "yaml-syntax", (1, 4, "@")),
        ("a: \x1b", "yaml-syntax", (1, 4, "\ufffd")),
        ("a: \ud800", "yaml-syntax", (1, 4, "\ufffd")),
    ],
)
def test_one_error(text: str, code: str, place: tuple[int, int, str]) -> None:
    (diagnostic,) = _errors(text)
    assert diagnostic.code == code
    assert diagnostic.span is not None
    assert (diagnostic.span.line, diagnostic.span.column, diagnostic.span.text) == place


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "---\n...\n", "\ufeff"])
def test_no_content(text: str) -> None:
    assert [diagnostic.code for diagnostic in _errors(text)] == ["yaml-empty"]


def test_a_duplicate_key_shows_the_first() -> None:
    (diagnostic,) = _errors("a: 1\nb: 2\na: 3")
    assert [str(related.span) for related in diagnostic.related] == ["a.yaml:1:1"]


def test_a_tab_is_told_how_to_indent() -> None:
    (diagnostic,) = _errors("a:\n\tb: c")
    assert diagnostic.message == "expected spaces for indentation, found a tab"
    assert diagnostic.helps == ("indent with spaces",)


def test_all_independent_errors_are_told_at_once() -> None:
    text = "a: {b: 1, b: 2}\nc: !x 1\n<<: 3\nd: 12345678901234567890\na: [=max(1, 2)]\ne: f: g\n"
    assert [(diagnostic.code, diagnostic.span.line) for diagnostic in _errors(text)] == [
        ("duplicate-key", 1),
        ("yaml-tag", 2),
        ("merge-key", 3),
        ("number-range", 4),
        ("duplicate-key", 5),
        ("cut-expression", 5),
        ("yaml-syntax", 6),
    ]


def test_a_chain_of_aliases_is_refused() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (diagnostic,) = _errors("\n".join(levels))
    assert diagnostic.code == "yaml-anchor-bomb"
    assert f"{MAX_NODES:,}" in diagnostic.message


def test_aliases_within_the_limit_are_fine() -> None:
    row = "x: &x [1, 2, 3]\n"
    tree = _compose(row + "y: [" + ", ".join(["*x"] * 1000) + "]\n")
    assert len(tree.get("y").items) == 1000


@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")]
)
def test_nesting_is_bounded(opening: str, closing: str) -> None:
    _compose(
        opening * (MAX_DEPTH - 1) + "x" + closing * (MAX_DEPTH - 1) if closing else "- " * 99 + "x"
    )
    (diagnostic,) = _errors(opening * 20_000 + "x" + closing * 20_000)
    assert diagnostic.code == "yaml-depth"


def test_nesting_through_aliases_is_bounded() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, MAX_DEPTH)]
    (diagnostic,) = _errors("\n".join(lines))
    assert diagnostic.code == "yaml-depth"
    assert diagnostic.span is not None
    assert diagnostic.span.text == f"*a{MAX_DEPTH - 2}"
    _compose("\n".join(lines[:-1]))


def _compose(text: str) -> Node:
    return compose(SourceText("a.yaml", text))


def _errors(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as caught:
        _compose(text)
    return caught.value.diagnostics


def _child(node: Node, step: str) -> Node:
    if isinstance(node, Sequence):
        return node.items[int(step)]
    assert isinstance(node, Mapping)
    return node.entries[step].value


def _plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return {key: _plain(entry.value) for key, entry in node.entries.items()}
