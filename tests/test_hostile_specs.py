"""Whatever a spec from a stranger asks for, it ends quickly, with a diagnostic or a network."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from archc.cli.boundary import run
from archc.diagnostics.codes import CODES
from tests import mutation

SIDES = "input: [8, 8, 3]\n"
MANY = 20_000
MOST_SECONDS = 4.0
"""Of processor time: these hold a megabyte of text, or end at a limit of thousands of layers."""
MOST_MEGABYTES = 300


def every(text: str, times: int = MANY) -> str:
    """The text so often, with a number of its own in the place of each `#`."""
    return ", ".join(text.replace("#", str(i)) for i in range(times))


def bomb(levels: int, width: int) -> str:
    """Lists of aliases of lists: `width` to the power of `levels` elements."""
    lines = ["a0: &a0 [x]"]
    for level in range(1, levels):
        items = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"a{level}: &a{level} [{items}]")
    return "\n".join(lines)


def doubling(levels: int, step: str) -> str:
    """Blocks of which each calls the one before it twice."""
    blocks = [f"  b0: {{steps: [{step}]}}"]
    blocks += [f"  b{i}: {{steps: [b{i - 1}, b{i - 1}]}}" for i in range(1, levels)]
    return f"{SIDES}define:\n" + "\n".join(blocks) + f"\nstem: [b{levels - 1}]\n"


SPECS = {
    "aliases of aliases": ("yaml-anchor-bomb", bomb(40, 9)),
    "aliases deep in one another": ("yaml-depth", bomb(200, 1)),
    "10 MB in one scalar": ("file-size", f"about: {'x' * 10_000_000}"),
    "a megabyte in one scalar": ("", f"about: {'x' * 990_000}\n{SIDES}stem: [relu]"),
    "a name of a megabyte": ("bad-name", f"name: {'x' * 990_000}\n{SIDES}stem: [relu]"),
    "a verb of a megabyte": ("unknown-verb", f"{SIDES}stem: [{'x' * 990_000}]"),
    "10,000 lists": ("yaml-depth", "[" * 10_000 + "]" * 10_000),
    "10,000 mappings": ("yaml-depth", "{a: " * 10_000 + "}" * 10_000),
    "10,000 lists in block style": ("yaml-depth", "- " * 10_000),
    "keys that are keys": ("yaml-depth", "? " * 200_000),
    "lists that never close": ("yaml-depth", "stem: " + "[" * 400_000),
    "a number of many digits": ("number-range", f"{SIDES}args: {{a: {'9' * 900_000}}}"),
    "a hexadecimal number": ("number-range", f"{SIDES}args: {{a: 0x{'f' * 900_000}}}"),
    "a power": ("expression-limit", f"{SIDES}args: {{a: =9 ** 9 ** 9 ** 9}}\nstem: [relu]"),
    "range(10**9)": ("expression-limit", f"{SIDES}args: {{a: =range(10**9)}}\nstem: [relu]"),
    "comprehensions in comprehensions": (
        "expression-limit",
        f"{SIDES}args: {{a: '=[[[i for i in range(99)] for j in range(99)] for k in range(999)]'}}"
        "\nstem: [relu]",
    ),
    "a comprehension in every arg": (
        "expression-limit",
        f"{SIDES}args: {{{every('a#: =len(range(99000))', 20_000)}}}\nstem: [relu]",
    ),
    "a comprehension in every turn": (
        "expression-limit",
        f"{SIDES}stem: [{{repeat: 100000, relu: , when: '=len([i for i in range(9000)]) < 5 + "
        "repeat.index'}]",
    ),
    "brackets in an expression": ("cut-expression", f"{SIDES}args: {{a: ={'(' * 900_000}}}"),
    "expressions that are cut": ("cut-expression", f"{SIDES}stem: [{'=a(b, c), ' * 90_000}]"),
    "texts that never end": ("bad-expression", f"{SIDES}about: '{'$(' * 400_000}'\nstem: [relu]"),
    "repeat: 1000000000": ("too-large", f"{SIDES}stem: [{{repeat: 1000000000, relu: }}]"),
    "repeats in repeats": (
        "too-large",
        f"{SIDES}stem: [{{repeat: 9999, steps: [{{repeat: 9999, steps: [relu]}}]}}]",
    ),
    "a group of 10^9 blocks": (
        "too-large",
        f"{SIDES}learner: {{block: relu, groups: [{{blocks: 1000000000}}]}}",
    ),
    "blocks that double": ("too-large", doubling(41, "relu")),
    "blocks that double and fail": ("wrong-type", doubling(41, "{conv: {filters: x, kernel: 3}}")),
    "blocks that double nothing": ("too-large", doubling(41, "{relu: , when: false}")),
    "a block that calls itself": (
        "recursion",
        f"{SIDES}define: {{b: {{steps: [b]}}}}\nstem: [b]",
    ),
    "10^5 keys": ("missing-key", "".join(f"k{i}: 1\n" for i in range(100_000))),
    "many args": ("", f"{SIDES}args: {{{every('k#: #')}}}\nstem: [relu]"),
    "many attributes": ("missing-attribute", f"{SIDES}stem: [conv: {{{every('k#: #')}}}]"),
    "many blocks": ("", f"{SIDES}define: {{{every('k#: {steps: []}', 10_000)}}}\nstem: [relu]"),
    "a long list for every layer": (
        "wrong-type",
        f"{SIDES}defaults: {{batch_norm: =range(100000)}}\nstem: [{{repeat: 400, batch_norm: }}]",
    ),
    "a long list for every block": (
        "wrong-type",
        f"{SIDES}args: {{a: =range(50000)}}\n"
        "define: {b: {args: {c: 1}, steps: [{batch_norm: {epsilon: =c}}]}}\n"
        "stem: [{repeat: 400, b: {c: =a}}]",
    ),
    "many unknown verbs": ("unknown-verb", f"{SIDES}stem: [{every('rl#')}]"),
    "many unknown ids": ("unknown-id", f"{SIDES}stem: [{every('{from: x#, relu: }', 10_000)}]"),
    "many equal ids": ("duplicate-name", f"{SIDES}stem: [{every('{id: x, relu: }', 10_000)}]"),
    "many outputs": (
        "",
        f"{SIDES}stem: [{every('{id: x#, relu: }', 10_000)}]\noutputs: [{every('x#', 10_000)}]",
    ),
    "many inputs": ("", f"input: {{{every('i#: [8, 8, 3]', 10_000)}}}\nstem: [relu]"),
    "many sides": ("wrong-type", f"input: [{every('8')}]\nstem: [relu]"),
    "many branches": ("", f"{SIDES}stem: [add: {{{every('p#: []')}}}]"),
    "many libraries": ("library-unknown", f"{SIDES}use: [{every('l#.yaml')}]\nstem: [relu]"),
    "one library often": ("too-large", f"{SIDES}use: [{every('blocks/conv.yaml')}]\nstem: [relu]"),
    "many weight rules": (
        "",
        f"{SIDES}stem: [conv: {{filters: 3, kernel: 3}}]\nweights: {{keras: {{{every('a#: b')}}}}}",
    ),
    "a pattern that would take long": (
        "",
        f"{SIDES}stem: [{{repeat: 99, id: {'a' * 60}$(repeat.index), "
        "conv: {filters: 3, kernel: 3}}]\nweights: {keras: {'(a|a)*(a|aa)*$': '\\1\\2'}}",
    ),
    "another file": (
        "library-unknown",
        f"{SIDES}use: [../../../../../../../../etc/passwd]\nstem: [relu]",
    ),
    "this file": ("unknown-key", f"{SIDES}use: [spec.yaml]\nstem: [relu]"),
    "an error in many blocks": (
        "unknown-id",
        f"{SIDES}define: {{b: {{inputs: [x, y], steps: [relu]}}}}\n"
        "learner: {block: b, id: b$(block.number), y: b$(block.number), groups: [blocks: 99999]}",
    ),
}
"""The code of the first error that each spec gives, empty where it gives none, and the spec."""

ROOT = str(Path(__file__).parents[1])

CHECKS = """
import json, sys, time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from archc.cli.boundary import run
from tests.mutation import megabytes

for name, text in json.load(sys.stdin).items():
    Path("spec.yaml").write_text(text, encoding="utf-8")
    said = StringIO()
    started = time.process_time()
    with redirect_stderr(said), redirect_stdout(StringIO()):
        code = run(["check", "spec.yaml"])
    seconds = time.process_time() - started
    peak = megabytes()
    print(json.dumps([name, code, said.getvalue()[:5000], seconds, peak]), flush=True)
"""


def test_what_asks_for_too_much_ends_quickly(tmp_path: Path) -> None:
    texts = {name: text for name, (_, text) in SPECS.items()}
    done = subprocess.run(
        [sys.executable, "-c", CHECKS],
        input=json.dumps(texts),
        capture_output=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([ROOT, *sys.path])},
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == list(SPECS)
    assert not list(problems(rows))


def problems(rows: list[tuple[str, int, str, float, float]]) -> Iterator[str]:
    for name, code, said, seconds, peak in rows:
        wanted = SPECS[name][0]
        if code != (2 if wanted else 0) or (wanted and not said.startswith(f"error[{wanted}]: ")):
            yield f"{name}: ends with {code}: {said[:300]}"
        if seconds > MOST_SECONDS:
            yield f"{name}: {seconds:.1f} s"
        if peak > MOST_MEGABYTES:
            yield f"{name}: {peak:.0f} MB"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def first_error(path: str, capsys: pytest.CaptureFixture[str]) -> str:
    started = time.process_time()
    assert run(["check", path]) == 2
    assert time.process_time() - started < MOST_SECONDS
    return capsys.readouterr().err.partition("\n")[0]


def test_a_long_chain_of_libraries(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(1500):
        (folder / f"l{i}.yaml").write_text(f"use: [l{i + 1}.yaml]\ndefine: {{}}\n")
    (folder / "spec.yaml").write_text(f"{SIDES}use: [l0.yaml]\nstem: [relu]\n")
    said = first_error("spec.yaml", capsys)
    assert said == "error[too-large]: libraries use one another more than 20 deep"


def test_a_long_chain_of_specs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(1500):
        (folder / f"s{i}.yaml").write_text(f"extends: s{i + 1}.yaml\n")
    said = first_error("s0.yaml", capsys)
    assert said == "error[too-large]: specs extend one another more than 20 deep"


def test_chains_within_the_limit(folder: Path) -> None:
    for i in range(20):
        use = f"use: [l{i + 1}.yaml]\n" if i < 19 else ""
        (folder / f"l{i}.yaml").write_text(f"{use}define: {{b{i}: {{steps: [relu]}}}}\n")
        (folder / f"s{i}.yaml").write_text(f"extends: s{i + 1}.yaml\n")
    (folder / "s20.yaml").write_text(f"{SIDES}use: [l0.yaml]\nstem: [b0]\n")
    assert run(["check", "s0.yaml"]) == 0


def test_a_ring_of_links(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").symlink_to("b.yaml")
    (folder / "b.yaml").symlink_to("a.yaml")
    assert first_error("a.yaml", capsys).startswith("error[file-missing]")
    (folder / "spec.yaml").write_text(f"{SIDES}use: [a.yaml]\nstem: [relu]\n")
    assert first_error("spec.yaml", capsys).startswith("error[library-unknown]")


@pytest.mark.parametrize("length", [1, 2, 15])
@pytest.mark.parametrize("key", ["use", "extends"])
def test_a_ring_of_files(
    key: str, length: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i in range(length):
        after = f"f{(i + 1) % length}.yaml"
        reference = f"use: [{after}]\ndefine: {{}}\n" if key == "use" else f"extends: {after}\n"
        (folder / f"f{i}.yaml").write_text(reference)
    rest = f"use: [f0.yaml]\n{SIDES}stem: [relu]\n" if key == "use" else "extends: f0.yaml\n"
    (folder / "spec.yaml").write_text(rest)
    assert first_error("spec.yaml", capsys).startswith(f"error[{key}-cycle]")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("pipe", "file-kind"),
        ("socket", "file-kind"),
        ("/dev/zero", "file-kind"),
        ("/dev/tty", "file-kind"),
        ("/proc/self/mem", "file-kind"),
        ("/etc", "file-directory"),
    ],
)
def test_what_is_no_file(
    kind: str, code: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither as a spec nor as a library; none of them is waited for."""
    if kind == "pipe":
        os.mkfifo("odd.yaml")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("odd.yaml")
    elif not Path(kind).exists():
        pytest.skip(f"the system has no {kind}")
    else:
        Path("odd.yaml").symlink_to(kind)
    assert first_error("odd.yaml", capsys).startswith(f"error[{code}]")
    (folder / "spec.yaml").write_text(f"{SIDES}use: [odd.yaml]\nstem: [relu]\n")
    inside = code if kind in ("pipe", "socket") else "library-unknown"
    assert first_error("spec.yaml", capsys).startswith(f"error[{inside}]")


@pytest.mark.parametrize("key", ["use", "extends"])
@pytest.mark.parametrize(
    "reference",
    [
        "../secret.yaml",
        "/etc/passwd",
        "link.yaml",
        "up/secret.yaml",
        "./../secret.yaml",
        "a/../../secret.yaml",
    ],
)
def test_another_folders_file(
    reference: str, key: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "secret.yaml").write_text("define: {secret: {steps: [batch_norm]}}\n")
    inner = folder / "inner"
    inner.mkdir()
    (inner / "link.yaml").symlink_to(folder / "secret.yaml")
    (inner / "up").symlink_to(folder)
    given = f"[{reference}]" if key == "use" else reference
    (inner / "spec.yaml").write_text(f"{SIDES}{key}: {given}\nstem: [secret]\n")
    assert run(["check", "inner/spec.yaml"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error[{'library' if key == 'use' else key}-unknown]")
    assert "outside the spec's folder" in said
    assert "batch_norm" not in said


@pytest.mark.parametrize("name", ["x" * 300, f"{'x' * 300}/{'x' * 300}", "x/" * 3000])
def test_a_search_path_that_is_too_long(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "spec.yaml").write_text(f"{SIDES}use: [nothing.yaml]\nstem: [relu]\n")
    assert run(["check", "spec.yaml", "--search-path", name]) == 2
    assert capsys.readouterr().err.startswith("error[library-unknown]")


@pytest.mark.parametrize(
    "command",
    [
        ["check", "resnet18", "--search-path", "a\0b"],
        ["emit", "resnet18", "-o", "a\0b.py"],
        ["check-emitted", "a\0b.py"],
    ],
)
def test_a_nul_character(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command) == 2
    assert "NUL" in capsys.readouterr().err


def test_a_stride_beyond_all_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "spec.yaml").write_text(
        "input: [1, 1, 3]\nstem: [{repeat: 1100, conv: {filters: 3, kernel: 1, stride: 2}}]\n"
    )
    assert run(["summary", "spec.yaml", "--cost", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["stride"] == [2**63, 2**63]


def test_a_file_that_changes_while_it_is_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = folder / "spec.yaml"
    texts = [f"{SIDES}stem: [{', '.join(['relu'] * n)}]\n" for n in (2, 2_000)]
    ended = threading.Event()

    def change() -> None:
        for number in count():
            if ended.is_set():
                return
            target.write_text(texts[number % 2])

    target.write_text(texts[0])
    thread = threading.Thread(target=change)
    thread.start()
    try:
        codes = {run(["check", "spec.yaml"]) for _ in range(60)}
    finally:
        ended.set()
        thread.join()
    # A file that is caught half written is a wrong spec, or one that is empty.
    assert codes <= {0, 2}
    told = capsys.readouterr()
    assert "internal error" not in told.err
    assert all(code in CODES for code in _codes(told.err))


def _codes(told: str) -> set[str]:
    return {line[6:].partition("]")[0] for line in told.splitlines() if line.startswith("error[")}


def test_mutants() -> None:
    found = mutation.run(seed=20_260_101, first=0, count=150, workers=0)
    assert found.outcomes.total() == 150
    assert not {kind for kind in found.failures if kind != "memory"}
