"""Costs of parts and of whole networks: what adds up, and under which conditions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archc
from archc.analyses import PRECISIONS, Conditions, analyse, parts
from archc.analyses.quantity import parse_quantity
from tests.networks import elaborated

# One layer whose every number is easily seen: 3·3·2 · 4 weights and 4 biases, 8·8·4 outputs.
CONV = "input: [8, 8, 2]\nstem:\n- conv: {filters: 4, kernel: 3}\n"


def test_one_convolution_by_hand() -> None:
    costs = analyse(elaborated(CONV)).costs()
    assert costs.params == costs.trainable == 76
    assert costs.macs == 8 * 8 * 4 * 18 == 4_608
    assert costs.flops == 9_216
    assert costs.activation_memory == 4 * (128 + 256)
    assert costs.training_memory == 4 * 128
    assert costs.weight_memory == costs.gradient_memory == 304
    assert costs.optimizer_memory == 608
    assert costs.arithmetic_intensity == pytest.approx(9_216 / (4 * (76 + 128 + 256)))


@pytest.mark.parametrize(
    ("precision", "optimizer", "weights", "gradients", "slots", "activations"),
    [
        ("float32", "sgd", 304, 304, 0, 1_536),
        ("float32", "momentum", 304, 304, 304, 1_536),
        ("float32", "adam", 304, 304, 608, 1_536),
        ("bfloat16", "adam", 152, 152, 304, 768),
        ("float16", "momentum", 152, 152, 152, 768),
        ("mixed", "adam", 304, 304, 608, 768),
    ],
)
def test_memory_by_dtype_and_optimizer(
    precision: str, optimizer: str, weights: int, gradients: int, slots: int, activations: int
) -> None:
    costs = analyse(elaborated(CONV)).costs(Conditions(5, PRECISIONS[precision], optimizer))
    assert costs.weight_memory == weights
    assert costs.gradient_memory == gradients
    assert costs.optimizer_memory == slots
    assert costs.activation_memory == 5 * activations


def test_batch_norm_statistics_are_weights_that_no_optimizer_keeps() -> None:
    costs = analyse(elaborated("input: [8, 8, 3]\nstem: [batch_norm]\n")).costs()
    assert (costs.params, costs.trainable) == (12, 6)
    assert (costs.weight_memory, costs.optimizer_memory) == (48, 48)


def test_a_view_moves_nothing() -> None:
    analysis = analyse(elaborated("input: [4, 3]\nstem: [flatten, dropout: 0.5, dense: 2]\n"))
    assert [cost.moved for cost in analysis.nodes] == [0, 0, 0, 14]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=4, max_size=4),
    st.integers(1, 64),
    st.integers(1, 40),
    st.sampled_from(list(PRECISIONS)),
)
def test_costs_add_up_over_components_and_groups(
    blocks: list[int], filters: int, batch: int, dtype: str
) -> None:
    changes: dict[str, object] = {f"learner.groups[{i}].blocks": n for i, n in enumerate(blocks)}
    changes["learner.groups[1].filters"] = filters
    changes["input"] = [64, 64, 3]
    graph = archc.load("resnet50").with_(changes).graph()
    analysis, conditions = analyse(graph), Conditions(batch, PRECISIONS[dtype])
    whole = analysis.costs(conditions)
    head = analysis.costs_between(0, 1, conditions=conditions)
    found = parts(graph, analysis)
    for level in (0, 1):
        some = [part for part in found if part.level == level]
        costs = [analysis.costs_between(p.start, p.stop, p.output, conditions) for p in some]
        learner = next(part for part in found if part.name == "learner")
        total = (
            analysis.costs_between(learner.start, learner.stop, conditions=conditions)
            if level
            else whole
        )
        extra = 0 if level else head.training_memory
        for name in ("params", "trainable", "macs", "flops", "weight_memory", "optimizer_memory"):
            assert sum(getattr(each, name) for each in costs) == getattr(total, name), name
        assert sum(each.training_memory for each in costs) + extra == total.training_memory
        assert max(each.activation_memory for each in costs) <= total.activation_memory
    assert whole.receptive_field == analysis.receptive_fields[-1].sizes


@pytest.mark.parametrize(
    ("text", "value", "near", "far"),
    [
        ("25636712", 25_636_712, (), (25_636_711, 25_636_713)),
        ("3.86G", 3_860_000_000, (3_855_000_000, 3_864_999_999), (3_866_000_000,)),
        ("1,000", 1_000, (), (1_001,)),
        ("96Mi", 96 * 1024 * 1024, (100_663_297,), (101_500_000,)),
        ("1.5KiB", 1_536, (1_550,), (1_600,)),
    ],
)
def test_quantities(text: str, value: int, near: tuple[int, ...], far: tuple[int, ...]) -> None:
    quantity = parse_quantity(text)
    assert quantity is not None
    assert quantity.value == value
    assert all(quantity.stands_for(each) for each in (value, *near))
    assert not any(quantity.stands_for(each) for each in far)


@pytest.mark.parametrize("text", ["", "many", "-1", "1e6", "3.G", "1 M", "5Q", "1.2.3", "9" * 30])
def test_no_quantities(text: str) -> None:
    assert parse_quantity(text) is None
