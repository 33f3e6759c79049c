"""The fast engine against full elaboration: the same costs, shapes and verdict at every point."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

import archc
from archc.explore import Knob, Point, Sweep, parse_knob
from archc.source import Mapping, Node, Scalar, Sequence
from archc.source.locate import zoo

FIXED = {"name", "about", "use", "expect", "variants", "weights", "extends"}
"""Keys of a spec that no sweep varies."""

WORDS = ("relu", "silu", "linear", "same", "valid", "symmetric", "conv", "group_norm", "none")
BLOCKS = ("identity_block", "projection_block", "inverted_residual", "conv_bn", "conv")
ADDED = {
    "stride": (1, 2, 3),
    "blocks": (1, 2, 5),
    "block": BLOCKS,
    "kernel": (3, 5),
    "drop_path": (0.0, 0.5, 1.0),
    "rate": (1, 2),
}
"""Keys that a row may get though it has none such."""


def specs() -> list[archc.Spec]:
    found = []
    for name in zoo():
        spec = archc.load(name)
        found += [spec.at(variant) for variant in spec.variants] or [spec]
    return found


def places(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every value of a tree that has a path, lists among them."""
    if isinstance(node, Mapping):
        for key, entry in node.entries.items():
            yield from places(entry.value, f"{path}.{key}" if path else key)
        return
    yield path, node
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from places(item, f"{path}[{index}]")


def values(draw: random.Random, node: Node) -> list[object]:
    """Values that may stand where a node stands, right and wrong ones."""
    if isinstance(node, Sequence):
        items = [item.value for item in node.items if isinstance(item, Scalar)]
        if not items or len(items) < len(node.items) or not all(type(i) is int for i in items):
            return []
        numbers = [item for item in items if isinstance(item, int)]
        return [tuple(items), tuple(n + 1 for n in numbers), tuple(items[:-1])]
    assert isinstance(node, Scalar)
    value = node.value
    if isinstance(value, bool):
        return [True, False]
    if isinstance(value, int):
        return [value, max(value - 1, 0), value + 1, value * 2, 0, 8, None, -1]
    if isinstance(value, float):
        return [value, value * 1.3, 0.0, 1.0, value / 2, 1.25]
    if isinstance(value, str) and value.startswith("="):
        return [1, 2, 3, 8, 16, 0.5, 0, False, True, 32]
    return [value, *draw.sample(WORDS, 3), *draw.sample(BLOCKS, 1)]


def knobs(draw: random.Random, spec: archc.Spec) -> tuple[Knob, ...]:
    """One to four knobs of any kinds, none inside another."""
    tree = spec.assembled.document.origin
    found = [(p, n) for p, n in places(tree) if p.partition(".")[0].partition("[")[0] not in FIXED]
    chosen: list[Knob] = []
    for path, node in draw.sample(found, min(draw.choice([1, 2, 4]), len(found))):
        given = values(draw, node)
        if given and not any(_overlap(path, knob.path) for knob in chosen):
            distinct = {
                (type(value), value): value for value in draw.sample(given, min(4, len(given)))
            }
            chosen.append(Knob(path, tuple(distinct.values())))
    rows = [path.rpartition(".")[0] for path, _ in found if path.endswith("].filters")]
    if rows and draw.random() < 0.3:
        key = draw.choice(list(ADDED))
        path = f"{draw.choice(rows)}.{key}"
        if not any(_overlap(path, knob.path) for knob in chosen):
            chosen.append(Knob(path, ADDED[key]))
    if draw.random() < 0.2 and not any("stride_policy" in knob.path for knob in chosen):
        chosen.append(Knob("learner.stride_policy.output_stride", (8, 16, 32, None)))
    return tuple(chosen)


def _overlap(first: str, second: str) -> bool:
    return first.startswith(second) or second.startswith(first)


def points(draw: random.Random, sweep: Sweep) -> list[Point]:
    """Some points: neighbours as a sweep comes to them, or drawn at random."""
    if draw.random() < 0.5:
        found = list(itertools.islice(sweep, 40))
    else:
        found = [point for _, point in sweep.sample(12, draw.randrange(100))]
    return draw.sample(found, min(len(found), 4))


def told(point: Point) -> tuple[object, ...]:
    return bool(point.problems), point.totals, point.outputs


@pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, marks=pytest.mark.slow if seed > 3 else ()) for seed in range(16)],
)
def test_random_points_of_random_knobs(seed: int) -> None:
    draw = random.Random(seed)
    spec = draw.choice(specs())
    compared = 0
    for _ in range(10):
        sweep = Sweep(spec, knobs(draw, spec))
        try:
            found = points(draw, sweep) if sweep.knobs else []
        except archc.CompileError:
            # A path that is no path of the spec, whatever the value.
            continue
        for point in found:
            assert told(point) == told(sweep.at(point.values)), (sweep.knobs, point.values)
            compared += 1
    assert compared > 5


@pytest.mark.parametrize(
    ("reference", "vary"),
    [
        ("resnet50", ["learner.groups[0].blocks=1..5", "learner.groups[3].filters=256,300"]),
        (
            "resnet50",
            ["classes=0,10", "input[0]=32,33,224", "defaults.batch_norm.scale=true,false"],
        ),
        (
            "resnet50",
            ["learner.stride_policy.output_stride=null,8,16", "learner.groups[1].blocks=2,3"],
        ),
        (
            "resnet50",
            ["learner.block=identity_block,projection_block", "stem[0].id=conv1,predictions"],
        ),
        (
            "efficientnet@b1",
            ["width=0.5,1.0", "depth=1.0,2.5", "resolution=224,225", "drop_path=0,1"],
        ),
        ("efficientnet@b0", ["learner.drop_path=false,0.5,true", "learner.groups[2].stride=3,2"]),
        ("efficientnet@b0", ["learner.activation=relu,swoosh", "learner.groups[0].filters=null,8"]),
        ("mobilenet_v3@small", ["args.rows[0].kernel=null,4,5", "stem[1].id=relu,silu"]),
        ("mobilenet_v3@large", ["args.rows[3].expand=2,2.5", "args.rows[3].blocks=1..3"]),
        (
            "densenet@densenet169",
            ["depths[2]=1,32", "growth=7,8", "define.transition.args.reduction=1,0.5"],
        ),
        ("nasnet@mobile", ["cells=1,2", "filters=11,12", "skip_reduction=true,false"]),
        ("convnext@tiny", ["define.convnext_block.args.drop_path=0,8", "depths=[1,1,2,1],[1,2]"]),
        ("unet", ["learner[0].groups.blocks=[1,1,1,1],[2,2,2,2]", "define.up.steps[3].twice=8"]),
        ("unet", ["learner[0].groups.dropout=[0,0,0],[0,0,0,0.1],[0,0,0,1],0.5"]),
        ("vit@ti16", ["depth=1,12", "heads=3,5", "patch=16,17,32"]),
        ("vgg", ["input=[32,32,3],[16,16,3]", "classes=1,2"]),
    ],
)
def test_knobs_of_every_kind(reference: str, vary: list[str]) -> None:
    sweep = Sweep(archc.load(reference), tuple(map(parse_knob, vary)))
    for point in sweep:
        assert told(point) == told(sweep.at(point.values)), point.values


@pytest.mark.parametrize(
    ("sides", "knobs"),
    [
        ("[1, 1]", [Knob("sides", ((1, 1), (True, 1), (1, 1.0), (True, True), (1.0, 1.0)))]),
        ('"=[1, 1] if more > 2 else [1, more > 1] if more > 1 else [1, 1.0]"', []),
    ],
    ids=["given", "computed"],
)
@pytest.mark.parametrize("blocks", ["1", "=4", "=more"])
def test_values_that_are_equal_to_python_alone_are_told_apart(
    sides: str, knobs: list[Knob], blocks: str, tmp_path: Path
) -> None:
    """Also inside lists, and wherever what came of one is kept for the others."""
    path = tmp_path / "spec.yaml"
    path.write_text(
        f"""
name: sides
input: [16, 16, 3]
args: {{more: 1, sides: {sides}}}
define:
  step:
    args: {{filters: required, kernel: required}}
    steps: [{{conv: {{filters: =, kernel: =}}}}]
learner: {{block: step, groups: [{{filters: 8, kernel: =sides, blocks: {blocks}}}]}}
""",
        encoding="utf-8",
    )
    spec = archc.load(str(path))
    for more in ("more=1..20", "more=20,19,3,2,1,5"):
        for given in ([*knobs, parse_knob(more)], [parse_knob(more), *knobs]):
            sweep = Sweep(spec, tuple(given))
            for point in sweep:
                assert told(point) == told(sweep.at(point.values)), point.values


def test_a_value_that_is_an_expression_is_evaluated() -> None:
    """No command line gives one, but who sweeps from Python may."""
    knob = Knob("learner[2].groups.skip", ("down$(4 - group.index)", "down1"))
    sweep = Sweep(archc.load("unet"), (knob,))
    assert [told(point) for point in sweep] == [told(sweep.at(v)) for v in zip(knob.values)]
    assert not next(iter(sweep)).problems


def test_costs_are_those_that_are_published() -> None:
    """Parameters of ResNet-50, 101 and 152 in Keras, which differ in two depths alone."""
    vary = ("learner.groups[1].blocks=4,8", "learner.groups[2].blocks=6,23,36")
    sweep = Sweep(archc.load("resnet50"), tuple(map(parse_knob, vary)))
    params = {point.values: point.totals[0] for point in sweep}
    assert params[4, 6] == 25_636_712
    assert params[4, 23] == 44_707_176
    assert params[8, 36] == 60_419_944


@pytest.mark.parametrize(
    ("name", "clashes"),
    [
        ("$(learner.index)_$(group.index)_$(block.index)", False),
        ("$(block.number)$(learner.number)", False),
        ("$(learner.index)x$(group.index)", False),
        ("$(learner.index - block.index)_$(group.index // 2)", True),
        ("$(learner.index + block.index)", True),
    ],
)
def test_names_by_two_places(name: str, clashes: bool, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        f"""
name: names
input: [16, 16, 3]
define:
  step: {{args: {{filters: required}}, steps: [{{conv: {{filters: =, kernel: 3}}}}]}}
learner:
  block: step
  id: b{name}
  groups: [{{filters: 8, blocks: 1}}, {{filters: 16, blocks: 1}}, {{filters: 32}}]
""",
        encoding="utf-8",
    )
    knobs = [parse_knob(f"learner.groups[{group}].blocks=1..4") for group in (0, 1)]
    sweep = Sweep(archc.load(str(path)), tuple(knobs))
    points = list(sweep)
    assert [told(point) for point in points] == [told(sweep.at(p.values)) for p in points]
    assert any(point.problems for point in points) == clashes


def test_names_that_clash_deeper_are_infeasible() -> None:
    """The 11th block of the first group has the name of the first block of the 11th."""
    rows = [{"filters": 8, "blocks": 1} for _ in range(11)]
    settings = {"learner.id": "b$(group.number)$(block.number)", "learner.groups": rows}
    spec = archc.load("resnet50").with_(settings)
    sweep = Sweep(spec, (parse_knob("learner.groups[0].blocks=9..13"),))
    assert [bool(point.problems) for point in sweep] == [False, False, True, True, True]


def test_memory_does_not_grow_with_the_number_of_points() -> None:
    vary = [f"learner.groups[{group}].blocks=1..32" for group in range(4)]
    sweep = iter(Sweep(archc.load("resnet50"), tuple(map(parse_knob, vary))))
    # After the first 32 cubed, each group has been seen at every depth.
    next(itertools.islice(sweep, 33_000, None))
    tracemalloc.start()
    counted = sum(1 for _ in itertools.islice(sweep, 60_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counted == 60_000
    assert peak < 2_000_000


def test_a_sample_draws_each_point_once() -> None:
    sweep = Sweep(archc.load("resnet50"), (parse_knob("classes=1..50"),))
    assert sorted(number for number, _ in sweep.sample(1000, 3)) == list(range(50))
    first = [number for number, _ in sweep.sample(10, 3)]
    assert first == [number for number, _ in sweep.sample(10, 3)]
    assert first != [number for number, _ in sweep.sample(10, 4)]
    for number, point in sweep.sample(10, 3):
        assert point.values == sweep.values_at(number) == (number + 1,)
