"""`archc emit` and `archc check-emitted`: what they print, write, and refuse to write."""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import archc
from archc.cli.boundary import run
from archc.emitted import read_stamp
from archc.resources import templates_folder

NET = """\
about: A net for tests.
args: {classes: 5}
input: [12, 12, 3]
stem: [conv: {filters: 4, kernel: 3}]
task: [global_avg_pool, dense: =classes]
"""
LAYERS = "3 layers, 137 parameters"
"""3·3·3·4 + 4 for the convolution, 4·5 + 5 for the classes."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.yaml").write_text(NET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def emitted(*arguments: str) -> str:
    """The text of `net.py` after it was emitted."""
    assert run(["emit", "net.yaml", "-o", "net.py", *arguments]) == 0
    return Path("net.py").read_text("utf-8")


def edit(path: str, text: str = "# mine\n") -> bytes:
    """Adds a line to a file; its bytes then."""
    file = Path(path)
    file.write_text(file.read_text("utf-8") + text, encoding="utf-8")
    return file.read_bytes()


def test_what_is_printed_is_what_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["emit", "net.yaml"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert emitted() == printed.out
    assert capsys.readouterr().out == f"wrote net.py ({LAYERS})\n"
    assert run(["emit", "net.yaml", "--to", "keras"]) == 0
    assert capsys.readouterr().out == printed.out
    docstring = ast.get_docstring(ast.parse(printed.out), clean=False)
    assert docstring is not None
    first, blank, command, hashes = docstring.splitlines()
    assert (first, blank) == ("net: A net for tests.", "")
    assert command == f"Emitted by archc {archc.__version__}: archc emit net.yaml --to python"
    assert hashes.startswith("Spec: sha256 ")


def test_no_framework_is_loaded_and_nothing_depends_on_the_order_of_sets() -> None:
    script = (
        "import sys; from archc.cli.boundary import run; assert run(['emit', 'resnet50']) == 0\n"
        "heavy = {'keras', 'tensorflow', 'torch', 'numpy'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    path = str(Path(archc.__file__).parents[1])
    sources = set()
    for seed in "12":
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", script]
        sources.add(
            subprocess.run(command, capture_output=True, check=True, env=environment).stdout
        )
    (source,) = sources
    stamp = read_stamp(source.decode())
    assert stamp is not None
    assert stamp.intact


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_what_is_printed_is_utf_8(folder: Path, encoding: str) -> None:
    (folder / "net.yaml").write_text(NET.replace("A net", "Déjà vu ×"), encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(archc.__file__).parents[1]),
        "PYTHONIOENCODING": encoding,
    }
    command = [sys.executable, "-m", "archc", "emit", "net.yaml"]
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert done.stdout.decode("utf-8") == emitted()


def test_the_command_in_a_file_makes_the_file_again(folder: Path) -> None:
    text = emitted("--set", "classes=7", "--set", "about='it''s \"new\"'", "--set", "name=a")
    stamp = read_stamp(text)
    assert stamp is not None
    program, *arguments = shlex.split(str(stamp.command))
    assert program == "archc"
    assert run([*arguments, "-o", "again.py"]) == 0
    assert (folder / "again.py").read_text("utf-8") == text


def test_an_emitted_file_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    before = emitted()
    Path("net.yaml").write_text(NET.replace("5", "6"), encoding="utf-8")
    assert emitted() != before
    Path("net.py").write_bytes(Path("net.py").read_bytes().replace(b"\n", b"\r\n"))
    emitted()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# mine\n", "net.py was edited since archc emitted it"),
        ('"""Mine."""\n', "net.py exists, and archc did not emit it"),
    ],
)
def test_any_other_file_is_overwritten_by_force(
    text: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    right = emitted()
    if text.startswith("#"):
        edit("net.py", text)
    else:
        Path("net.py").write_text(text, encoding="utf-8")
    before = Path("net.py").read_bytes()
    capsys.readouterr()
    assert run(["emit", "net.yaml", "-o", "net.py"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"error[cannot-write]: {why}\n  = help: `--force` overwrites it\n"
    assert Path("net.py").read_bytes() == before
    assert emitted("--force") == right


def test_nothing_is_written_of_a_spec_that_is_wrong() -> None:
    text = emitted()
    Path("net.yaml").write_text("input: [8, 8, 3]\nstem: [rleu]\n", encoding="utf-8")
    assert run(["emit", "net.yaml", "-o", "net.py"]) == 2
    assert run(["emit", "net.yaml", "-o", "other.py"]) == 2
    assert Path("net.py").read_text("utf-8") == text
    assert not Path("other.py").exists()


@pytest.mark.parametrize("output", [".", "net.yaml/net.py"])
def test_where_no_file_can_be(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["emit", "net.yaml", "-o", output]) == 2
    assert capsys.readouterr().err.startswith(f"error[cannot-write]: cannot write {output}: ")


def test_templates_of_ones_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = folder / "mine"
    mine.mkdir()
    template = (templates_folder() / "keras" / "file.jinja").read_text("utf-8")
    licence = "{{ file.docstring }}\n# All rights of mine reserved.\n"
    (mine / "file.jinja").write_text(
        template.replace("{{ file.docstring }}\n", licence), encoding="utf-8"
    )
    text = emitted("--templates", "mine")
    assert "# All rights of mine reserved." in text
    assert "archc emit net.yaml --to python --templates mine\n" in text
    assert run(["check-emitted", "net.py"]) == 0
    (mine / "file.jinja").write_text("{{ file.docsting }}\n", encoding="utf-8")
    capsys.readouterr()
    assert run(["emit", "net.yaml", "--templates", "mine"]) == 2
    assert capsys.readouterr().err.startswith("error[template-error]: ")


def test_templates_that_leave_the_docstring_out_make_a_file_of_ones_own(folder: Path) -> None:
    (folder / "mine").mkdir()
    template = (templates_folder() / "keras" / "file.jinja").read_text("utf-8")
    bare = template.replace("{{ file.docstring }}\n", "")
    (folder / "mine" / "file.jinja").write_text(bare, encoding="utf-8")
    assert read_stamp(emitted("--templates", "mine")) is None
    assert run(["check-emitted", "net.py"]) == 2
    assert run(["emit", "net.yaml", "-o", "net.py"]) == 2


def test_a_file_as_it_was_emitted(capsys: pytest.CaptureFixture[str]) -> None:
    emitted()
    capsys.readouterr()
    assert run(["check-emitted", "net.py"]) == 0
    assert capsys.readouterr() == ("net.py: as emitted\n", "")


def test_a_file_that_was_edited_and_is_stale(capsys: pytest.CaptureFixture[str]) -> None:
    emitted("--set", "classes=7")
    Path("net.yaml").write_text(NET + "# more\n", encoding="utf-8")
    again = "emit it again: archc emit net.yaml --to python --set classes=7 -o net.py\n"
    capsys.readouterr()
    assert run(["check-emitted", "net.py"]) == 1
    stale = "net.py: stale: the spec has changed since\n"
    assert capsys.readouterr().out == stale + again
    edit("net.py")
    assert run(["check-emitted", "net.py"]) == 1
    forced = again.replace("net.py\n", "net.py --force\n")
    assert capsys.readouterr().out == f"{stale}net.py: edited by hand\n{forced}"
    Path("net.yaml").write_text(NET, encoding="utf-8")
    assert run(["check-emitted", "net.py"]) == 1
    assert capsys.readouterr().out == f"net.py: edited by hand\n{forced}"


@pytest.mark.parametrize("edited", [False, True])
def test_the_command_that_is_told_mends_it(
    edited: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the folder above, too, where the spec is found beside the file."""
    mine = folder / "my templates"
    mine.mkdir()
    template = (templates_folder() / "keras" / "file.jinja").read_text("utf-8")
    (mine / "file.jinja").write_text(f"{template}\n# Mine.\n", encoding="utf-8")
    assert emitted("--templates", "my templates").endswith("# Mine.\n")
    Path("net.yaml").write_text(NET + "# more\n", encoding="utf-8")
    if edited:
        edit("net.py")
    os.chdir(folder.parent)
    capsys.readouterr()
    file = f"{folder.name}/net.py"
    assert run(["check-emitted", file]) == 1
    told = capsys.readouterr().out.splitlines()[-1]
    program, *arguments = shlex.split(told.removeprefix("emit it again: "))
    assert program == "archc"
    assert run(arguments) == 0
    assert run(["check-emitted", file]) == 0
    assert Path(file).read_text("utf-8").endswith("# Mine.\n")


def test_a_file_of_another_variant(capsys: pytest.CaptureFixture[str]) -> None:
    variants = "args: {filters: 4}\nvariants: {one: {}, two: {filters: 8}}\n"
    text = variants + "input: [8, 8, 3]\nstem: [conv: {filters: =, kernel: 3}]\n"
    Path("family.yaml").write_text(text, encoding="utf-8")
    assert run(["emit", "family.yaml@two", "-o", "net.py"]) == 0
    capsys.readouterr()
    assert run(["check-emitted", "net.py", "family.yaml@one"]) == 1
    other = "net.py: of another variant: emitted from `family.yaml@two`, not `one`\n"
    again = "emit it again: archc emit family.yaml@one --to python -o net.py\n"
    assert capsys.readouterr().out == other + again
    Path("family.yaml").write_text(text + "# more\n", encoding="utf-8")
    assert run(["check-emitted", "net.py", "family.yaml@one"]) == 1
    stale = "net.py: stale: the spec has changed since\n"
    assert capsys.readouterr().out == other + stale + again


def test_a_spec_that_is_gone_or_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    emitted()
    Path("net.yaml").rename("moved.yaml")
    capsys.readouterr()
    missing = "no spec `net.yaml` here or beside the file, so only the file itself was checked"
    assert run(["check-emitted", "net.py"]) == 0
    assert capsys.readouterr().out == f"net.py: as emitted; {missing}\n"
    assert run(["check-emitted", "net.py", "moved.yaml"]) == 0
    assert capsys.readouterr().out == "net.py: as emitted\n"
    edit("net.py")
    assert run(["check-emitted", "net.py"]) == 1
    assert f"net.py: {missing}\n" in capsys.readouterr().out
    Path("net.yaml").write_text("secret: [\n", encoding="utf-8")
    assert run(["check-emitted", "net.py"]) == 1
    told = capsys.readouterr()
    assert "stale: the spec has changed since, and `net.yaml` is wrong now\n" in told.out
    assert "secret" not in told.out + told.err


def test_a_stamp_can_not_draw_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    stamp = "Emitted by archc 1: archc emit $'\\\\x1b[2J' --to python"
    hashes = "Spec: sha256 0000000000000000. This file: sha256 0000000000000000."
    Path("net.py").write_text(f'"""net.\n\n{stamp}\n{hashes}"""\n', encoding="utf-8")
    assert run(["check-emitted", "net.py"]) == 1
    told = capsys.readouterr().out
    assert "\\x1b[2J" in told
    assert "\x1b" not in told
