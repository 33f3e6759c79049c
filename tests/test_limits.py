"""Every limit is listed with its value, and what is beyond it is refused in its words."""

from __future__ import annotations

import ast
import json
import re
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

import h5py
import numpy as np
import pytest

import archc
from archc.cli.boundary import run
from archc.cli.sweeping import emit as spec_files
from archc.diagnostics import CompileError
from archc.elaborate import weights
from archc.explore import check_count, parse_knob
from archc.weights.open_file import open_weights
from tests.docs_examples import ROOT

PACKAGE = Path(archc.__file__).parent
SECURITY = ROOT / "docs" / "security.md"
OF_WHAT_IS_SHOWN_OR_KEPT = {
    "archc.cli.commands.sweep.MAX_SHOWN",
    "archc.cli.sweeping.plot.MAX_DOTS",
    "archc.explore.block_traces.MAX_TRACES",
    "archc.explore.costs.MAX_REMEMBERED",
    "archc.explore.engines.MAX_ENGINES",
    "archc.explore.learner.MAX_REFUSED",
    "archc.explore.learner.MAX_TRACES",
    "archc.explore.recipes.MAX_LINES",
    "archc.spec.limits.MAX_KEPT",
}
"""What is beyond these is no error."""
SIDES = "input: [8, 8, 3]\n"
PLAIN = f"{SIDES}stem: [relu]\n"
WEIGHTED = f"{SIDES}stem: [conv: {{filters: 3, kernel: 3}}]\n"
Capture: TypeAlias = pytest.CaptureFixture[str]
MOST_SECONDS = 10.0
"""Of processor time, at a limit and beyond: many times what any of these takes."""


def constants() -> Iterator[str]:
    """All constants of the package whose names begin with `MAX_`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = [statement.target] if isinstance(statement, ast.AnnAssign) else []
            targets = statement.targets if isinstance(statement, ast.Assign) else targets
            for target in targets:
                if isinstance(target, ast.Name) and target.id.startswith("MAX_"):
                    yield f"{module}.{target.id}"


def listed() -> dict[str, str]:
    """The constants of the table, each with the value that it says."""
    table = SECURITY.read_text(encoding="utf-8").split("\n## Limits\n")[1]
    rows = re.findall(r"^\| .* \| ([\d,.]+) \| `([\w.]+)` \|$", table, re.MULTILINE)
    return {name: value for value, name in rows}


def test_every_limit_is_listed() -> None:
    assert set(constants()) - OF_WHAT_IS_SHOWN_OR_KEPT == listed().keys()


def value_of(constant: str) -> int:
    module, _, name = constant.rpartition(".")
    value: int = getattr(import_module(module), name)
    return value


def test_limits_are_as_listed() -> None:
    for name, value in listed().items():
        assert value == f"{value_of(name):,}".removesuffix(".0"), name


def test_the_tests_that_are_named_are_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", SECURITY.read_text(encoding="utf-8"))
    assert named
    assert not [path for path in named if not (ROOT / path).is_file()]


def turns(expression: str) -> Callable[[int], str]:
    """A spec that evaluates an expression so often."""
    return lambda often: f"{SIDES}stem: [{{repeat: {often}, relu: , when: '{expression}'}}]\n"


def arg(expression: str) -> str:
    return f"{PLAIN}args: {{a: {json.dumps(expression)}}}\n"


def of_bytes(size: int) -> str:
    return f"{PLAIN}#{'x' * (size - len(PLAIN) - 1)}"


def of_nodes(number: int) -> str:
    """99 lists of 1,000, all but the first by its alias, a list of others, and what is around."""
    ones, aliases = ", ".join(["1"] * 1000), ", ".join([f"b{i}: *a" for i in range(98)])
    others = ", ".join(["1"] * (number - 99_211))
    return f"{PLAIN}args: {{c: [{others}], a: &a [{ones}], {aliases}}}\n"


def of_steps(number: int) -> str:
    """The step that repeats is one, and each of its turns two: that, and what it would have run."""
    left_out = "{repeat: 99990, relu: , when: '=repeat.index < 0'}"
    return f"{SIDES}stem: [{'relu, ' * (number - 199_981)}{left_out}]\n"


def of_depth(levels: int) -> str:
    """Blocks of which each calls the one before it; the stem is a level too."""
    blocks = [f"  b{i}: {{steps: [b{i - 1}]}}\n" for i in range(2, levels)]
    return f"{SIDES}define:\n  b1: {{steps: [relu]}}\n{''.join(blocks)}stem: [b{levels - 1}]\n"


SPECS: dict[str, tuple[str, Callable[[int], str]]] = {
    "archc.source.limits.MAX_BYTES": ("file-size", of_bytes),
    "archc.source.limits.MAX_NODES": ("yaml-anchor-bomb", of_nodes),
    "archc.source.limits.MAX_DEPTH": (
        "yaml-depth",
        # The mapping that the list stands in is a level too.
        lambda n: f"{PLAIN}a: {'[' * (n - 1)}{']' * (n - 1)}\n",
    ),
    "archc.source.limits.MAX_DIGITS": ("number-range", lambda n: arg("").replace('""', "1" * n)),
    "archc.spec.limits.MAX_LIBRARIES": (
        "too-large",
        lambda n: f"{PLAIN}use: [{', '.join(['blocks/conv.yaml'] * n)}]\n",
    ),
    "archc.expressions.limits.MAX_TEXT": (
        "expression-limit",
        lambda n: arg(f"=[1,{' ' * (n - 5)}2]"),
    ),
    "archc.expressions.limits.MAX_NESTING": (
        "expression-limit",
        lambda n: arg(f"={' + '.join(['1'] * n)}"),
    ),
    "archc.expressions.limits.MAX_ELEMENTS": (
        "expression-limit",
        lambda n: arg(f"=len(range({n}))"),
    ),
    "archc.expressions.limits.MAX_LIST_NESTING": (
        "expression-limit",
        lambda n: arg(f"={'[' * n}1{']' * n}"),
    ),
    "archc.expressions.limits.MAX_CHARACTERS": (
        "expression-limit",
        lambda n: arg(f"=len('x' * {n})"),
    ),
    "archc.expressions.limits.MAX_DECIMALS": (
        "expression-limit",
        lambda n: arg(f"=round(1.5, {n})"),
    ),
    "archc.elaborate.limits.MAX_NODES": (
        "too-large",
        # The input is a layer too.
        lambda n: f"{SIDES}stem: [{{repeat: {n - 1}, relu: }}]\n",
    ),
    "archc.elaborate.limits.MAX_STEPS": ("too-large", of_steps),
    "archc.elaborate.limits.MAX_DEPTH": ("too-large", of_depth),
    "archc.elaborate.weights.MAX_PATTERN": (
        "bad-pattern",
        lambda n: f"{WEIGHTED}weights: {{keras: {{{'a' * n}: b}}}}\n",
    ),
    "archc.elaborate.weights.MAX_REPLACEMENT": (
        "bad-pattern",
        lambda n: f"{WEIGHTED}weights: {{keras: {{a: {'b' * n}}}}}\n",
    ),
}
"""For each limit the code of the error beyond it, and a spec that asks for just so much."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(text: str, capsys: Capture) -> str:
    """The first line of the errors of a spec, empty where it has none."""
    Path("spec.yaml").write_text(text)
    started = time.process_time()
    code = run(["check", "spec.yaml"])
    assert time.process_time() - started < MOST_SECONDS
    said = capsys.readouterr().err.partition("\n")[0]
    assert code == (2 if said else 0)
    return said


@pytest.mark.parametrize("constant", SPECS)
def test_a_spec_at_a_limit_and_beyond(constant: str, capsys: Capture) -> None:
    (code, text), most = SPECS[constant], value_of(constant)
    within = checked(text(most), capsys)
    assert not within or within == "error[unknown-key]: unknown key `a`"
    beyond = checked(text(most + 1), capsys)
    assert beyond.startswith(f"error[{code}]: ")
    assert re.search(rf"\b{most:,}\b", beyond)


def evaluations_of_a_spec(capsys: Capture) -> None:
    """How many steps there are to an element is nobody's business: at least one."""
    text = turns("=sum(range(10000)) > 0")
    assert not checked(text(30), capsys)
    beyond = checked(text(101), capsys)
    assert "at most 1,000,000 steps in all expressions of a spec, found more" in beyond


def one_evaluation(capsys: Capture) -> None:
    def text(inner: int) -> str:
        return arg(f"=len([0 for i in range(1000) for j in range({inner}) if j < 0])")

    assert not checked(text(100), capsys)
    beyond = checked(text(1001), capsys)
    assert beyond == "error[expression-limit]: expected at most 1,000,000 steps, found more"


def whole_numbers(capsys: Capture) -> None:
    most = value_of("archc.expressions.limits.MAX_INTEGER")
    for sign in "+-":
        assert not checked(arg(f"={sign}{most - 7} {sign} 7"), capsys)
        beyond = checked(arg(f"={sign}{most - 7} {sign} 8"), capsys)
        assert beyond.startswith("error[expression-limit]: expected a whole number")


def cut_expressions(capsys: Capture) -> None:
    for number in (10, 11):
        cuts = ", ".join(["{filters: =max(1, 2)}"] * number)
        Path("spec.yaml").write_text(f"{SIDES}stem: [{cuts}]\n")
        assert run(["check", "spec.yaml"]) == 2
        assert capsys.readouterr().err.count("error[cut-expression]") == 10


def chains(capsys: Capture) -> None:
    """Of files that extend one another: the first is none that another extends."""
    most = value_of("archc.spec.limits.MAX_CHAIN")
    for number in range(most):
        Path(f"s{number}.yaml").write_text(f"extends: s{number + 1}.yaml\n")
    Path(f"s{most}.yaml").write_text(PLAIN)
    assert not checked("extends: s1.yaml\n", capsys)
    beyond = checked("extends: s0.yaml\n", capsys)
    assert beyond == f"error[too-large]: specs extend one another more than {most} deep"


def errors(capsys: Capture) -> None:
    """As many are told of as the limit, and none that comes after them."""
    most = value_of("archc.elaborate.limits.MAX_TOLD")
    for number, last in ((most - 1, True), (most, False)):
        text = (
            f"{SIDES}define: {{b: {{inputs: [x, y], steps: [relu]}}}}\n"
            "stem: [{id: entry, relu: }]\n"
            "learner: {block: b, id: b$(block.number), y: b$(block.number), "
            f"groups: [blocks: {number}]}}\n"
            "task: [{from: entry, conv: {filters: =1 - entry.channels, kernel: 3}}]\n"
        )
        Path("spec.yaml").write_text(text)
        assert run(["check", "spec.yaml"]) == 2
        said = capsys.readouterr().err
        assert said.startswith("error[unknown-id]")
        assert ("error[wrong-type]" in said) == last


def names_of_weights(_: Capture) -> None:
    rules = [("nothing", "")]
    most = value_of("archc.elaborate.weights.MAX_NAME")
    assert len(weights.renamed(["a" * most], rules)) == 1
    with pytest.raises(CompileError, match="1,001") as raised:
        weights.renamed(["a" * (most + 1)], rules)
    assert raised.value.diagnostics[0].code == "bad-pattern"


def seconds_of_rules(_: Capture) -> None:
    """What takes for ever ends at the limit, whatever the machine."""
    started = time.monotonic()
    with pytest.raises(CompileError, match="takes too long") as raised:
        weights.renamed(["a" * 60 + "b"], [("(a|a)*(a|aa)*$", "")])
    assert raised.value.diagnostics[0].code == "bad-pattern"
    most = value_of("archc.elaborate.weights.MAX_SECONDS")
    assert most <= time.monotonic() - started < 20 * most


def refused(path: Path) -> str:
    """Why a weight file is refused; empty where it is not."""
    try:
        with open_weights(path, 1000):
            return ""
    except CompileError as error:
        (diagnostic,) = error.diagnostics
        assert diagnostic.code == "weights-file"
        return diagnostic.message


def arrays_of_a_file(_: Capture) -> None:
    most = value_of("archc.weights.file_limits.MAX_ARRAYS")
    nothing = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    for number in (most, most + 1):
        header = json.dumps({f"a{i}": nothing for i in range(number)}).encode()
        Path("a").write_bytes(struct.pack("<Q", len(header)) + header)
        found = f"expected at most 100,000 arrays in `a`, found {number:,}"
        assert refused(Path("a")) == (found if number > most else "")


def groups_of_a_file(_: Capture) -> None:
    most = value_of("archc.weights.file_limits.MAX_DEPTH")
    for groups in (most, most + 1):
        with h5py.File("a.h5", "w") as file:
            file["/".join(["layers", *["a"] * groups, "vars", "0"])] = np.zeros(3)
        assert ("too deep" in refused(Path("a.h5"))) == (groups > most)


def texts_of_a_file(_: Capture) -> None:
    most = value_of("archc.weights.file_limits.MAX_TEXT")
    for size in (most, most + 1):
        with zipfile.ZipFile("a.keras", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("model.weights.h5", b"")
            archive.writestr("config.json", b" " * size)
        assert (f"more than {most:,} bytes" in refused(Path("a.keras"))) == (size > most)


def points_of_a_sweep(capsys: Capture) -> None:
    most = value_of("archc.explore.check.MAX_POINTS")
    check_count(most)
    with pytest.raises(CompileError, match="at most 10,000,000"):
        check_count(most + 1)
    ranges = ["--vary", "learner.groups[0].blocks=1..100001", "--vary", "classes=1..100"]
    assert run(["sweep", "resnet18", *ranges]) == 2
    assert capsys.readouterr().err.startswith("error[vary]: the sweep has 10,000,100 points")


def values_of_a_knob(capsys: Capture) -> None:
    most = value_of("archc.explore.knobs.MAX_VALUES")
    assert len(parse_knob(f"classes=1..{most}").values) == most
    assert run(["sweep", "resnet18", "--vary", f"classes=1..{most + 1}"]) == 2
    assert "has 1,000,001 values, and a knob at most 1,000,000" in capsys.readouterr().err


def specs_of_a_sweep(capsys: Capture) -> None:
    """The limit is lowered: to write as many specs as it allows takes a minute."""
    command = ["sweep", "resnet18", "--emit-specs", "specs", "--vary"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spec_files, "MAX_SPECS", 3)
        assert run([*command, "classes=1..4"]) == 2
        assert "there are 4 rows, and at most 3 specs are written" in capsys.readouterr().err
        assert not Path("specs").exists()
        assert run([*command, "classes=1..3"]) == 0


OTHERS: dict[str, Callable[[Capture], None]] = {
    "archc.source.limits.MAX_CUTS": cut_expressions,
    "archc.spec.limits.MAX_CHAIN": chains,
    "archc.expressions.limits.MAX_INTEGER": whole_numbers,
    "archc.expressions.limits.MAX_STEPS": one_evaluation,
    "archc.expressions.limits.MAX_STEPS_TOGETHER": evaluations_of_a_spec,
    "archc.elaborate.limits.MAX_TOLD": errors,
    "archc.elaborate.weights.MAX_NAME": names_of_weights,
    "archc.elaborate.weights.MAX_SECONDS": seconds_of_rules,
    "archc.weights.file_limits.MAX_ARRAYS": arrays_of_a_file,
    "archc.weights.file_limits.MAX_DEPTH": groups_of_a_file,
    "archc.weights.file_limits.MAX_TEXT": texts_of_a_file,
    "archc.explore.check.MAX_POINTS": points_of_a_sweep,
    "archc.explore.knobs.MAX_VALUES": values_of_a_knob,
    "archc.cli.sweeping.emit.MAX_SPECS": specs_of_a_sweep,
}
"""The limits that no single spec comes up to, each with its test."""


@pytest.mark.parametrize("constant", OTHERS)
def test_at_a_limit_and_beyond(constant: str, capsys: Capture) -> None:
    OTHERS[constant](capsys)


def test_every_limit_has_a_test() -> None:
    assert not SPECS.keys() & OTHERS.keys()
    assert SPECS.keys() | OTHERS.keys() == listed().keys()
