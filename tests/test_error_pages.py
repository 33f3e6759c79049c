"""Every code of a diagnostic is registered, has a page whose examples are true, and a golden."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import archc
from archc.cli.boundary import run
from archc.diagnostics import Diagnostic
from archc.diagnostics.codes import CODES
from archc.diagnostics.record import as_record
from tests.docs_examples import ROOT, Session, blocks
from tests.golden import CASES

PACKAGE = Path(archc.__file__).parent
FOLDER = ROOT / "docs" / "errors"
INDEX = FOLDER / "README.md"
PAGES = sorted(set(FOLDER.glob("*.md")) - {INDEX}, key=lambda page: page.stem)

WITHOUT_CASE = {
    "file-permission": "tests/unit/test_source_read.py",
    "file-size": "tests/unit/test_source_read.py",
    "path-count": "tests/unit/test_layers_merges.py",
    "torch-missing": "tests/test_verify_command.py",
    "weights-file": "tests/unit/test_weights_files.py",
    "weights-mismatch": "tests/unit/test_weights.py",
    "weights-unknown": "docs/errors/weights-unknown.md",
}
"""Codes that no spec with a command line gives on every machine, and where they are tested."""

UNTESTED = {"file-permission", "torch-missing", "weights-mismatch"}
"""Pages that show what they can't let happen: the superuser reads any file, and so on."""


def trees() -> Iterator[ast.Module]:
    for path in PACKAGE.rglob("*.py"):
        yield ast.parse(path.read_text(encoding="utf-8"))


def takers() -> dict[str, int]:
    """The functions and classes that take a diagnostic's code, and at which position."""
    found = {}
    for tree in trees():
        for node in ast.walk(tree):
            names = parameters(node)
            name = getattr(node, "name", "")
            if name != "__init__" and "code" in names and {"message", "span"} & set(names):
                found[name] = names.index("code")
    return found


def parameters(node: ast.AST) -> list[str]:
    """What a function takes, or a class: the fields of a dataclass, or its `__init__`'s."""
    if isinstance(node, ast.FunctionDef):
        names = [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
        return names[1:] if names[:1] == ["self"] else names
    if not isinstance(node, ast.ClassDef):
        return []
    makers = [each for each in node.body if getattr(each, "name", "") == "__init__"]
    if makers:
        return parameters(makers[0])
    fields = [each.target for each in node.body if isinstance(each, ast.AnnAssign)]
    return [each.id for each in fields if isinstance(each, ast.Name)]


def used_codes() -> set[str]:
    """The codes that calls write down, by themselves or through a constant."""
    positions = takers()
    found = set()
    for tree in trees():
        constants = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                given = code_argument(node, positions)
                given = constants.get(given.id) if isinstance(given, ast.Name) else given
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    found.add(given.value)
    return found


def code_argument(call: ast.Call, positions: dict[str, int]) -> ast.expr | None:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    position = positions.get(name)
    if position is None:
        return None
    named = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    return named[0] if named else next(iter(call.args[position : position + 1]), None)


def test_every_code_is_registered() -> None:
    used = used_codes()
    assert len(used) > 50
    assert used - CODES.keys() == set()


def test_every_registered_code_is_used() -> None:
    written = {
        node.value
        for path in PACKAGE.rglob("*.py")
        if path.name != "codes.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert CODES.keys() - written == set()


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert [page.stem for page in PAGES] == sorted(CODES)
    assert list(CODES) == sorted(CODES)


def test_the_index_lists_every_code() -> None:
    rows = re.findall(r"^\| \[`(.*)`\]\((.*)\.md\) \| (.*) \|$", INDEX.read_text("utf-8"), re.M)
    assert rows == [(code, code, meaning) for code, meaning in CODES.items()]


def test_every_code_has_a_golden() -> None:
    goldens = "".join(path.read_text("utf-8") for path in CASES.glob("*/*/errors.txt"))
    told = set(re.findall(r"^\w+\[([a-z-]+)\]: ", goldens, re.M))
    assert told <= CODES.keys()
    assert CODES.keys() - told == WITHOUT_CASE.keys()
    for code, place in WITHOUT_CASE.items():
        assert code in (ROOT / place).read_text("utf-8"), f"{place} does not test {code}"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return Session()


@pytest.mark.parametrize("page", [INDEX, *PAGES], ids=lambda path: path.stem)
def test_examples(page: Path, session: Session) -> None:
    for block in blocks(page):
        session.run(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_has_an_example_that_is_wrong_and_one_that_is_right(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    head, wrong, right = re.split(r"^## (?:Wrong|Right)\n", text, flags=re.M)
    assert re.match(rf"# {page.stem}\n\n\S", head)
    assert re.search(rf"(?:error|warning)\[{page.stem}\]: |^{page.stem}\b", wrong, re.M)
    assert "```" in right
    assert "error[" not in right
    languages = {block.language for block in blocks(page)}
    assert languages != {"text"} or page.stem in UNTESTED
    assert len(text.splitlines()) <= 80


@pytest.mark.parametrize("page", [INDEX, *PAGES], ids=lambda path: path.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text("utf-8")):
        path = page.parent / target if target else page
        headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.M)
        assert not anchor or anchor in [each.lower().replace(" ", "-") for each in headings]


def test_the_index_lists_the_keys_of_a_record() -> None:
    text = INDEX.read_text("utf-8").split("\n## For machines\n")[1]
    listed = re.findall(r"^\| (`[^|]*`) \| ", text.split("\n## ")[0], re.M)
    keys = [key for cell in listed for key in re.findall(r"`(\w+)`", cell)]
    assert sorted(keys) == sorted(as_record(Diagnostic("wrong-type", "message")))


def test_explain_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "unknown-verb"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("# unknown-verb\n\n")
    assert "    - rleu\n" in told
    assert "```" not in told


@pytest.mark.parametrize("code", CODES)
def test_explain_knows_every_code(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", f"error[{code}]"]) == 0
    told = capsys.readouterr().out
    assert "](" not in told
    page = (FOLDER / f"{code}.md").read_text(encoding="utf-8")
    for block in blocks(FOLDER / f"{code}.md"):
        for line in filter(None, block.text.splitlines()):
            assert f"\n    {line}\n" in told
    assert told.count("\n") <= page.count("\n")


def test_explain_without_a_code_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == list(CODES)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("unknown-vreb", "no error `unknown-vreb`: did you mean `unknown-verb`"),
        ("quux", "no error `quux`: `archc explain` lists them all"),
        ("../language", "no error `../language`: "),
        ("README", "no error `README`: "),
    ],
)
def test_explain_of_a_strange_code(
    code: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", code]) == 2
    assert told in capsys.readouterr().err
