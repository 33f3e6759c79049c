"""`archc check --fix`: sure slips are mended by splicing the files, and nothing else changes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import archc
from archc.atomic import CannotWrite
from archc.cli.boundary import run
from archc.cli.fixes import make_fixes
from archc.diagnostics import (
    CompileError,
    Diagnostic,
    SourceText,
    Span,
    one_slip_from,
    renaming,
    replacing,
)
from tests.golden import Case, cases

FIXED = re.compile(r"^fixed (?P<file>.+):(?P<line>\d+):(?P<column>\d+): `(?P<old>.*)` → `(.*)`$")
USED = re.compile(r"^fixed (?P<file>.+):(?P<line>\d+):\d+: `use: \[(?P<library>\S+)\]`$")
ADDED = re.compile(rb"(use: \[blocks/[\w./, ]+\]|- +blocks/\w+\.yaml)")
"""What a line holds that a fix adds: libraries alone."""

CHECKED = [
    case
    for case in cases("errors.txt")
    if case.arguments[0] == "check" and case.folder.parent.name != "limits"
]


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("rleu", ["relu", "relu6", "prelu"], "relu"),
        ("filter", ["filters", "kernel"], "filters"),
        ("strides", ["stride", "filters"], "stride"),
        ("kernal", ["kernel"], "kernel"),
        ("Max-Pool", ["max_pool", "avg_pool"], "max_pool"),
        ("cov", ["conv", "add"], "conv"),
        # Two slips, or none but the beginning of a name.
        ("convolution", ["conv"], None),
        ("krenal", ["kernel"], None),
        # Two that are as near.
        ("tags", ["tag", "tabs"], None),
        # Told apart on purpose.
        ("conv1", ["conv2"], None),
        ("conv1", ["conv"], None),
        ("resnet5", ["resnet50"], None),
        ("width_a", ["width_b"], None),
        ("ad", ["add"], None),
        ("", ["add"], None),
        ("a" * 61, ["a" * 60], None),
    ],
)
def test_one_slip(name: str, known: list[str], meant: str | None) -> None:
    assert one_slip_from(name, known) == meant


@pytest.mark.parametrize(
    ("text", "name", "taken", "replaced"),
    [
        ("rleu", "rleu", [], "relu"),
        ('"rleu"', "rleu", [], '"relu"'),
        ("'rleu'", "rleu", [], "'relu'"),
        # What is there already was not meant.
        ("rleu", "rleu", ["relu"], None),
        # An escape: the text is not the name.
        ('"rl\\u0065u"', "rleu", [], None),
    ],
)
def test_a_name_is_replaced_where_it_is_written(
    text: str, name: str, taken: list[str], replaced: str | None
) -> None:
    source = SourceText("spec.yaml", text)
    fix = renaming(Span(source, 0, len(text)), name, ["relu", "tanh"], taken)
    if replaced is None:
        assert fix is None
        return
    assert fix is not None
    (edit,) = fix.edits
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == replaced


def test_a_name_that_yaml_would_read_as_something_else_is_put_nowhere() -> None:
    span = Span(SourceText("spec.yaml", "use: [a.yml]"), 6, 11)
    assert renaming(span, "a.yml", ["a.yaml"]) is not None
    assert renaming(span, "a.yml", ["a:.yml"]) is None


@pytest.mark.parametrize("topic", sorted({case.folder.parent.name for case in CHECKED}))
def test_fixes_change_what_they_say_and_are_made_once(
    topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for case in CHECKED:
        if case.folder.parent.name != topic:
            continue
        folder = tmp_path / case.folder.name
        shutil.copytree(case.folder, folder)
        monkeypatch.chdir(folder)
        code = run([*case.arguments, "--fix"])
        lines = capsys.readouterr().err.splitlines()
        changed, used = changed_lines(case, folder), told_lines(lines, USED)
        assert told_lines(lines, FIXED) <= changed <= told_lines(lines, FIXED) | used, case.name
        assert all(
            match["library"] in (folder / match["file"]).read_text()
            for match in map(USED.match, lines)
            if match
        )
        assert run([*case.arguments, "--fix"]) == code
        assert "fixed " not in capsys.readouterr().err


def changed_lines(case: Case, folder: Path) -> set[tuple[str, int]]:
    """The lines of the case's files that differ; no line may come or go but for libraries."""
    changed = set()
    for path in case.folder.rglob("*"):
        if path.is_file():
            before, after = path.read_bytes(), (folder / path.relative_to(case.folder)).read_bytes()
            old, new = before.split(b"\n"), after.split(b"\n")
            kept = [line for line in new if line in old or not ADDED.fullmatch(line)]
            pairs = zip(old, kept if len(new) > len(old) else new, strict=True)
            name = str(path.relative_to(case.folder))
            changed |= {(name, n) for n, (old, new) in enumerate(pairs, 1) if old != new}
    return changed


def told_lines(lines: list[str], form: re.Pattern[str]) -> set[tuple[str, int]]:
    matches = [match for match in map(form.match, lines) if match]
    return {(match["file"], int(match["line"])) for match in matches}


def test_comments_and_layout_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "\ufeff# What it is.\r\n"
        "args:   {width: 8}   # narrow\r\n"
        "input: [32,32,  3]\r\n"
        "\r\n"
        "stem:\r\n"
        "-   conv: {filters: =max(width, 16),  kernal: 3}  # rleu\r\n"
        "-   'rleu'\r\n"
        "# the end"
    )
    spec = Path("spec.yaml")
    spec.write_bytes(text.encode())
    spec.chmod(0o640)
    assert run(["check", "spec.yaml", "--fix"]) == 0
    wanted = text.replace("=max(width, 16)", '"=max(width, 16)"').replace("kernal", "kernel")
    assert spec.read_bytes().decode() == wanted.replace("'rleu'", "'relu'")
    assert spec.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["spec.yaml"]


def test_a_mistake_that_another_hides_is_mended_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text("imput: [8, 8, 3]\nstem: [cnv: {filters: 8, kernal: 3}]\n")
    assert run(["check", "spec.yaml", "--fix"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "fixed spec.yaml:1:1: `imput` → `input`",
        "fixed spec.yaml:2:8: `cnv` → `conv`",
        "fixed spec.yaml:2:27: `kernal` → `kernel`",
    ]
    assert archc.load("spec.yaml").graph()


SLIP = "define: {unit: {steps: [rleu]}}\n"
USES = "input: [8, 8, 3]\nuse: [library.yaml]\nstem: [unit]\n"


def test_libraries_below_the_spec_are_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("nets").mkdir()
    Path("nets/spec.yaml").write_text(USES)
    Path("nets/library.yaml").write_text(SLIP)
    assert run(["check", "nets/spec.yaml", "--fix"]) == 0
    assert Path("nets/library.yaml").read_text() == SLIP.replace("rleu", "relu")


def test_libraries_elsewhere_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("nets", "shared"):
        Path(folder).mkdir()
    Path("nets/spec.yaml").write_text(USES)
    Path("shared/library.yaml").write_text(SLIP)
    assert run(["check", "nets/spec.yaml", "--search-path", "shared", "--fix"]) == 2
    assert Path("shared/library.yaml").read_text() == SLIP
    assert "fixed" not in capsys.readouterr().err


@pytest.mark.parametrize("reference", ["spec.yaml", "mine/own.yaml", "own"])
def test_what_ships_is_left_alone(
    reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even below the spec's own folder, as in a checkout."""
    monkeypatch.chdir(tmp_path)
    shipped = tmp_path / "mine"
    shipped.mkdir()
    for module in ("archc.cli.fixes", "archc.source.locate"):
        monkeypatch.setattr(f"{module}.specs_folder", lambda: shipped)
    for path in (tmp_path / "spec.yaml", shipped / "own.yaml"):
        path.write_text(USES)
    (shipped / "library.yaml").write_text(SLIP)
    given_as_a_file = reference == "mine/own.yaml"
    assert run(["check", reference, "--fix"]) == (0 if given_as_a_file else 2)
    assert ("relu" in (shipped / "library.yaml").read_text()) == given_as_a_file


def test_settings_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "input: [8, 8, 3]\nstem: [tanh]\n"
    Path("spec.yaml").write_text(text)
    # A file with the name that the setting is shown under, and with its text.
    Path("--set stem[0]").write_text("rleu")
    assert run(["check", "spec.yaml", "--set", "stem[0]=rleu", "--fix"]) == 2
    assert Path("spec.yaml").read_text() == text


def test_a_forgotten_library_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each once, however often its blocks are, in the file that needs it."""
    monkeypatch.chdir(tmp_path)
    spec = (
        "# What it is.\nuse: [own.yaml]  # ours\ninput: [32, 32, 3]\n"
        "stem:\n- conv_bn: {filters: 8, kernel: 3}\n- conv_bn: {filters: 8, kernel: 3}\n- unit\n"
        "learner: {block: bottleneck, groups: [{filters: 8, blocks: 2}]}\n"
    )
    Path("spec.yaml").write_text(spec)
    Path("own.yaml").write_text("define: {unit: {steps: [cbr: {filters: 8, kernel: 3}]}}\n")
    assert run(["check", "spec.yaml", "--fix"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "fixed own.yaml:1:1: `use: [blocks/inception.yaml]`",
        "fixed spec.yaml:2:7: `use: [blocks/conv.yaml]`",
        "fixed spec.yaml:2:7: `use: [blocks/bottleneck.yaml]`",
    ]
    libraries = "blocks/bottleneck.yaml, blocks/conv.yaml, own.yaml"
    assert Path("spec.yaml").read_text() == spec.replace("own.yaml", libraries)
    assert Path("own.yaml").read_text().startswith("use: [blocks/inception.yaml]\ndefine: {")
    assert archc.load("spec.yaml").graph()


def test_words_that_attributes_take_are_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "input: [8, 8, 3]\nstem:\n- conv: {filters: 8, kernel: 3, padding: sme}  # sme\n"
        "- conv: {filters: 8, kernel: 3, activation: 'rleu', init: \"he_normla\"}\n"
        "- upsample: {size: 2, interpolation: bilinaer}\n"
    )
    Path("spec.yaml").write_text(text)
    assert run(["check", "spec.yaml", "--fix"]) == 0
    wanted = (
        text.replace(": sme}", ": same}").replace("rleu", "relu").replace("bilinaer", "bilinear")
    )
    assert Path("spec.yaml").read_text() == wanted.replace("he_normla", "he_normal")


@pytest.mark.parametrize("activation", ["prelu", "delu", "=kind", "$(kind)"])
def test_words_that_may_be_meant_otherwise_are_left_alone(
    activation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    layer = f"conv: {{filters: 8, kernel: 3, activation: {activation}}}"
    text = f"args: {{kind: rleu}}\ninput: [8, 8, 3]\nstem: [{layer}]\n"
    Path("spec.yaml").write_text(text)
    assert run(["check", "spec.yaml", "--fix"]) == 2
    assert Path("spec.yaml").read_text() == text


def errors_of(reference: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as error:
        archc.load(reference).graph()
    return error.value.diagnostics


def test_a_file_that_changed_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = Path("spec.yaml")
    spec.write_text("input: [8, 8, 3]\nstem: [rleu]\n")
    found = errors_of("spec.yaml")
    changed = "input: [8, 8, 3]\nname: rleu\nstem: [rleu]\n"
    spec.write_text(changed)
    assert make_fixes("spec.yaml", found) == []
    assert spec.read_text() == changed
    spec.unlink()
    assert make_fixes("spec.yaml", found) == []


def test_of_two_fixes_that_overlap_the_first_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text("abcdef")
    source = SourceText("spec.yaml", "abcdef")
    found = [
        Diagnostic("wrong-type", "first", fix=replacing(Span(source, 1, 4), "X")),
        Diagnostic("wrong-type", "second", fix=replacing(Span(source, 3, 5), "Y")),
        Diagnostic("wrong-type", "third", fix=replacing(Span(source, 4, 6), "Z")),
    ]
    assert len(make_fixes("spec.yaml", found)) == 2
    assert Path("spec.yaml").read_text() == "aXZ"


def test_a_file_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, _text: str) -> None:
        raise CannotWrite(f"cannot write {path}: no space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("archc.cli.fixes.write_text_atomic", refuse)
    text = "input: [8, 8, 3]\nstem: [rleu]\n"
    Path("spec.yaml").write_text(text)
    assert run(["check", "spec.yaml", "--fix"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error[cannot-write]: cannot write spec.yaml: no space left")
    assert Path("spec.yaml").read_text() == text


def test_machines_get_fixes_and_what_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "input: [8, 8, 3]\nstem: [rleu, quux]\n"
    Path("spec.yaml").write_text(text)
    assert run(["check", "spec.yaml", "--format", "json"]) == 2
    first, second = json.loads(capsys.readouterr().out)
    assert first["fix"]["title"] == "`rleu` → `relu`"
    (edit,) = first["fix"]["edits"]
    assert (edit["line"], edit["column"], edit["end_column"], edit["text"]) == (2, 8, 12, "relu")
    assert second["fix"] is None
    assert Path("spec.yaml").read_text() == text
    assert run(["check", "spec.yaml", "--format", "json", "--fix"]) == 2
    told = capsys.readouterr()
    assert [record["message"] for record in json.loads(told.out)] == ["unknown verb `quux`"]
    assert told.err == "fixed spec.yaml:2:8: `rleu` → `relu`\n"
