"""What a stranger writes into a spec is shown, kept or refused; it is never done."""

from __future__ import annotations

import ast
import json
import os
import re
import socket
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import archc
from archc.cli.boundary import run
from archc.cli.terminal import stage
from archc.diagnostics import CompileError
from archc.emitted import Language, emit
from archc.language_server.completion import complete
from archc.language_server.hover import hover
from archc.language_server.messages import Messages
from archc.language_server.session import Session
from tests.injection import (
    ANNOTATIONS,
    CORPUS,
    FORMULAS,
    MARKUP,
    NAMES,
    PATHS,
    TERMINAL,
    TEXTS,
    page,
    ran_code,
    tree,
    with_name,
    with_texts,
    wrong_in_csv,
    wrong_in_print,
)
from tests.strategies.hostile import CODE, HARMLESS, LINES, ODD, PROOF, Hostile
from tests.strategies.render import rendered
from tests.test_emission_safety import LANGUAGES
from tests.test_emission_safety import check as check_emission

SPEC = "spec.yaml"
SHOWING = (
    ["check", SPEC],
    ["check", SPEC, "--format", "json", "--lint"],
    ["summary", SPEC],
    ["summary", SPEC, "--cost", "--layers"],
    ["diff", SPEC, "--to-set", "width=8"],
    ["diff", SPEC, "--to-set", "width=8", "--format", "json"],
    ["sweep", SPEC, "--vary", "width=4,6"],
    ["sweep", SPEC, "--vary", "width=4,6", "--format", "json"],
    ["solve", SPEC, "--vary", "width=4..6", "--target", "macs=45000"],
)
"""Commands that print, and write nothing."""

FAMILIES = (ANNOTATIONS[1], TERMINAL[0], FORMULAS[0], MARKUP[0], MARKUP[3], PATHS[1], PATHS[8])
"""A text of each kind."""

PAGE = {"p", "strong", "table", "thead", "tbody", "tr", "th", "td", "br"}
"""The tags of a table with a title."""


class Terminal(StringIO):
    """A stream that click takes for a terminal, so that it leaves everything in."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder inside of one that is watched; no code of the corpus runs, nothing is fetched."""
    inner = tmp_path / "work"
    inner.mkdir()
    monkeypatch.chdir(inner)
    monkeypatch.delenv(PROOF, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(socket, "create_connection", _refused)
    monkeypatch.setattr(socket.socket, "connect", _refused)
    yield inner
    assert not ran_code()
    assert {path.name for path in tmp_path.iterdir()} == {"work"}


def _refused(*_: object, **__: object) -> None:
    raise AssertionError("a connection to another machine")


def said(*arguments: str) -> tuple[int, str, str]:
    """What a command ends with and prints, which is nothing but lines of text."""
    out, err = Terminal(), Terminal()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
    printed = out.getvalue(), err.getvalue()
    github = "github" in arguments
    assert not [wrong for text in printed for wrong in wrong_in_print(text, annotations=github)]
    assert code in (0, 2)
    return code, *printed


def written(text: str, name: str = SPEC) -> Path:
    path = Path(name)
    path.write_bytes(text.encode())
    return path


def every(texts: tuple[str, ...]) -> pytest.MarkDecorator:
    """A test for each text; what is printed of a test names its place in the corpus alone."""
    return pytest.mark.parametrize("text", texts, ids=map(str, range(len(texts))))


@every(CORPUS)
def test_any_text_is_only_shown(text: str, folder: Path) -> None:
    written(with_texts(text))
    before = tree(folder)
    codes = {said(*command)[0] for command in SHOWING}
    # An expression that is wrong is told; all that is no expression is a text.
    assert codes == ({0} if valid() else {2})
    assert codes == {0} or text.startswith(("=", "$("))
    assert said("schema", SPEC)[0] == 0
    _annotations()
    _formats(text)
    assert tree(folder) == before


def valid() -> bool:
    try:
        archc.load(SPEC).graph()
    except CompileError:
        return False
    return True


def _annotations() -> None:
    """There are as many annotations as diagnostics."""
    _, out, _ = said("check", SPEC, "--format", "github", "--lint")
    _, records, _ = said("check", SPEC, "--format", "json", "--lint")
    assert len(out.splitlines()) == len(json.loads(records))


def _formats(text: str) -> None:
    """Data hold the text as it is, tables for people show it."""
    code, out, _ = said("summary", SPEC, "--format", "json")
    if code:
        return
    assert json.loads(out)["about"] == archc.load(SPEC).graph().about
    _, out, _ = said("summary", SPEC, "--format", "csv", "--layers")
    assert not list(wrong_in_csv(out))
    _, out, _ = said("summary", SPEC, "--format", "markdown")
    tags, shown = page(out)
    assert tags <= PAGE
    bare = "".join(text.split())
    if bare.isprintable() and len(bare) < 400 and not text.startswith(("=", "$(")):
        assert bare in "".join(shown.split())


@every(CORPUS)
def test_names_are_refused_or_shown(text: str, folder: Path) -> None:
    written(rendered(Hostile({**HARMLESS, **dict.fromkeys(NAMES, text)}).data))
    before = tree(folder)
    said("check", SPEC)
    said("schema", SPEC)
    _annotations()
    assert tree(folder) == before


@pytest.mark.parametrize("place", NAMES)
@every(FAMILIES)
def test_each_name_is_refused(text: str, place: str) -> None:
    written(with_name(place, text))
    code, _, err = said("build", SPEC)
    assert code == 2
    assert err.startswith("error[")
    assert not Path("build").exists()


PLAIN_TEXTS = tuple(text for text in CORPUS if "$(" not in text and not text.startswith("="))
"""The texts that are no expressions."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("start", range(0, len(PLAIN_TEXTS), len(TEXTS)))
def test_any_text_is_only_kept_in_source(start: int, language: Language) -> None:
    """Each spec has the next texts of the corpus, one in each place."""
    texts = dict(zip(TEXTS, PLAIN_TEXTS[start:], strict=False))
    path = written(rendered(Hostile({**HARMLESS, **texts}).data))
    check_emission(emit(archc.load(str(path)), language).text, language)


FILES = tuple(
    text
    for text in (*LINES, *ODD, *ANNOTATIONS, *TERMINAL, *FORMULAS, *MARKUP, *PATHS)
    if text.strip(".") and not {"/", "\0"} & set(text) and len(text.encode()) < 150
)
"""What may be the name of a file."""


UNNAMED = with_name("name", "")
"""A network that has its name from its file."""


@every(FILES)
def test_the_name_of_a_file_is_only_shown(text: str, folder: Path) -> None:
    own = os.fspath(folder / f"{text}.yaml")
    spec = own if "@" in text else f"./{text}.yaml"
    written(UNNAMED, own)
    assert said("check", spec)[0] == 0
    assert said("check", f"{text}.yaml")[0] == (2 if text.startswith("-") else 0)
    assert said("summary", spec)[0] == 0
    assert said("emit", spec, "-o", "out.py")[0] == 0
    assert said("check-emitted", "out.py")[0] == 0
    ast.parse(Path("out.py").read_bytes())
    assert said("sweep", spec, "--vary", "width=4", "--emit-specs", "specs")[0] == 0
    solve = ("solve", spec, "--vary", "width=4..6", "--target", "macs=45000")
    assert said(*solve, "-o", "a.yaml")[0] == 0
    written(with_name("id", "="), own)
    assert said("check", spec)[0] == 2
    assert said("check", spec, "--format", "github")[0] == 2
    names = {os.fspath(path.relative_to(folder)) for path in folder.rglob("*")}
    made = f"specs/{text}_first_width-4.yaml"
    assert names == {f"{text}.yaml", "out.py", "a.yaml", "specs", made}


@every(("$\\frac{$", "$x$", "\x1b[31m", "a<b>&--c", "--> ]]>", "[x]"))
def test_the_name_of_a_file_is_only_drawn(text: str) -> None:
    pytest.importorskip("matplotlib")
    written(UNNAMED, f"./{text}.yaml")
    assert said("sweep", f"./{text}.yaml", "--vary", "width=4,6", "--plot", "plot.svg")[0] == 0
    drawn = {element.tag.rpartition("}")[2] for element in ElementTree.parse("plot.svg").iter()}
    assert {"svg", "path"} <= drawn
    assert not drawn & {"script", "foreignObject", "image", "a"}


@every(CORPUS)
def test_the_words_of_a_command_line_are_only_shown(text: str, folder: Path) -> None:
    text = text.replace("\0", "0")
    written(with_texts("x"))
    before = tree(folder)
    for command in (
        ["explain", f"x{text}"],
        ["check", f"nothing{text}"],
        ["check", SPEC, "--set", f"mood={text}"],
        ["check", SPEC, "--set", f"{text}=1"],
        ["summary", SPEC, "--format", f"x{text}"],
        ["sweep", SPEC, "--vary", f"{text}=1,2"],
        ["sweep", SPEC, "--vary", "width=4", "--sort", text],
        ["solve", SPEC, "--vary", f"x{text}", "--target", "macs=1"],
        ["diff", SPEC, "--to-set", f"mood={json.dumps(text)}"],
        ["weights", "convert", SPEC, f"nothing{text}", "-o", "x.safetensors"],
        ["build", SPEC, "--weights", f"nothing{text}"],
        ["emit", SPEC, "--templates", f"nothing{text}"],
    ):
        said(*command)
    assert tree(folder) == before


@every(tuple(text for text in FILES if not text.startswith("-")))
def test_the_name_of_a_weight_file_is_only_shown(text: str, folder: Path) -> None:
    """Neither that of the file, nor those of the arrays in it."""
    written(with_texts("x"))
    save_file({text: np.zeros(3, np.float32)}, folder / text)
    code, out, err = said("build", SPEC, "--weights", text, "--weights-from", "archc")
    assert code == 2
    assert "unexpected  1" in out
    assert err.startswith("error[weights-mismatch]")
    assert {path.name for path in folder.iterdir()} == {SPEC, text}


def test_what_takes_a_while_is_told_without_markup() -> None:
    err = Terminal()
    with redirect_stderr(err), stage("[/x] [red]\x1b]0;title\x07"):
        pass
    assert "[/x] [red]\\x1b]0;title\\x07" in err.getvalue()


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close_all()


def test_what_an_editor_is_told_draws_nothing(folder: Path, session: Session) -> None:
    path = folder / SPEC
    for text in CORPUS:
        session.put(path, rendered(Hostile({**HARMLESS, **dict.fromkeys(NAMES, text)}).data))
        document = session.document(path)
        messages = Messages(document, "utf-8")
        told = [messages.diagnostic(each) for each in document.problems()]
        assert told
        assert not [w for each in told for w in wrong_in_print(each.message.replace("::", ""))]


@every(CORPUS)
def test_what_an_editor_shows_is_no_markup(text: str, folder: Path, session: Session) -> None:
    path = folder / SPEC
    spec = with_texts(text)
    session.put(path, spec)
    shown = set()
    for word in re.finditer(r"\w+", spec):
        found = hover(session, path, word.start())
        if found is not None:
            tags, words = page(found.text)
            assert tags <= {"p", "strong", "code", "br"}
            shown.add(_bare(words))
    completed = complete(session, path, spec.index("unit: {deep") + 1)
    (about,) = [item.text for item in completed.items if item.word == "unit"]
    tags, words = page(about)
    assert tags <= {"p", "code"}
    if text.isprintable() and not text.startswith(("=", "$(")):
        assert _bare(words).startswith(_bare(text))
        assert any(words.startswith(_bare(text)) for words in shown)


def _bare(text: str) -> str:
    """Without blanks, capitals, and the backticks that make code of what stands between them."""
    return "".join(text.replace("`", "").casefold().split())


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_model_is_made_of_layers_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keras = pytest.importorskip("keras")
    # A spinner does draw.
    monkeypatch.setattr(Terminal, "isatty", lambda _: False)
    texts = (*ANNOTATIONS, *TERMINAL, *MARKUP, *CODE)
    about = " ".join(text for text in texts if "$(" not in text)
    words = {**HARMLESS, "about": about, "block about": about}
    written(rendered(Hostile(words).data))
    code, _, err = said("build", SPEC)
    assert code == 0, err
    model = folder / "build" / "plain_name.keras"
    assert {path for path in folder.rglob("*") if path.is_file()} == {folder / SPEC, model}
    with zipfile.ZipFile(model) as archive:
        held = {name: archive.read(name).decode() for name in archive.namelist() if "json" in name}
    assert not [name for name, text in held.items() if "forged" in text or "script" in text]
    layers = json.loads(held["config.json"])["config"]["layers"]
    assert {layer["class_name"] for layer in layers} <= set(dir(keras.layers))
    assert "Lambda" not in {layer["class_name"] for layer in layers}
    assert keras.saving.load_model(model, safe_mode=True).name == "plain_name"
