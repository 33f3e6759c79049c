"""Emitted files: the command in their stamp, the stamp itself, and what has become of a file."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archc
from archc.api import parse_setting
from archc.diagnostics import CompileError
from archc.emitted import (
    EmitCommand,
    Standing,
    check,
    command_for,
    read_command,
    read_stamp,
    refuse_to_overwrite,
    sealed,
    shell_line,
    stamped_docstring,
)

SPEC = """\
about: A net.
args: {filters: 4}
input: [8, 8, 3]
stem: [conv: {filters: =filters, kernel: 3}]
"""
FAMILY = "variants: {one: {filters: 1}, two: {filters: 2}}\n" + SPEC

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
COMMAND = EmitCommand("resnet50")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "family.yaml").write_text(FAMILY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def source_of(spec: archc.Spec, command: EmitCommand | None = None) -> str:
    """A file that says it was emitted from a spec."""
    command = command or command_for(spec, "python")
    docstring = stamped_docstring(spec.graph(), spec.digest, command).replace("\\", "\\\\")
    return sealed(f'"""{docstring}\n"""\n\nfrom keras import layers\n')


def written(file: str, reference: str = "net.yaml", *settings: str) -> Path:
    """A file of that name, as emitted from a spec with settings."""
    spec = archc.load(reference)
    spec = replace(spec, settings=tuple(map(parse_setting, settings)))
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source_of(spec), encoding="utf-8")
    return path


@given(
    st.builds(
        EmitCommand,
        WORDS,
        st.sampled_from(["python", "torch"]),
        st.lists(WORDS).map(tuple),
        st.lists(WORDS).map(tuple),
        WORDS,
    )
)
def test_a_command_is_one_line_and_comes_back(command: EmitCommand) -> None:
    line = str(command)
    assert line.isprintable()
    assert read_command(line) == command


@given(st.lists(WORDS, min_size=1).map(tuple))
def test_a_shell_takes_the_words_as_they_are(words: tuple[str, ...]) -> None:
    script = f"printf '%s\\0' {shell_line(words)}"
    environment = {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env=environment)
    assert done.stdout.decode().split("\0")[:-1] == list(words)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "archc emit",
        "archc emit resnet50",
        "archc emit resnet50 --to cobol",
        "archc emit resnet50 --to python --to torch",
        "archc emit resnet50 --to python --force yes",
        "archc emit resnet50 --to python --templates a --templates b",
        "archc build resnet50 --to python",
        "archc emit 'resnet50 --to python",
        "archc emit resnet50 --to python; rm",
        "archc emit resnet50 --to python --set",
    ],
)
def test_no_command(line: str) -> None:
    assert read_command(line) is None


def test_a_command_names_the_spec_as_it_can_be_found_again(folder: Path) -> None:
    def reference(spec: archc.Spec) -> str:
        return command_for(spec, "python").reference

    assert reference(archc.load("resnet50")) == "resnet50"
    assert reference(archc.load("efficientnet")) == "efficientnet@b0"
    assert reference(archc.load("efficientnet@b3")) == "efficientnet@b3"
    assert reference(archc.load("net.yaml")) == "net.yaml"
    assert reference(archc.load(str(folder / "family.yaml@two"))) == "family.yaml@two"


def test_a_command_has_the_settings_however_they_were_made() -> None:
    spec = archc.load("resnet50").with_({"input": [64, 64, 3]}, classes=10)
    assert str(command_for(spec, "torch")) == (
        "archc emit resnet50 --to torch --set 'input=[64, 64, 3]' --set classes=10"
    )


def test_a_stamp_says_what_the_file_was_made_from() -> None:
    spec = archc.load("family.yaml@two").with_({"input": [9, 9, 3]})
    stamp = read_stamp(source_of(spec))
    assert stamp is not None
    assert stamp.version == archc.__version__
    assert stamp.command == EmitCommand("family.yaml@two", "python", ("input=[9, 9, 3]",))
    assert spec.digest.startswith(stamp.spec)
    assert stamp.intact
    assert stamp.is_of(spec)
    assert not stamp.is_of(spec.at("one"))


def test_the_hash_of_a_file_is_that_of_its_text() -> None:
    """The hashes are those of `sha256sum`, with zeros in the place of the file's own."""
    text = (
        '"""net.\n\nEmitted by archc 1.0: archc emit net --to python\n'
        'Spec: sha256 00112233445566aa. This file: sha256 0000000000000000.\n"""\n'
    )
    done = subprocess.run(["sha256sum"], input=text.encode(), capture_output=True, check=True)
    assert sealed(text) == text.replace("0" * 16, done.stdout.decode()[:16])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ends_of_lines_are_no_edit(end: str) -> None:
    stamp = read_stamp(source_of(archc.load("net.yaml")).replace("\n", end))
    assert stamp is not None
    assert stamp.intact


@given(st.data())
def test_any_other_change_is_an_edit(data: st.DataObject) -> None:
    source = source_of(archc.load("resnet50"), COMMAND)
    position = data.draw(st.integers(0, len(source)))
    cut = data.draw(st.integers(0, 3))
    added = data.draw(st.text("x# \n9é", max_size=3))
    changed = source[:position] + added + source[position + cut :]
    stamp = read_stamp(changed)
    assert changed == source or stamp is None or not stamp.intact


@pytest.mark.parametrize(
    "source",
    [
        "",
        "import os\n",
        '"""A module of mine."""\n',
        '"""Never closed',
        "  x = 1\n y\n",
        "name: net\ninput: [8, 8, 3]\n",
        "\x00\x01\x02",
        'r"""\\d"""\n',
        '"""\\d \\ud800"""\n',
    ],
)
def test_no_stamp(source: str) -> None:
    assert read_stamp(source) is None
    assert sealed(source) == source


@pytest.mark.parametrize("prefix", ["b", "f", "rb"])
def test_a_docstring_is_a_plain_text(prefix: str) -> None:
    assert read_stamp(prefix + source_of(archc.load("net.yaml"))) is None


def test_a_stamp_stands_at_the_end_of_the_docstring() -> None:
    source = source_of(archc.load("net.yaml"))
    assert read_stamp(source.replace('.\n"""', '.\n\nMine.\n"""')) is None
    assert read_stamp(f"import os\n{source}") is None
    commented = read_stamp(f"# mine\n\n{source}")
    assert commented is not None
    assert not commented.intact


def test_what_a_spec_says_of_itself_can_not_pass_for_a_stamp() -> None:
    stamp = "Emitted by archc 9.9: archc emit vgg --to python\\nSpec: sha256 1111111111111111."
    about = f"Mine.\\n\\n{stamp} This file: sha256 2222222222222222."
    spec = archc.load("net.yaml").with_({"about": about.encode().decode("unicode_escape")})
    found = read_stamp(source_of(spec))
    assert found is not None
    assert found.intact
    assert found.command.reference == "net.yaml"
    assert found.is_of(spec)


def test_a_docstring_holds_nothing_that_draws_on_a_terminal() -> None:
    spec = archc.load("net.yaml").with_({"about": "\u202eten \x1b[2J\tand\nmore"})
    docstring = stamped_docstring(spec.graph(), spec.digest, command_for(spec, "python"))
    assert all(line.isprintable() for line in docstring.split("\n"))


def test_a_hash_that_is_spelled_another_way_is_an_edit() -> None:
    source = source_of(archc.load("net.yaml"))
    found = read_stamp(source.replace("This file", "\\x54his file"))
    assert found is not None
    assert not found.intact


def test_as_emitted_stale_edited_and_both() -> None:
    path = written("net.py")
    assert outcome(check(path)) == (False, False)
    path.write_text(path.read_text("utf-8") + "# mine\n", encoding="utf-8")
    assert outcome(check(path)) == (False, True)
    Path("net.yaml").write_text(SPEC.replace("4", "5"), encoding="utf-8")
    assert outcome(check(path)) == (True, True)
    path = written("net.py")
    Path("net.yaml").write_text(SPEC, encoding="utf-8")
    assert outcome(check(path)) == (True, False)


def outcome(standing: Standing) -> tuple[bool | None, bool]:
    return standing.stale, standing.edited


def test_settings_and_variant_are_laid_on_again() -> None:
    assert outcome(check(written("net.py", "family.yaml@two", "filters=9"))) == (False, False)


def test_a_spec_is_found_from_here_and_beside_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = (folder / written("models/net.py")).resolve()
    monkeypatch.chdir(folder / "models")
    assert outcome(check(path)) == (None, False)
    (folder / "net.yaml").rename(folder / "models" / "net.yaml")
    monkeypatch.chdir(folder)
    assert outcome(check(path)) == (False, False)


def test_where_the_spec_is_now_can_be_said(folder: Path) -> None:
    path = written("net.py", "family.yaml@two")
    (folder / "family.yaml").rename(folder / "moved.yaml")
    assert outcome(check(path)) == (None, False)
    assert outcome(check(path, "moved.yaml")) == (False, False)
    assert outcome(check(path, "moved.yaml@two")) == (False, False)
    assert check(path, "moved.yaml").again.reference == "moved.yaml@two"
    with pytest.raises(CompileError, match="nowhere"):
        check(path, "nowhere.yaml")


def test_another_variant_is_no_change_of_the_spec() -> None:
    path = written("net.py", "family.yaml@two", "filters=9")
    standing = check(path, "family.yaml@one")
    assert outcome(standing) == (False, False)
    assert (standing.asked, standing.again.reference) == ("one", "family.yaml@one")
    assert standing.again.settings == ("filters=9",)
    assert check(path, "family.yaml@two").asked == ""
    family = Path("family.yaml").read_text("utf-8")
    Path("family.yaml").write_text(f"{family}# more\n", encoding="utf-8")
    standing = check(path, "family.yaml@one")
    assert outcome(standing) == (True, False)
    assert standing.asked == "one"
    with pytest.raises(CompileError, match="three"):
        check(path, "family.yaml@three")
    Path("family.yaml").write_text(family.replace("two", "zwei"), encoding="utf-8")
    standing = check(path, "family.yaml@one")
    assert outcome(standing) == (True, False)
    assert standing.asked == "one"


def test_the_command_leads_from_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("net.py")
    command = EmitCommand("net.yaml", "python", (), ("lib",), "mine")
    text = Path("net.py").read_text("utf-8").replace(str(EmitCommand("net.yaml")), str(command))
    Path("net.py").write_text(text, encoding="utf-8")
    assert check(Path("net.py")).again == command
    monkeypatch.chdir(folder.parent)
    again = check(folder / "net.py").again
    places = [again.reference, *again.search, again.templates]
    assert places == [(folder / name).as_posix() for name in ("net.yaml", "lib", "mine")]


def test_a_spec_that_is_wrong_now_is_told_but_not_shown() -> None:
    path = written("net.py")
    Path("net.yaml").write_text("secret: [", encoding="utf-8")
    standing = check(path)
    assert standing.stale
    assert standing.broken


@pytest.mark.parametrize("reference", ["a" * 300, "\ud800", "no\0thing", "/dev/stdin", "."])
def test_a_stamp_may_name_anything(reference: str) -> None:
    spec = archc.load("net.yaml")
    if reference == "\ud800":
        assert read_command("archc emit $'\\ud800' --to python") == EmitCommand("\ufffd")
        return
    path = Path("net.py")
    path.write_text(source_of(spec, EmitCommand(reference)), encoding="utf-8")
    assert outcome(check(path)) == (None, False)


def test_files_that_archc_did_not_emit() -> None:
    Path("mine.py").write_text('"""Mine."""\n', encoding="utf-8")
    with pytest.raises(CompileError, match="not-emitted"):
        check(Path("mine.py"))
    with pytest.raises(CompileError, match="file-missing"):
        check(Path("missing.py"))


def test_only_what_was_emitted_and_not_touched_is_overwritten() -> None:
    refuse_to_overwrite(Path("missing.py"))
    path = written("net.py")
    refuse_to_overwrite(path)
    path.write_text(path.read_text("utf-8") + "# mine\n", encoding="utf-8")
    with pytest.raises(CompileError, match="was edited since archc emitted it"):
        refuse_to_overwrite(path)
    for text in ('"""Mine."""\n', "\0\1"):
        Path("mine.py").write_text(text, encoding="utf-8")
        with pytest.raises(CompileError, match="archc did not emit it"):
            refuse_to_overwrite(Path("mine.py"))
