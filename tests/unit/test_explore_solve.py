"""Solving against trying everything."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

import archc
from archc.analyses import analyse
from archc.diagnostics import CompileError
from archc.explore import Solution, parse_dial, parse_target, solve


def solved(
    reference: str, vary: Sequence[str], targets: Sequence[str], divisor: int | None = None
) -> Solution:
    spec = archc.load(reference)
    dials = [parse_dial(spec, text, divisor) for text in vary]
    return solve(spec, dials, [parse_target(text) for text in targets])


def macs(spec: archc.Spec) -> int:
    return analyse(spec.graph()).total.macs


def test_the_largest_depth_within_a_budget() -> None:
    spec = archc.load("resnet50")
    path = "learner.groups[2].blocks"
    within = [n for n in range(1, 37) if macs(spec.with_({path: n})) <= 6_000_000_000]
    found = solved("resnet50", [f"{path}=1..36"], ["macs=6G"])
    assert found.settings == {path: max(within)}
    assert found.point.totals[2] == macs(spec.with_(found.settings))
    assert found.tried == found.combinations == 36


def test_nothing_need_be_monotone() -> None:
    """A larger patch makes fewer tokens, so costs fall; sizes it does not divide lose the rest."""
    spec = archc.load("vit@ti16")
    costs = {patch: macs(spec.with_(patch=patch)) for patch in range(8, 57)}
    best = max(cost for cost in costs.values() if cost <= 1_000_000_000)
    found = solved("vit@ti16", ["patch=8..56"], ["macs=1G"])
    assert found.settings == {"patch": min(p for p, cost in costs.items() if cost == best)}


def test_two_knobs_and_two_targets() -> None:
    spec = archc.load("resnet50")
    axes = {"learner.groups[1].blocks": range(1, 7), "learner.groups[2].blocks": range(1, 9)}
    feasible = {}
    for values in itertools.product(*axes.values()):
        total = analyse(spec.with_(dict(zip(axes, values, strict=True))).graph()).total
        if total.params <= 22_000_000 and total.macs <= 4_000_000_000:
            feasible[values] = total.macs
    best = max(feasible.values())
    vary = [f"{path}={axis[0]}..{axis[-1]}" for path, axis in axes.items()]
    found = solved("resnet50", vary, ["macs=4G", "params=22M"])
    assert tuple(found.settings.values()) == min(v for v, cost in feasible.items() if cost == best)


@pytest.mark.parametrize("classes", [30, 77_777])
def test_more_settings_than_are_tried(classes: int) -> None:
    """The classifier of ResNet-50 has 2048 weights and a bias for each class."""
    params = 25_636_712 + (classes - 1000) * 2049
    found = solved("resnet50", ["classes=1..100000"], [f"params={params + 2000}"])
    assert found.settings == {"classes": classes}
    assert found.tried < 5_000
    assert found.combinations == 100_000


def test_a_divisor_rounds_and_says_so() -> None:
    found = solved("resnet50", ["learner.groups[*].filters"], ["macs=1.8G"], divisor=8)
    assert all(isinstance(v, int) and v % 8 == 0 for v in found.settings.values())
    assert found.point.totals[2] <= 1_800_000_000
    assert [rounding.path for rounding in found.roundings] == list(found.settings)
    spec = archc.load("resnet50")
    for rounding in found.roundings:
        assert isinstance(rounding.value, int)
        assert abs(float(rounding.exact) - rounding.value) <= 4
    one_step_wider = {path: (value or 0) + 8 for path, value in _numbers(found).items()}
    assert macs(spec.with_(one_step_wider)) > 1_800_000_000


def _numbers(found: Solution) -> dict[str, int]:
    return {path: value for path, value in found.settings.items() if isinstance(value, int)}


def test_whole_numbers_with_a_divisor() -> None:
    found = solved("densenet", ["growth=20..40"], ["params=8.1M"], divisor=8)
    assert found.settings == {"growth": 32}
    assert found.point.totals[0] == 8_062_504


def test_without_a_range_the_spec_s_own_value_is_where_to_look() -> None:
    found = solved("efficientnet", ["width"], ["params=5330571"])
    assert found.point.totals[0] == 5_330_571
    width = found.settings["width"]
    assert isinstance(width, float)
    assert width <= 1


@pytest.mark.parametrize(
    ("vary", "target", "message", "notes"),
    [
        (
            "learner.groups[2].blocks=2..36",
            "params=10M",
            "no setting comes to params of 10,000,000 or less",
            (
                "the least is 21,149,544, at learner.groups[2].blocks=2",
                "the most is 59,290,472, at learner.groups[2].blocks=36",
            ),
        ),
        (
            "learner.groups[2].blocks=2..36",
            "params=100M",
            "no setting comes up to params of 100,000,000",
            (
                "the least is 21,149,544, at learner.groups[2].blocks=2",
                "the most is 59,290,472, at learner.groups[2].blocks=36",
            ),
        ),
    ],
)
def test_impossible(vary: str, target: str, message: str, notes: tuple[str, ...]) -> None:
    with pytest.raises(CompileError) as caught:
        solved("resnet50", [vary], [target])
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("target", message)
    assert diagnostic.notes == notes
