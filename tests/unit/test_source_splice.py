"""Values put into a text in the place of others; everything else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.diagnostics import SourceText
from archc.source import Mapping, Node, Scalar, Sequence, compose
from archc.source.edit import find
from archc.source.spelled import same, spelled_node, spelled_value
from archc.source.splice import Splices

TEXT = """\
# é 🙂 a comment
args: {width: 1.0, depth: }   # knobs
learner:
  groups:
  - {blocks: 2}  # one
  - filters: 8
    blocks: 3

  # the end
task: []
"""


def tree(text: str) -> Mapping:
    node = compose(SourceText("t", text))
    assert isinstance(node, Mapping)
    return node


@pytest.mark.parametrize(
    ("path", "new", "old_line", "new_line"),
    [
        ("args.width", "0.5", "{width: 1.0, depth: }", "{width: 0.5, depth: }"),
        ("args.depth", "7", "depth: }", "depth: 7}"),
        ("learner.groups[0].blocks", "30", "{blocks: 2}  # one", "{blocks: 30}  # one"),
        ("learner.groups[1].blocks", "4", "    blocks: 3\n", "    blocks: 4\n"),
        ("task", "[relu]", "task: []", "task: [relu]"),
    ],
)
def test_replace(path: str, new: str, old_line: str, new_line: str) -> None:
    node = find(tree(TEXT), path)
    assert node is not None
    splices = Splices(TEXT)
    splices.replace(node.span, new)
    assert splices.result() == TEXT.replace(old_line, new_line)


@pytest.mark.parametrize(
    ("path", "old_line", "new_line"),
    [
        ("args", "{width: 1.0, depth: }", "{width: 1.0, depth:, k: 5}"),
        ("learner.groups[0]", "{blocks: 2}  # one", "{blocks: 2, k: 5}  # one"),
        ("learner.groups[1]", "    blocks: 3\n", "    blocks: 3\n    k: 5\n"),
    ],
)
def test_put_a_new_key(path: str, old_line: str, new_line: str) -> None:
    node = find(tree(TEXT), path)
    assert isinstance(node, Mapping)
    splices = Splices(TEXT)
    splices.put(node, "k", "5")
    changed = tree(splices.result())
    found = find(changed, f"{path}.k")
    assert isinstance(found, Scalar)
    assert found.value == 5
    assert splices.result().count("#") == TEXT.count("#")
    if path != "args":
        assert splices.result() == TEXT.replace(old_line, new_line)


def test_several_at_once() -> None:
    root, splices = tree(TEXT), Splices(TEXT)
    for path, new in (("learner.groups[1].filters", "16"), ("args.width", "2")):
        node = find(root, path)
        assert node is not None
        splices.replace(node.span, new)
    assert splices.result() == TEXT.replace("width: 1.0", "width: 2").replace(
        "filters: 8", "filters: 16"
    )


plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn")), max_size=12),
)


def value_of(node: Node) -> object:
    if isinstance(node, Sequence):
        return tuple(value_of(item) for item in node.items)
    assert isinstance(node, Scalar)
    return node.value


@given(st.one_of(plain, st.lists(plain, max_size=4).map(tuple)))
def test_a_value_is_read_back_as_what_it_is(value: object) -> None:
    written = spelled_value(value)
    for text in (f"k: {written}\n", f"{{k: {written}}}\n", f"- [{written}, 1]\n"):
        root = compose(SourceText("t", text))
        node = root.get("k") if isinstance(root, Mapping) else find(root, "[0][0]")
        assert node is not None
        assert value_of(node) == value
        assert type(value_of(node)) is type(value)
        assert same(compose(SourceText("t", f"k: {spelled_node(node)}")), tree(f"k: {written}"))
