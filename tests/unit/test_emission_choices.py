"""What an emission comes to: with its structure or flat, by archc's templates or a user's."""

from __future__ import annotations

from pathlib import Path

import pytest

import archc
from archc.cli.boundary import run
from archc.diagnostics import CompileError, Diagnostic
from archc.emitted import Language, emit
from archc.resources import templates_folder

NET = """\
args: {classes: 5}
input: [12, 12, 3]
stem: [conv: {filters: 4, kernel: 3}]
task: [global_avg_pool, dense: =classes]
"""
NOTE = "note: the structure of the spec could not be kept; layers stand in a row\n"
TARGETS: tuple[tuple[Language, str], ...] = (("python", "keras"), ("torch", "torch"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.yaml").write_text(NET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def template(folder: str, target: str, old: str, new: str, name: str = "file.jinja") -> None:
    """Writes a template of archc's, changed, into a folder of the user's."""
    text = (templates_folder() / target / name).read_text("utf-8")
    assert old in text
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / name).write_text(text.replace(old, new), encoding="utf-8")


def failure(language: Language) -> Diagnostic:
    """The one diagnostic of the templates in `mine`; the command tells it and writes nothing."""
    with pytest.raises(CompileError) as raised:
        emit(archc.load("net.yaml"), language, templates=Path.cwd() / "mine")
    (diagnostic,) = raised.value.diagnostics
    mine = str(Path.cwd() / "mine")
    assert run(["emit", "net.yaml", "--to", language, "--templates", mine, "-o", "net.py"]) == 2
    assert not Path("net.py").exists()
    return diagnostic


@pytest.mark.parametrize(("language", "target"), TARGETS)
def test_a_folder_serves_both_targets(language: Language, target: str) -> None:
    for each in ("keras", "torch"):
        marked = f"{{{{ file.docstring }}}}\n# By the template of {each}."
        template(f"mine/{each}", each, "{{ file.docstring }}", marked)
    text = emit(archc.load("net.yaml"), language, templates=Path.cwd() / "mine").text
    assert f"# By the template of {target}.\n" in text


@pytest.mark.parametrize(("language", "target"), TARGETS)
def test_a_folder_without_one_for_the_target_counts_itself(language: Language, target: str) -> None:
    other = {"keras": "torch", "torch": "keras"}[target]
    template(f"mine/{other}", other, "{{ file.docstring }}", "# By the other template.")
    template("mine", target, "{{ file.docstring }}", "{{ file.docstring }}\n# By the template.")
    text = emit(archc.load("net.yaml"), language, templates=Path.cwd() / "mine").text
    assert "# By the template.\n" in text


@pytest.mark.parametrize(
    ("language", "target", "name", "old", "new", "told"),
    [
        ("python", "keras", "statements.jinja", "={{ it.name }}", "='a'", "a: 3 layers"),
        ("python", "keras", "statements.jinja", "={{ it.name }}", "='a'", "conv: missing"),
        (
            "python",
            "keras",
            "function.jinja",
            "{{ body(made.paths) | trim | indent }}",
            "x = 3",
            "",
        ),
        ("python", "keras", "file.jinja", "{{ source }}", "", "`net()` makes no model"),
        ("python", "keras", "file.jinja", "{{ source }}", "net = 1 / 0", "ZeroDivisionError"),
        ("python", "keras", "file.jinja", "{{ source }}", "import os", "imports `os`"),
        ("python", "keras", "file.jinja", "{{ source }}", "return 1", "SyntaxError"),
        (
            "torch",
            "torch",
            "lines.jinja",
            "return {{ it.value }}",
            "return 3",
            "expected 1 outputs",
        ),
        ("torch", "torch", "class.jinja", "nn.{{ it.base }}", "nn.Flatten", ""),
        ("torch", "torch", "class.jinja", "class {{ it.name }}", "class A", "makes no module"),
    ],
)
def test_templates_that_make_another_network(
    language: Language, target: str, name: str, old: str, new: str, told: str
) -> None:
    template("mine", target, old, new, name)
    found = failure(language)
    assert found.code == "template-error"
    assert found.message.startswith("expected the network of the spec from the templates in ")
    assert any(told in note for note in found.notes)


@pytest.mark.parametrize(("language", "target"), TARGETS)
@pytest.mark.parametrize("wrong", ["{{ missing }}", "{% if %}", "x = = 1", "{{ 1 / 0 }}"])
def test_templates_that_fail(language: Language, target: str, wrong: str) -> None:
    template(f"mine/{target}", target, "{{ file.docstring }}", wrong)
    assert failure(language).code == "template-error"


def test_many_differences_are_counted(folder: Path) -> None:
    steps = ", ".join(["conv: {filters: 4, kernel: 3}"] * 9)
    (folder / "net.yaml").write_text(f"input: [12, 12, 3]\nstem: [{steps}]\n", encoding="utf-8")
    template("mine", "keras", "={{ it.name }}", "={{ it.name }} + 'x'", "statements.jinja")
    notes = failure("python").notes
    assert len(notes) == 6
    assert notes[0].startswith("conv: missing")
    # Nine are missing, nine are there instead, and another one gives the output.
    assert notes[-1] == "and 14 more"


def test_a_note_tells_that_the_structure_is_lost(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # PyTorch would take a name with two underscores in front for another one inside of a class.
    (folder / "odd.yaml").write_text(NET.replace("classes", "__classes"), encoding="utf-8")
    assert emit(archc.load("odd.yaml"), "torch").flat
    assert not emit(archc.load("odd.yaml"), "python").flat
    for arguments, note in (
        (["odd.yaml", "--to", "torch", "-o", "odd.py"], NOTE),
        (["odd.yaml", "--to", "torch"], NOTE),
        (["odd.yaml"], ""),
        (["net.yaml", "--to", "torch"], ""),
    ):
        assert run(["emit", *arguments]) == 0
        assert capsys.readouterr().err == note


def test_weights_that_do_not_fit_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.yaml").write_text("input: [1000000]\nstem: [dense: 100000000000]\n")
    assert run(["build", "net.yaml", "-o", "net.keras"]) == 2
    assert capsys.readouterr().err.startswith("error[too-large]: the weights need 400,000,")
    assert not Path("net.keras").exists()


@pytest.mark.parametrize(("shape", "told"), [("[8, 8, 3]", True), ("[8, 3]", True), ("[8]", False)])
def test_a_model_of_keras_says_where_its_channels_are(shape: str, told: bool) -> None:
    Path("net.yaml").write_text(f"input: {shape}\nstem: [dense: 4]\n", encoding="utf-8")
    text = emit(archc.load("net.yaml")).text
    line = '"""Channels are last, which is Keras\'s default `image_data_format`."""'
    assert (line in text) == told
