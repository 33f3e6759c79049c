"""Diagnostics as annotations of a workflow on GitHub."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.cli.boundary import run
from archc.diagnostics import Diagnostic, Related, SourceText, Span
from archc.diagnostics.record import as_annotation


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_that_a_diagnostic_holds() -> None:
    text = "stem:\n- add:\n    a: []\n"
    Path("spec.yaml").write_text(text)
    source = SourceText("spec.yaml", text)
    diagnostic = Diagnostic(
        "shape-mismatch",
        "expected one, found 100% more",
        Span(source, 8, 11),
        related=(Related(Span(source, 17, 18), "32×32×3"),),
        trail=("learner", "group 1"),
        notes=("a note",),
        helps=("a help",),
    )
    assert as_annotation(diagnostic) == (
        "::error title=archc shape-mismatch,file=spec.yaml,line=2,endLine=2,col=3,endColumn=5"
        "::expected one, found 100%25 more%0Aspec.yaml:3:5: 32×32×3%0A"
        "in: learner → group 1%0Anote: a note%0Ahelp: a help"
    )


def test_a_place_over_several_lines_has_no_columns() -> None:
    Path("spec.yaml").write_text("a: [1,\n2]\n")
    span = Span(SourceText("spec.yaml", "a: [1,\n2]\n"), 3, 9)
    shown = as_annotation(Diagnostic("wrong-type", "message", span))
    assert shown == "::error title=archc wrong-type,file=spec.yaml,line=1,endLine=2::message"


def test_an_empty_place_is_one_column() -> None:
    Path("spec.yaml").write_text("a:\n")
    shown = as_annotation(Diagnostic("wrong-type", "m", Span(SourceText("spec.yaml", "a:"), 2, 2)))
    assert "col=3,endColumn=3::" in shown


def test_a_setting_is_no_file() -> None:
    span = Span(SourceText("--set a", "a"), 0, 1)
    shown = as_annotation(Diagnostic("setting-path", "message", span, severity="warning"))
    assert shown == "::warning title=archc setting-path::message"


def test_a_name_of_a_file_can_not_end_its_property() -> None:
    Path("a,b:c%.yaml").write_text("x")
    span = Span(SourceText("a,b:c%.yaml", "x"), 0, 1)
    shown = as_annotation(Diagnostic("wrong-type", "message", span))
    assert ",file=a%2Cb%3Ac%25.yaml,line=1," in shown


def test_a_spec_can_not_give_commands_to_the_workflow(capsys: pytest.CaptureFixture[str]) -> None:
    Path("spec.yaml").write_text('input: [8, 8, 3]\nstem: ["x\\n::add-mask::y\\r\\n::stop"]\n')
    assert run(["check", "spec.yaml", "--format", "github"]) == 2
    told = capsys.readouterr()
    assert told.err == ""
    assert [line for line in told.out.splitlines() if line.startswith("::")] == [
        line for line in told.out.splitlines() if line.startswith("::error title=archc ")
    ]


def test_a_good_spec_has_no_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    Path("spec.yaml").write_text("input: [8, 8, 3]\nstem: [relu]\n")
    assert run(["check", "spec.yaml", "--format", "github"]) == 0
    assert capsys.readouterr() == ("", "")


def test_all_errors_of_all_specs_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.yaml").write_text("input: [8, 8, 3]\nstem: [rleu, tahn]\n")
    Path("two.yaml").write_text("input: [8, 8, 3]\nexpect: {params: 7}\n")
    assert run(["check", "one.yaml", "two.yaml", "--format", "github"]) == 2
    places = [line.split("::")[1] for line in capsys.readouterr().out.splitlines()]
    assert [place.split(",")[1:3] for place in places] == [
        ["file=one.yaml", "line=2"],
        ["file=one.yaml", "line=2"],
        ["file=two.yaml", "line=2"],
    ]
