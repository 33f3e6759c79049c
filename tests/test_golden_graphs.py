"""Every feature of the language on a small spec: the network that must come of it."""

from __future__ import annotations

import pytest

from tests.conftest import Golden
from tests.golden import Case, cases, graph_text


@pytest.mark.parametrize("case", cases("graph.txt"), ids=lambda case: case.name)
def test_graph(case: Case, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.folder)
    golden.check(case.folder / "graph.txt", graph_text(case.graph()))
