"""What sweeps learn of units: traced numbers, and traces against full elaboration."""

from __future__ import annotations

import io
import itertools
import random
import re
import tokenize
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archc
from archc.diagnostics import Diagnostic
from archc.explore import Point, Sweep, parse_knob
from archc.explore.carrier import Carrier
from archc.explore.engine import Engine
from archc.explore.recipes import compiled
from archc.explore.traced import NotTraceable, Number, Recording, plain
from archc.explore.tracing import Outcome
from archc.expressions import parse

EXPRESSIONS = (
    "x + y * 3 - 2",
    "0.5 * x + y / 4",
    "round_to(x * 0.35, 8)",
    "divisible(1.3 * x, 8)",
    "x // 3 * (y % 5) + 7 // y",
    "max(x, y, 12) - min(x, 3.5)",
    "x if x > y and not y == 7 else -y",
    "ceil(x / y) + floor(y / x) + int(2.5 * x) + round(x / 3)",
    "round(x / 7, 2) + abs(y - x)",
    "sum(i * x for i in range(y))",
    "[x, y, 2 * x][1] + len([x, y])",
    "1.5 < x and 2.0 == y",
    "x in [1, 2.0, y] or x ** 2 > 2 ** y",
    "sqrt(x) + log(y, 2)",
)


@pytest.mark.parametrize("text", EXPRESSIONS)
@pytest.mark.parametrize("kind", [int, lambda value: value + 0.5], ids=["whole", "half"])
def test_a_recording_gives_what_the_expression_gives_or_nothing(
    text: str, kind: Callable[[int], Number]
) -> None:
    """Every pair of numbers is tried on what was recorded at every other pair."""
    expression = parse(text)
    pairs = [(kind(x), kind(y)) for x, y in itertools.product((1, 2, 3, 7, 40), (1, 2, 6, 7, 13))]
    served = 0
    for first in pairs:
        recording = Recording()
        given = {n: recording.number(n, v) for n, v in zip("xy", first, strict=True)}
        try:
            result = expression.evaluate(given.__getitem__)
        except archc.CompileError:
            continue
        except Exception:
            # Half a number is no index and no length: the expression is wrong.
            assert kind is not int
            continue
        recipe = compiled(recording, ("x", "y"), [result])
        for x, y in pairs:
            found = recipe(x, y)
            if found is None:
                assert (x, y) != first
                continue
            expected = expression.evaluate({"x": x, "y": y}.__getitem__)
            assert (found[0], type(found[0])) == (expected, type(expected)), (first, x, y)
            served += 1
    assert served >= len(pairs) or kind is not int


def test_what_cancels_out_is_decided_at_once() -> None:
    recording = Recording()
    x = recording.number("x", 5)
    assert isinstance(x, int)
    assert (x + 3) - (x + 1) == 2
    assert x - 1 < x
    assert not recording.lines or all(line.name for line in recording.lines)


def test_a_decision_is_kept() -> None:
    recording = Recording()
    x = recording.number("x", 5)
    result = x * 2 if x > 4 else x * 3
    recipe = compiled(recording, ("x",), [result])
    assert recipe(6) == (12,)
    assert recipe(4) is None


@pytest.mark.parametrize(
    "use",
    [
        lambda x: {x: 1},
        lambda x: [0] * x,
        lambda x: list(range(x)) or [1, 2][x],
        lambda x: 0.5 * x,
        lambda x: divmod(x, 2),
        lambda x: chr(x),
    ],
)
def test_what_a_recording_can_not_see_fails(use: Callable[[object], object]) -> None:
    """C code reads a traced number past its methods: then it must find nonsense."""
    with pytest.raises((NotTraceable, OverflowError, TypeError, ValueError, IndexError)):
        use(Recording().number("x", 3))


def test_numbers_that_are_asked_for_as_plain_ones_are_fixed() -> None:
    recording = Recording()
    x = recording.number("x", 3)
    assert list(range(int(x))) == [0, 1, 2]
    recipe = compiled(recording, ("x",), [x * 10])
    assert recipe(3) == (30,)
    assert recipe(4) is None


def test_plain_numbers_stay_as_they_are() -> None:
    recording = Recording()
    assert [plain(n) for n in (2, 2.5, recording.number("x", 4))] == [2, 2.5, 4]


_WORDS = {"def", "recipe", "if", "is", "not", "return", "None"}
_FUNCTIONS = {"inf", "trunc", "floor", "ceil", "round", "abs", "is_integer"}


def test_the_code_of_a_recipe_is_counted_names_and_numbers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever a spec calls its args, blocks and ids, none of it is compiled."""
    texts: list[str] = []

    def noting(text: str, *given: object, **more: object) -> object:
        texts.append(text)
        return compile(text, *given, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("archc.explore.recipes.compile", noting, raising=False)
    path = tmp_path / "spec.yaml"
    path.write_text(
        """
about: '"; import os'
args: {__import__: 1.5, print: 3}
input: [=print * 8, 16, 3]
define:
  exec:
    args: {lambda_: required}
    steps: [{id: return_, conv: {filters: "=round_to(lambda_ * 10)", kernel: 3}}]
stem:
- exec: =__import__ * print
- {id: eval, dense: "=ceil(print / 2 + round(__import__))"}
""",
        encoding="utf-8",
    )
    knobs = (parse_knob("__import__=0.5..9:0.5"), parse_knob("print=1..9"))
    sweep = Sweep(archc.load(str(path)), knobs)
    for _, point in sweep.sample(60, 2):
        assert told(point) == told(sweep.at(point.values))
    assert len(texts) > 2
    for text in texts:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and token.string not in _WORDS | _FUNCTIONS:
                assert re.fullmatch(r"[ikt]\d+|r\d+(_\d+)?|f\d+", token.string), text
            assert token.type not in (tokenize.STRING, tokenize.COMMENT), text


def engines(sweep: Sweep) -> list[Engine]:
    walks = sweep._engines._walks.values()
    return [walk._engine for walk in walks if walk is not None]


def told(point: Point) -> tuple[object, ...]:
    return bool(point.problems), point.totals, point.outputs


SWEEPS = [
    ("resnet50", ["learner.groups[1].filters=8..256:8", "input[0]=32..224", "classes=1..50"]),
    ("resnet50", ["learner.groups[2].blocks=1..40", "learner.groups[2].filters=16..512"]),
    ("efficientnet@b0", ["width=0.3..2:0.01", "depth=0.5..3:0.1", "resolution=32..300"]),
    (
        "efficientnet@b3",
        ["learner.groups[2].filters=8..64", "drop_path=0..1.5:0.1", "depth=0.5..2:0.1"],
    ),
    ("efficientnet_lite@lite0", ["width=0.3..2:0.01", "depth=0.5..3:0.1", "resolution=32..300"]),
    ("efficientnet_v2@b0", ["width=0.3..2:0.01", "resolution=40..300"]),
    ("mobilenet", ["alpha=0.1..2:0.01", "input[0]=32..256"]),
    ("mobilenet_v2", ["alpha=0.1..2:0.01", "input[1]=32..256"]),
    ("mobilenet_v3@small", ["alpha=0.1..2:0.01", "input[1]=32..256"]),
    ("densenet@densenet121", ["growth=1..64", "depths[1]=1..16", "input[1]=32..256"]),
    ("nasnet@mobile", ["penultimate=48..4224:48", "resolution=64..331", "cells=1..4"]),
    ("convnext@tiny", ["widths[0]=8..128", "depths[2]=1..12", "input[0]=32..256"]),
    ("regnet@regnetx_002", ["input[0]=32..256", "classes=1..100"]),
    ("regnet@regnetx_002", ["w0=24..80:8", "wa=20..60", "wm=2..3:0.1"]),
    ("regnet@regnety_016", ["depth=6..30", "w0=16..80:8", "group_width=8,16,24", "wa=-4..4"]),
    ("regnet@regnety_016", ["w0=16..80:8", "group_width=8,16,24", "wa=-40..40"]),
    ("resnet_torch@resnet50", ["depths[0]=1..12", "depths[1]=2..12", "depths[3]=0..5"]),
    ("resnet_torch@resnet18", ["depths[2]=1..40", "learner.filters[1]=100..400"]),
    ("resnext@resnext50_32x4d", ["learner.filters[1]=100..400:4", "depths[2]=1..12", "base=1..9"]),
    ("seresnet@seresnet50", ["depths[1]=1..12", "learner.filters[3]=8..800:8"]),
    ("vit@ti16", ["width=12..768:12", "depth=1..12", "input[0]=32..224:16"]),
    ("inception_v3", ["input[0]=75..300", "input[1]=75..300"]),
    ("inception_resnet_v2", ["input[0]=75..300", "classes=2..30"]),
    ("xception", ["input[0]=71..300"]),
    ("unet", ["input[0]=16..400", "input[1]=16..400"]),
    ("wide_resnet", ["input[0]=32..256"]),
    ("vgg", ["input[0]=32..256", "input[1]=32..256"]),
]


@pytest.mark.parametrize(
    ("reference", "vary"), SWEEPS, ids=[r.replace("@", "-") for r, _ in SWEEPS]
)
def test_learnt_costs_are_those_of_full_elaboration(reference: str, vary: list[str]) -> None:
    """Where nearly all points come from traces, some of them are looked at closely."""
    spec = archc.load(reference)
    sweep = Sweep(spec, tuple(map(parse_knob, vary)))
    size = min(150, sweep.count)
    points = [point for _, point in sweep.sample(size, seed=3)]
    chosen = random.Random(1).sample(points[size // 3 :], 8)
    for point in chosen:
        assert told(point) == told(sweep.at(point.values)), point.values
    assert not any(engine.contradicted for engine in engines(sweep))


def test_lists_that_hang_on_all_numbers_are_found_out_apart_from_the_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """RegNet looks for equal widths in a list that no formula can tell; its groups are learnt."""
    carried: list[Outcome | tuple[Diagnostic, ...]] = []
    in_full = Carrier._in_full

    def counting(self: Carrier, *given: Any) -> Outcome | tuple[Diagnostic, ...]:
        carried.append(in_full(self, *given))
        return carried[-1]

    monkeypatch.setattr(Carrier, "_in_full", counting)
    knobs = ["w0=24..80:8", "wa=20..60", "wm=2..3:0.1"]
    sweep = Sweep(archc.load("regnet@regnetx_002"), tuple(map(parse_knob, knobs)))
    networks = {point.totals for _, point in sweep.sample(1000)}
    assert len(networks) > 500
    assert len(carried) < 200


def test_groups_know_their_place_in_the_learner_however_the_ones_before_are_told(
    tmp_path: Path,
) -> None:
    """A group that is looked up counts its blocks all the same."""
    path = tmp_path / "spec.yaml"
    path.write_text(
        """
name: places
input: [16, 16, 3]
args: {more: 1}
define:
  step:
    args: {filters: required}
    steps: [{conv: {filters: =, kernel: 3}}]
learner:
  block: step
  groups:
  - {filters: 4, blocks: =more}
  - {filters: "=8 + 2 * learner.index", blocks: 2}
""",
        encoding="utf-8",
    )
    knobs = (parse_knob("more=1..4"), parse_knob("learner.groups[0].filters=4,5"))
    sweep = Sweep(archc.load(str(path)), knobs)
    for point in [*sweep, *sweep]:
        assert told(point) == told(sweep.at(point.values))


def test_an_arg_may_name_what_no_choice_comes_to(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        """
name: choices
input: [16, 16, 3]
args: {width: 8, filters: "=2 * width if width < 20 else nothing"}
stem: [{conv: {filters: =, kernel: 3}}]
""",
        encoding="utf-8",
    )
    sweep = Sweep(archc.load(str(path)), (parse_knob("width=1..24"),))
    for point in sweep:
        assert told(point) == told(sweep.at(point.values))
        assert bool(point.problems) == (point.values[0] >= 20)


BLOCKS = """
  a:
    args: {filters: 4, rate: 0}
    steps: [{dropout: =rate}, {conv: {filters: =, kernel: 1}}]
  b:
    args: {filters: required, act: relu}
    steps: [{conv: {filters: =, kernel: 1, activation: =act}}]
"""


@pytest.mark.parametrize(
    "learner",
    [
        # How many groups there are may hang on what costs nothing.
        "{block: a, filters: '=4 * group.number', rate: [0.1, 0.2]}",
        "{block: a, filters: ['=4 * group.number', 8], rate: '=[q / 10, 0.2]'}",
        "{block: a, filters: '=4 * q', rate: [0.1, '=q / 10']}",
        "[groups: {block: a, filters: '=4 * q', rate: [0.1, 0.2, 0.3]}]",
        "{block: a, blocks: =q, rate: [0, 0, 0.5]}",
        # A key beside groups is for some of their blocks, a key of a row for its own.
        "{block: \"='b' if group.first else 'a'\", filters: [4, 8], act: [linear, relu]}",
        "{block: {rest: \"='a' if group.first else 'relu'\"}, filters: [4, =q]}",
        "{block: \"='b' if q > 1 else 'a'\", filters: [4, 8], rate: [0, 0.1]}",
        # Depths that hang on the tensor are told where the first group starts.
        "{block: a, filters: 4, blocks: =here.width // 8}",
        "{block: a, groups: [{filters: 4, blocks: 1}, {filters: =q, blocks: =here.channels}]}",
        "{block: a, filters: [4, =q], blocks: 1, scaling: {blocks: =here.width // 8}}",
        "{block: a, filters: [4, =q], blocks: =row.filters, scaling: {filters: =here.width}}",
        # No groups are a matter of their own.
        "{block: relu, blocks: []}",
        "{block: a, filters: []}",
        "{block: a, filters: '=[4 * i for i in range(1, q)]'}",
        "{block: a, filters: [4, 8, =q], blocks: [1, =q]}",
    ],
)
def test_groups_that_lists_tell(learner: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        f"name: lists\ninput: [16, 16, 3]\nargs: {{q: 1}}\ndefine:{BLOCKS}learner: {learner}\n"
        "task: [global_avg_pool, dense: =q]\n",
        encoding="utf-8",
    )
    for values in ("1..6", "4,6,1,3"):
        try:
            sweep = Sweep(archc.load(str(path)), (parse_knob(f"q={values}"),))
            points = list(sweep)
        except archc.CompileError:
            # Whatever is varied, it is wrong.
            assert "[]" in learner or "row.filters" in learner
            continue
        for point in points:
            assert told(point) == told(sweep.at(point.values)), point.values


X = "{id: x, conv: {filters: 4, kernel: 1}"


@pytest.mark.parametrize(
    "steps",
    [
        f"stem: [{X}, repeat: =q}}]",
        f"stem: [{X}}}, {X}, when: =q > 1}}]",
        f"stem: [{{repeat: =q, steps: [{X}}}]}}]",
        "stem: [{id: x$(q), conv: {filters: 4, kernel: 1}}, {id: x2, relu: }]",
        f"learner: {{block: conv, kernel: 1, filters: '=[4] * q', after: [{X}}}]}}",
        f"learner: {{block: conv, kernel: 1, filters: [4, 4], "
        f"after: [{X}, when: =group.number <= q}}]}}",
        f"define: {{c: {{args: {{n: 1}}, steps: [{X}, repeat: =n}}]}}}}\nstem: [c: =q]",
    ],
)
def test_steps_that_come_to_one_name_are_found(steps: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(f"name: names\ninput: [16, 16, 3]\nargs: {{q: 1}}\n{steps}\n", encoding="utf-8")
    sweep = Sweep(archc.load(str(path)), (parse_knob("q=1..3"),))
    points = list(sweep)
    assert [told(point) for point in points] == [told(sweep.at(p.values)) for p in points]
    assert not points[0].problems
    assert points[1].problems


@pytest.mark.parametrize("unused", ["=1 / (width - 5)", "[1, =1 / (width - 5), =2 * width]"])
def test_an_arg_that_nothing_reads_may_be_wrong(unused: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        f"""
name: unused
input: [16, 16, 3]
args: {{width: 8, unused: {unused!r}}}
stem: [{{conv: {{filters: =width, kernel: 3}}}}]
""".replace("'[", "[").replace("]'", "]"),
        encoding="utf-8",
    )
    spec = archc.load(str(path))
    for knobs in (["width=1..12"], ["input[0]=8..12", "width=1..12"]):
        sweep = Sweep(spec, tuple(map(parse_knob, knobs)))
        for point in sweep:
            assert told(point) == told(sweep.at(point.values))
            assert bool(point.problems) == (point.values[-1] == 5)


def test_a_network_that_is_too_large_in_all_is_infeasible() -> None:
    """Each of its parts alone is within the limits."""
    knobs = (parse_knob("depth=1..30:1"), parse_knob("width=1.0,1000"))
    sweep = Sweep(archc.load("efficientnet@b0"), knobs)
    assert all(not point.problems for point in sweep)
    point = sweep.point((1000, 1.0))
    assert [each.code for each in point.problems] == ["too-large"]
