"""What changed between two networks, part by part, and how an update is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

import archc
from archc.cli.watching.blocks import text_block
from archc.cli.watching.changes import inputs, rows, total
from archc.cli.watching.subject import Outcome
from archc.graph import Graph

SPEC = """\
input: [8, 8, 3]
define:
  unit:
    args: {filters: required}
    steps: [{conv: {filters: =, kernel: 1}}]
learner:
  block: unit
  groups:
  - {filters: 4}
  - {filters: 8}
task: [dense: 2]
"""


@pytest.fixture
def graph(tmp_path: Path):
    def elaborated(text: str) -> Graph:
        path = tmp_path / "net.yaml"
        path.write_text(text)
        return archc.load(str(path)).graph()

    return elaborated


def test_no_change(graph) -> None:
    one = graph(SPEC)
    assert {row.change for row in [*rows(one, one), *inputs(one, one), total(one, one)]} == {"same"}


def test_parts_come_and_go(graph) -> None:
    one = graph(SPEC)
    two = graph(SPEC.replace("  - {filters: 8}\n", "  - {filters: 8}\n  - {filters: 16}\n"))
    # conv 8→16: 144; dense 8→2: 18, 16→2: 34.
    assert [(row.name, row.change, row.difference.params) for row in rows(two, one)] == [
        ("learner", "changed", 144),
        ("group 1", "same", 0),
        ("group 2", "same", 0),
        ("group 3", "new", 144),
        ("task", "changed", 16),
    ]
    assert [(row.name, row.change, row.difference.params) for row in rows(one, two)] == [
        ("learner", "changed", -144),
        ("group 1", "same", 0),
        ("group 2", "same", 0),
        ("group 3", "removed", -144),
        ("task", "changed", -16),
    ]
    assert total(two, one).difference.params == 160


def test_components_come_and_go(graph) -> None:
    one = graph(SPEC)
    two = graph(SPEC + "stem: [conv: {filters: 3, kernel: 1}]\n")
    assert [(row.name, row.change) for row in rows(two, one)][:2] == [
        ("stem", "new"),
        ("learner", "same"),
    ]
    assert {row.name for row in rows(one, two) if row.change == "removed"} == {"stem"}


def test_a_change_that_moves_later_parts_leaves_them_the_same(graph) -> None:
    one = graph(SPEC)
    two = graph(SPEC.replace("- {filters: 4}", "- {filters: 4, blocks: 2}"))
    changes = {row.name: row.change for row in rows(two, one)}
    assert changes == {
        "learner": "changed",
        "group 1": "changed",
        "group 2": "same",
        "task": "same",
    }


def test_text_of_new_and_removed_parts(graph) -> None:
    one = graph(SPEC)
    two = graph(SPEC.replace("  - {filters: 8}\n", "").replace("[8, 8, 3]", "[4, 4, 3]"))
    assert text_block("net", Outcome("ok", two), one, colour=False).splitlines() == [
        "== net: 26 parameters, 320 MACs",
        "",
        "part       blocks  output             parameters  change  MACs  change",
        "──────────────────────────────────────────────────────────────────────",
        "input              4×4×3 (was 8×8×3)           0             0",
        "learner            4×4×4 (was 8×8×8)          16     −40   192  −2,624",
        "  group 1  unit    4×4×4 (was 8×8×4)          16           192    −576",
        "  group 2          (removed)                   0     −40     0  −2,048",
        "task               4×4×2 (was 8×8×2)          10      −8   128    −896",
        "total              4×4×2 (was 8×8×2)          26     −48   320  −3,520",
    ]


def test_a_change_of_no_size_is_told_as_such(graph) -> None:
    one, two = graph(SPEC), graph("# a comment\n" + SPEC)
    heading = text_block("net", Outcome("ok", two), one, colour=False).splitlines()[0]
    assert heading == "== net: 74 parameters, 3,840 MACs; sizes unchanged"
