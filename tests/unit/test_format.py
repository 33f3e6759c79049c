"""The canonical layout: it keeps comments and meaning, and is left as it is when done again."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archc.api import load
from archc.cli.boundary import run
from archc.diagnostics import CompileError, SourceText
from archc.elaborate.link_calls import MODIFIERS
from archc.format import formatted
from archc.format.places import ORDER, Place
from archc.resources import specs_folder
from archc.source import compose, read_source
from archc.source.spelled import same
from archc.spec import BlockDocument, SpecDocument
from tests.docs_examples import DOCUMENTS, blocks
from tests.fuzz import loaded
from tests.strategies import examples, specs

SHIPPED = sorted(specs_folder().rglob("*.yaml"))
SPECS = sorted(specs_folder().glob("*.yaml"))
COMMENT = re.compile(r"(?<!\S)#.*$", re.MULTILINE)


def laid_out(text: str) -> str:
    """The text in the canonical layout, which must be left alone when asked for again."""
    once = formatted(SourceText("spec.yaml", text))
    assert formatted(SourceText("spec.yaml", once)) == once
    return once


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_specs_keep_their_comments_and_their_meaning(path: Path) -> None:
    text = read_source(path).text
    result = laid_out(text)
    assert Counter(COMMENT.findall(result)) == Counter(COMMENT.findall(text))
    assert same(compose(SourceText("spec", result)), compose(SourceText("spec", text)))
    assert max(len(COMMENT.sub("", line).rstrip()) for line in result.splitlines()) <= 140


def test_shipped_files_are_laid_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", "--check", *map(str, SHIPPED)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_files_in_the_documents_are_laid_out(document: Path) -> None:
    for block in blocks(document):
        # One stands there to be laid out.
        if block.language == "yaml" and block.title not in ("", "loose.yaml") and not block.wrong:
            assert formatted(SourceText(block.place, block.text)) == block.text


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_specs_keep_their_network(path: Path, tmp_path: Path) -> None:
    loose = in_block_style(read_source(path).text)
    written = tmp_path / path.name
    written.write_text(laid_out(loose), encoding="utf-8")
    assert written.read_text(encoding="utf-8") != loose
    before, after = load(str(path)), load(str(written))
    for variant in before.variants or (None,):
        if variant is not None:
            before, after = before.at(variant), after.at(variant)
        assert after.graph() == before.graph()


def in_block_style(text: str) -> str:
    """The same values as PyYAML writes them with a line for each, as narrow as may be."""
    events = list(yaml.parse(text))
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            event.flow_style = False
    return str(yaml.emit(events, width=40, indent=4, allow_unicode=True))


@given(text=specs(), random=st.randoms(use_true_random=False))
@examples(40)
def test_any_spec_keeps_its_comments_and_its_network(text: str, random: Random) -> None:
    text, comments = commented(text, random)
    result = laid_out(text)
    for comment in comments:
        assert result.count(comment) == 1
    with loaded(text) as before, loaded(result) as after:
        assert after.graph() == before.graph()


def commented(text: str, random: Random) -> tuple[str, list[str]]:
    """The text with comments and blank lines wherever they change nothing, and the comments."""
    tree = compose(SourceText("spec", text))
    lines, comments = text.splitlines(), []
    for number in range(len(lines) - 1, -1, -1):
        if random.random() < 0.6:
            continue
        comment = f"# comment {number}."
        changed = list(lines)
        match random.randrange(3):
            case 0:
                changed.insert(number, " " * random.randrange(9) + comment)
            case 1:
                changed[number] += f"  {comment}"
            case _:
                changed.insert(number, comment := "")
        try:
            kept = same(compose(SourceText("spec", "\n".join(changed))), tree)
        except CompileError:
            kept = False
        if kept:
            lines = changed
            comments += [comment] if comment else []
    return "\n".join(lines), comments


def test_every_key_has_its_place() -> None:
    for place, document in ((Place.ROOT, SpecDocument), (Place.BLOCK, BlockDocument)):
        assert document.model_fields.keys() - {"origin"} <= {*ORDER[place][0]}
    assert {*ORDER[Place.STEP][0], *ORDER[Place.STEP][1]} == {*MODIFIERS}


LAYOUTS = {
    "keys come in one order": (
        "# head\ninput: [8, 8, 3]  # i\ntask:\n- {when: true, relu: , from: input, id: a}\n"
        "name: x\n",
        "# head\nname: x\ninput: [8, 8, 3]                                       # i\n"
        "task:\n- {id: a, from: input, relu: , when: true}\n",
    ),
    "what is plain and short stands on a line": (
        "stem:\n  - id: a\n    conv:\n      filters: 8\n      kernel:\n        - 1\n        - 7\n",
        "stem:\n- {id: a, conv: {filters: 8, kernel: [1, 7]}}\n",
    ),
    "what is too long stands on several": (
        "task: [{id: the_first, dense: {units: 1000, activation: softmax}}, "
        "{id: the_second, dense: {units: 1000, activation: softmax}}]\n",
        "task:\n- {id: the_first, dense: {units: 1000, activation: softmax}}\n"
        "- {id: the_second, dense: {units: 1000, activation: softmax}}\n",
    ),
    "steps and sections stay on several lines": (
        "stem:\n    - relu\n    - add:\n        a: []\n        b: [relu]\n",
        "stem:\n- relu\n- add:\n    a: []\n    b: [relu]\n",
    ),
    "a comment inside keeps lines apart": (
        "stem:\n- conv: {filters: 8, # width\n         kernel: 3}\n",
        "stem:\n- conv:\n    filters: 8" + " " * 41 + "# width\n    kernel: 3\n",
    ),
    "rows are aligned": (
        "learner:\n  groups:\n  - {filters: 8, blocks: 1}\n  - {filters: 16, blocks: 10}\n",
        "learner:\n  groups:\n  - {filters: 8,  blocks: 1}\n  - {filters: 16, blocks: 10}\n",
    ),
    "the last value is aligned where others stand before it": (
        "variants:\n  a: {expect: 1}\n  b: {c: 1, expect: 2}\n  c: {c: 1, d: 2, expect: 3}\n",
        "variants:\n  a: {expect: 1}\n  b: {c: 1,       expect: 2}\n  c: {c: 1, d: 2, expect: 3}\n",
    ),
    "args and scaling stay on several lines": (
        "args:\n  a: 1\n  b: 2\ndefine:\n  c:\n    args:\n      d: 1\n    steps: [relu]\n"
        "learner:\n  block: c\n  scaling:\n    e: =2 * e\n",
        "args:\n  a: 1\n  b: 2\ndefine:\n  c:\n    args:\n      d: 1\n    steps: [relu]\n"
        "learner:\n  block: c\n  scaling:\n    e: =2 * e\n",
    ),
    "the id of a merge on several lines may stand behind it": (
        "stem:\n- when: true\n  add:\n    a: []\n    b: [relu]\n  from: x\n  id: c\n"
        "- id: d\n  add:\n    a: []\n",
        "stem:\n- from: x\n  add:\n    a: []\n    b: [relu]\n  id: c\n  when: true\n"
        "- id: d\n  add:\n    a: []\n",
    ),
    "the id of a merge on one line stands before it": (
        "stem:\n- add: {a: [], b: [relu]}\n  id: c\n",
        "stem:\n- {id: c, add: {a: [], b: [relu]}}\n",
    ),
    "a step with an anchor stays on its line": (
        "stem:\n- &a {conv: 8}\n- *a\n",
        "stem:\n- &a {conv: 8}\n- *a\n",
    ),
    "an expression with a comma gets quotes in a flow mapping": (
        "stem:\n- conv:\n    filters: =max(8, 16)\n    kernel: 3\n",
        'stem:\n- conv: {filters: "=max(8, 16)", kernel: 3}\n',
    ),
    "numbers and quotes stay as they are written": (
        "args: {a: 1.0, b: 1e-3, c: '=', d: \"x\", e: 0x10, f: ~, g: , h: null}\n",
        "args: {a: 1.0, b: 1e-3, c: '=', d: \"x\", e: 0x10, f: ~, g: , h: null}\n",
    ),
    "anchors keep the order": (
        "input: &shape [8, 8, 3]\nargs: {shape: *shape}\nname: x\n",
        "input: &shape [8, 8, 3]\nargs: {shape: *shape}\nname: x\n",
    ),
    "texts of several lines keep them": (
        "input: [3]\nabout: >\n     one\n       two\n\n\n\nname: 'a\n         b'\n",
        "name: 'a\n  b'\nabout: >\n  one\n    two\ninput: [3]\n",
    ),
    "comments at the end of what is indented stay there": (
        "define:\n  a: {steps: [relu]}\n  # of define\n# of stem\nstem: [a]\n# end\n",
        "define:\n  a: {steps: [relu]}\n  # of define\n# of stem\nstem: [a]\n# end\n",
    ),
    "a comment behind a dash stands above": (
        "stem:\n-   # one\n  relu:\n- # two\n  id: a\n  relu:\n",
        "stem:\n# one\n- relu:\n# two\n- {id: a, relu: }\n",
    ),
    "line ends are those of Unix": ("name: a\r\ninput: [3]\r\n", "name: a\ninput: [3]\n"),
    "rules for weights keep their lines": (
        "weights:\n  keras:\n    ^a[0-9]{2}$: b\n",
        "weights:\n  keras:\n    ^a[0-9]{2}$: b\n",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name: str) -> None:
    text, expected = LAYOUTS[name]
    assert laid_out(text) == expected


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text("name: a\ninput: [3]\n", encoding="utf-8")
    (tmp_path / "loose.yaml").write_text("input:  [3]\nname: b\n", encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text("input: [3\n", encoding="utf-8")
    return tmp_path


def test_files_are_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", "good.yaml", "loose.yaml"]) == 0
    assert capsys.readouterr().out == "formatted loose.yaml\n"
    assert (folder / "loose.yaml").read_text(encoding="utf-8") == "name: b\ninput: [3]\n"


def test_check_lists_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", "--check", "good.yaml", "loose.yaml"]) == 1
    assert capsys.readouterr().out == "would change loose.yaml\n"
    assert (folder / "loose.yaml").read_text(encoding="utf-8").startswith("input:  [3]")
    assert run(["fmt", "--check", "good.yaml"]) == 0


def test_diff_shows_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", "--diff", "loose.yaml"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[:2] == ["--- loose.yaml", "+++ loose.yaml"]
    assert "+input: [3]" in shown
    assert (folder / "loose.yaml").read_text(encoding="utf-8").startswith("input:  [3]")


def test_a_wrong_file_is_told_of_and_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fmt", "wrong.yaml", "loose.yaml"]) == 2
    told = capsys.readouterr()
    assert told.err.count("error[") == 1
    assert "wrong.yaml:2:1" in told.err
    assert told.out == "formatted loose.yaml\n"
    assert (folder / "wrong.yaml").read_text(encoding="utf-8") == "input: [3\n"


def test_a_file_that_is_right_is_not_touched(folder: Path) -> None:
    before = (folder / "good.yaml").stat()
    assert run(["fmt", "good.yaml"]) == 0
    after = (folder / "good.yaml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_stdin_goes_to_stdout(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with (folder / "loose.yaml").open(encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert run(["fmt", "-"]) == 0
    assert capsys.readouterr().out == "name: b\ninput: [3]\n"
