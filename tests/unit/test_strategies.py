"""Random specs: valid, various, and read alike by archc and by a naive elaboration."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterator
from functools import cache

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

import archc
from archc.analyses import analyse
from archc.diagnostics import CompileError, SourceText
from archc.graph import Graph
from archc.layers import LAYERS, MERGES, ROLES
from archc.source import compose
from tests.fuzz import loaded
from tests.networks import elaborated
from tests.strategies import examples, is_valid, rendered, spec_data, specs
from tests.strategies.naive_parts import Data
from tests.strategies.naive_spec import Network, network, plain
from tests.strategies.render import LAYOUTS

Line = tuple[str, object, tuple[str, ...], tuple[int, ...]]


@cache
def drawn(count: int) -> tuple[Data, ...]:
    """So many specs, always the same."""
    found: list[Data] = []

    @hypothesis.settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @given(spec_data())
    def keep(data: Data) -> None:
        found.append(data)

    keep()
    return tuple(found)


def lines(graph: Graph) -> list[Line]:
    """Each node's name, layer, inputs by name, and shape."""
    return [
        (node.name, node.layer, tuple(graph.nodes[i].name for i in node.inputs), tuple(node.shape))
        for node in graph
    ]


def assert_alike(graph: Graph, naive: Network) -> None:
    assert lines(graph) == naive.lines()
    assert graph.name == naive.name
    assert tuple(output.name for output in graph.outputs) == naive.outputs


def elaborates(data: Data) -> bool:
    try:
        elaborated(rendered(data))
    except CompileError:
        return False
    return True


def test_nearly_all_are_valid() -> None:
    sample = drawn(80)
    assert len(sample) >= 70
    assert sum(map(is_valid, sample)) >= 0.9 * len(sample)
    assert sum(map(elaborates, sample)) >= 0.9 * len(sample)
    assert sum(len(network(data).nodes) > 5 for data in sample if is_valid(data)) > 40


@pytest.mark.parametrize("reference", archc.zoo())
def test_the_naive_elaboration_knows_the_zoo(reference: str) -> None:
    spec = archc.load(reference)
    data = plain(spec.family.tree)
    assert isinstance(data, dict)
    for variant in spec.variants or (None,):
        graph = (spec if variant is None else spec.at(variant)).graph()
        assert_alike(graph, network(data, variant))


@given(spec_data())
@examples(40)
def test_archc_elaborates_as_the_naive_elaboration_does(data: Data) -> None:
    hypothesis.assume(is_valid(data))
    with loaded(rendered(data)) as spec:
        for variant in data.get("variants", (None,)):
            graph = (spec if variant is None else spec.at(variant)).graph()
            assert_alike(graph, network(data, variant))


@given(spec_data(), st.sampled_from(LAYOUTS))
@examples(40)
def test_yaml_says_what_the_data_do(data: Data, layout: dict[str, object]) -> None:
    text = rendered(data, layout)
    assert plain(compose(SourceText("spec.yaml", text))) == data


@given(specs())
@examples(20)
def test_elaboration_is_deterministic(text: str) -> None:
    assert elaborated(text) == elaborated(text)


@given(specs())
@examples(30)
def test_analyses_agree_with_the_graph(text: str) -> None:
    graph = elaborated(text)
    analysis = analyse(graph)
    weights = [weight for node in graph for weight in graph.weights(node)]
    assert analysis.total.params == sum(weight.size for weight in weights)
    assert analysis.total.trainable == sum(w.size for w in weights if w.trainable)


@pytest.mark.slow
def test_keras_builds_them() -> None:
    """Keras counts the weights and shapes the outputs as the graph does."""
    from archc.targets.keras import build

    sample = [data for data in drawn(80) if is_valid(data)][::5]
    for data in sample:
        graph = elaborated(rendered(data))
        model = build(graph, seed=0)
        assert model.count_params() == analyse(graph).total.params
        shapes = [tuple(output.shape[1:]) for output in model.outputs]
        assert shapes == [graph.nodes[output.node].shape for output in graph.outputs]


def walked(node: object, where: str = "") -> Iterator[tuple[str, str, object]]:
    """Every entry of a spec's data: the key of the mapping that holds it, its key, its value."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield where, str(key), value
            yield from walked(value, str(key))
    elif isinstance(node, list):
        for item in node:
            if isinstance(item, str):
                yield where, item, None
            yield from walked(item, where)


def features(data: Data) -> Iterator[str]:
    """What a spec makes use of."""
    for where, key, value in walked(data):
        yield key
        yield f"{key}: {_kind(value)}"
        if key == "id":
            yield from _ids(str(value))
        if key == "stride_policy" and isinstance(value, dict):
            yield from (f"policy {inner}" for inner in value)
        if isinstance(value, str) and value.startswith("="):
            yield from (name for name in SAID if name in value)
        if value is None and where in LAYERS:
            yield "null attribute"
        if value == "required":
            yield "required"
    if isinstance(data["input"], list):
        yield f"rank {len(data['input']) - 1}"
    for body in data.get("define", {}).values():
        yield from (f"block with {part}" for part in body)
        used = {key for _, key, _ in walked(body["steps"])}
        yield "block in a block" if used & set(data["define"]) else ""
        yield "groups in a block" if "groups" in used else ""


def _ids(name: str) -> Iterator[str]:
    if keyword.iskeyword(name):
        yield "id: keyword"
    if name[:1].isdigit():
        yield "id: digit first"
    if len(name) > 70:
        yield "id: long"


def _kind(value: object) -> str:
    if isinstance(value, str) and value.startswith("="):
        return "computed"
    if isinstance(value, str) and "$(" in value:
        return "template"
    return type(value).__name__


SAID = (
    *("group.", "block.", "learner.", "row.", "repeat.", "here.", "input.", "variant", " if "),
    *("max(", "[", " for ", "divisible(", "round_to(", "ceil(", "len(", "sum("),
)
"""What expressions may speak of."""

EXPECTED = (
    *LAYERS,
    *MERGES,
    *ROLES,
    *SAID,
    *("name", "about", "use", "args", "variants", "defaults", "define", "stem", "task", "outputs"),
    *("id: str", "id: int", "id: template", "when: bool", "when: computed", "repeat: int"),
    *("repeat: computed", "from: str", "from: computed", "steps", "linear", "null attribute"),
    *("groups: dict", "groups: list", "groups: computed", "block: str", "block: dict"),
    *("block: computed", "blocks: list", "blocks: computed", "blocks: int", "scaling"),
    *("before", "after", "first", "last", "rest", "stride_policy: int", "stride_policy: list"),
    *("stride_policy: computed", "policy first_group", "policy other_groups", "policy strides"),
    *("policy on", "policy output_stride", "learner: list", "learner: dict", "input: dict"),
    *("rank 0", "rank 1", "rank 2", "rank 3", "block with about", "block with args"),
    *("block with inputs", "block with outputs", "block in a block", "groups in a block"),
    *("required", "conv_bn", "id: keyword", "id: digit first", "id: long"),
)


@pytest.mark.slow
def test_they_cover_the_language() -> None:
    sample = [data for data in drawn(500) if is_valid(data)]
    seen = Counter(feature for data in sample for feature in set(features(data)))
    assert [feature for feature in EXPECTED if not seen[feature]] == []
