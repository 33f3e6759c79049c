"""Whatever a valid spec says, its emissions are the network, clean, and always the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given

from archc.api import Spec
from tests.fuzz import (
    TARGETS,
    Problem,
    emission_problems,
    installed_targets,
    loaded,
    main,
    numeric_problems,
    source_problems,
)
from tests.strategies import examples, is_valid, rendered, spec_data, specs
from tests.strategies.naive_parts import Data


@pytest.mark.parametrize("target", TARGETS)
@given(text=specs())
@examples(25)
def test_valid_specs_are_emitted(target: str, text: str) -> None:
    """Emitted without error, found right without a framework, as ruff wants it, twice alike."""
    with loaded(text) as spec:
        problems, emitted = emission_problems(spec, target)
    assert problems == []
    assert emitted is not None


FOUND = {
    "a path called as what the source needs": """
name: torch
input: [5, 5, 4]
stem:
- add:
    max: []
    keras:
    - batch_norm
    pad_same:
    - relu
""",
    "a tensor of another component in a repeat inside a repeat": """
name: net
input: [17, 8]
stem:
- relu: null
  id: up
learner:
- repeat: 3
  add:
    a:
    - {from: up}
    - {repeat: '=round_to(3, 1)', selu: null}
    b: []
""",
    "tensors that only another component takes": """
name: net
input: [8, 4]
stem:
- relu
learner:
- {relu: null, id: a}
- {from: input, tanh: null, id: b}
- {from: input, selu: null}
task:
- add:
    p:
    - from: a
    q:
    - from: b
    r: []
""",
    "steps that only what has gone needed": """
name: net
input: [18, 7, 4]
define:
  idle:
    args: {side: required}
    steps:
    - relu
stem:
- {tanh: null, id: first}
learner:
- add:
    a: [relu, {id: second, relu: null}, max_pool: 2]
    b: [max_pool: 2]
- {from: first, idle: {side: '=second.height'}}
""",
    "inputs that only dead steps take": """
name: net
input: [8, 8, 4]
stem:
- {relu: null, id: first}
learner:
- {id: idle, conv: {filters: 4, kernel: 1}}
- {from: first, conv: {filters: 4, kernel: 1}}
task:
- {id: flat, from: idle, flatten: null}
- {from: input, relu: null}
""",
    "a computed source, an empty block, an id of sizes": """
input: [18, 12, 4]
define: {nothing: {steps: []}}
stem: [{id: size, relu: null}, {from: '=here if input.rank == 1 else size', tanh: null}]
learner: {block: nothing}
task: [{avg_pool: 3, id: 'half_$(here.size[0])'}]
""",
    "a block of a group taken by its id": """
input: [16, 16, 4]
define: {unit: {args: {width: 3}, steps: [conv: {filters: =width, kernel: 3}]}}
learner:
  block: unit
  id: unit_$(group.index)$(letter(block.index))
  groups: [{width: 4, blocks: 3}, {width: 4, blocks: 2}]
task: [{from: unit_0a, conv: {filters: 4, kernel: 1}}]
""",
    "a number of rounds that is an expression": """
input: [6, 4]
stem:
- {repeat: '=[3, 9][0]', elu: 1.0, id: 'e$(repeat.number)'}
- {repeat: '=1 + 2', relu: null}
""",
    "divisions that make whole numbers": """
input: [16, 16, 4]
args: {n: 20, layers: 20}
define:
  unit:
    args: {width: 3}
    steps:
    - conv: {filters: =width, kernel: 3}
    - conv: {filters: =width / 2, kernel: 1}
stem: [unit: =20 / 2, conv: {filters: =n / 2, kernel: 1}]
learner:
  block: unit
  blocks: =[(layers - 2) / 6] * 2
  width: [8, =32 / 2]
""",
    "a layer of several calls that read what enters it": """
input: [64, 64, 16]
stem:
- {id: 's$(repeat.number)', slice: {part: 1, of: 2}, repeat: 3}
- {id: a, relu: null}
""",
}
"""Specs that once were emitted wrongly, or each time in another way."""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_what_once_failed_is_emitted(target: str, text: str) -> None:
    with loaded(text) as spec:
        seen = [emission_problems(spec, target) for _ in range(3)]
    assert [problem for problems, _ in seen for problem in problems] == []
    # The names of tensors are numbers while a spec is walked, and go on from one to the next.
    assert len({emitted.source for _, emitted in seen if emitted is not None}) == 1


# Of one channel a softmax makes a 1, which Keras says; a spec may want that.
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")
@pytest.mark.slow
@given(text=specs())
@examples(12)
def test_numbers_are_equal(text: str) -> None:
    pytest.importorskip("torch")
    assert installed_targets() == TARGETS
    with loaded(text) as spec:
        assert numeric_problems(spec) == []


@pytest.mark.slow
def test_emissions_hang_on_no_hash(tmp_path: Path) -> None:
    """Sets of texts have another order in each process; what is emitted has not."""
    texts: list[str] = []

    @hypothesis.settings(max_examples=60, derandomize=True, database=None)
    @given(spec_data())
    def collect(data: Data) -> None:
        if is_valid(data):
            texts.append(rendered(data))

    collect()
    file = tmp_path / "texts.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    told = [
        subprocess.run(
            [sys.executable, "-m", "tests.fuzz", "--digests", str(file)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for seed in ("1", "2")
    ]
    assert len(told[0]) == len(TARGETS) * len(texts)
    differ = [i // len(TARGETS) for i, (a, b) in enumerate(zip(*told, strict=True)) if a != b]
    assert [texts[i] for i in differ] == []


def test_unclean_source_is_seen() -> None:
    clean = '"""A docstring."""\n\nimport keras\n\nprint(keras.Model)\n'
    sources = ("x = (", clean.replace("(keras", "( keras"), clean + "import os\n")
    kinds = [problem.kind for source in sources for problem in source_problems("keras", source)]
    assert kinds[0].startswith("keras: compile: SyntaxError")
    assert kinds[1:] == ["keras: ruff format", "keras: ruff check E402 F401"]
    assert source_problems("keras", clean) == []


def test_a_fuzz_tells_what_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault planted in the emitter is found, told with a small spec, and the exit code is 1."""

    def broken(spec: Spec, target: str) -> tuple[list[Problem], None]:
        planted = Problem(f"{target}: planted", "it has a dense layer")
        return [planted for source in spec.family.places if "dense" in source.text], None

    monkeypatch.setattr("tests.fuzz.emission_problems", broken)
    assert main(["--count", "40", "--seed", "3", "--shrink", "5"]) == 1
    told = capsys.readouterr().out
    smallest = told.rpartition("--- a small spec that shows it\n")[2]
    assert "planted" in told
    assert "dense" in smallest
    assert len(smallest.splitlines()) <= 8


def test_a_fuzz_without_failures_tells_how_many_there_were(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.fuzz.emission_problems", lambda _spec, _target: ([], None))
    assert main(["--count", "5"]) == 0
    told = capsys.readouterr().out
    assert "5 specs" in told
    assert "===" not in told
