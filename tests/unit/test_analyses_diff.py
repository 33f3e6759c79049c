"""What differs between two networks."""

from __future__ import annotations

import pytest

import archc
from archc.analyses.diff import diff
from archc.source.locate import zoo
from tests.networks import elaborated

SPECS = [
    f"{name}@{variant}" if variant else name
    for name in zoo()
    for variant in (archc.load(name).variants[:1] or (None,))
]


@pytest.mark.parametrize("reference", SPECS)
def test_a_network_does_not_differ_from_itself(reference: str) -> None:
    difference = diff(archc.load(reference).graph(), archc.load(reference).graph())
    assert difference.same
    assert all(part.same for part in (*difference.parts, difference.total))
    weights = difference.weights
    assert weights.layers == weights.layers_before == weights.layers_after
    assert weights.params == weights.params_before == weights.params_after
    assert weights.reshaped == ()


def test_a_deeper_group() -> None:
    spec = archc.load("resnet50")
    difference = diff(spec.graph(), spec.with_({"learner.groups[2].blocks": 7}).graph())
    changed = {part.name: part for part in difference.parts if not part.same}
    assert list(changed) == ["learner", "group 3", "group 4", "task"]
    group = changed["group 3"]
    assert group.before is not None
    assert group.after is not None
    assert (group.before.layers, group.after.layers) == (62, 72)
    # an identity block of 256 filters: 1024·256 + 9·256·256 + 256·1024, biases and batch norms
    block = 1_114_112 + 1_536 + 4 * 1_536
    assert group.after.costs.params - group.before.costs.params == block
    assert len(group.changes.added) == 10
    assert all(name.startswith("conv4_block7_") for name in group.changes.added)
    # the first convolutions of group 4 take another tensor; behind it only what is seen grows
    assert changed["group 4"].changes.changed == ("conv5_block1_0_conv", "conv5_block1_1_conv")
    assert not changed["task"].changes
    assert difference.weights.params == difference.weights.params_before == 25_636_712


def test_another_head_loses_the_weights_of_the_head_alone() -> None:
    spec = archc.load("resnet50")
    weights = diff(spec.graph(), spec.with_(classes=10).graph()).weights
    assert weights.reshaped == ("predictions",)
    assert weights.params == 25_636_712 - 2_049_000
    assert (weights.layers, weights.layers_before, weights.layers_after) == (106, 107, 107)


def test_what_costs_the_same_may_differ() -> None:
    text = "input: [8, 8, 3]\nstem:\n- {id: n, batch_norm: {epsilon: 1e-3}}\n"
    difference = diff(elaborated(text), elaborated(text.replace("1e-3", "1e-5")))
    assert not difference.same
    assert difference.total.changes.changed == ("n",)
    assert difference.weights.layers == 1


def test_parts_that_come_and_go() -> None:
    base = "input: [8, 8, 3]\ndefine:\n"
    base += "  b: {args: {f: required}, steps: [{conv: {filters: =f, kernel: 1}}]}\n"
    one = base + "stem: [relu]\nlearner: {block: b, groups: [{f: 1}, {f: 2}]}\n"
    other = base + "learner: {block: b, groups: [{f: 1}]}\ntask: [relu]\n"
    difference = diff(elaborated(one), elaborated(other))
    found = [(p.name, p.before is not None, p.after is not None) for p in difference.parts]
    assert found == [
        ("stem", True, False),
        ("learner", True, True),
        ("group 1", True, True),
        ("group 2", True, False),
        ("task", False, True),
    ]


def test_the_name_of_a_network_is_no_difference() -> None:
    text = "input: [8, 8, 3]\nstem: [relu]\n"
    assert diff(elaborated(f"name: a\n{text}"), elaborated(f"name: b\n{text}")).same
    twice = text + "outputs: [input, relu]\n"
    assert not diff(
        elaborated(text), elaborated(twice.replace("[relu]\n", "[{id: relu, relu: }]\n"))
    ).same
