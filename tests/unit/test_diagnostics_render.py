"""A diagnostic as text: its lines, the caret under the place, nothing that draws on a terminal."""

from __future__ import annotations

import json
import re

import pytest

from archc.diagnostics import Diagnostic, Related, SourceText, Span, replacing
from archc.diagnostics.record import as_record
from archc.diagnostics.render import WIDTH, render, render_all

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def at(text: str, part: str, path: str = "spec.yaml") -> Span:
    """The place of the first `part` in `text`."""
    start = text.index(part)
    return Span(SourceText(path, text), start, start + len(part))


def caret_column(shown: str) -> int:
    """The column, from 0, in which the caret starts, behind the bar."""
    underline = next(line for line in shown.splitlines() if "^" in line)
    return underline.index("^") - underline.index("|") - 2


def test_everything_that_a_diagnostic_may_hold() -> None:
    text = "one: 1\n\nlist:\n- first: {a: 1}\n- second\n- x\n- x\n- x\n- x\n- last: 10\n"
    source = SourceText("spec.yaml", text)
    where = text.index("last")
    diagnostic = Diagnostic(
        "some-code",
        "expected one thing, found another",
        Span(source, where, where + 4),
        label="here",
        related=(Related(Span(source, text.index("first"), text.index("first") + 5), "first"),),
        trail=("learner", "group 1"),
        notes=("a note",),
        helps=("a help", "another"),
    )
    assert render(diagnostic) == (
        "error[some-code]: expected one thing, found another\n"
        "  --> spec.yaml:10:3\n"
        "   |\n"
        " 4 | - first: {a: 1}\n"
        "   |   ----- first\n"
        "10 | - last: 10\n"
        "   |   ^^^^ here\n"
        "   = in: learner → group 1\n"
        "   = note: a note\n"
        "   = help: a help\n"
        "   = help: another\n"
    )


def test_without_a_place() -> None:
    assert render(Diagnostic("code", "nothing there", helps=("look elsewhere",))) == (
        "error[code]: nothing there\n  = help: look elsewhere\n"
    )


def test_marks_on_one_line_share_it() -> None:
    text = "a: {b: 1, b: 2}"
    source = SourceText("spec.yaml", text)
    first, second = Span(source, 4, 5), Span(source, 10, 11)
    shown = render(Diagnostic("code", "twice", second, related=(Related(first, "first here"),)))
    assert shown == (
        "error[code]: twice\n"
        " --> spec.yaml:1:11\n"
        "  |\n"
        "1 | a: {b: 1, b: 2}\n"
        "  |     - first here\n"
        "  |           ^\n"
    )


def test_several_files() -> None:
    own, other = at("use: [b.yaml]", "b.yaml"), at("a\nb\nc: 1", "c", "lib/b.yaml")
    shown = render(Diagnostic("code", "elsewhere", own, related=(Related(other, "there"),)))
    assert shown == (
        "error[code]: elsewhere\n"
        " --> spec.yaml:1:7\n"
        "  |\n"
        "1 | use: [b.yaml]\n"
        "  |       ^^^^^^\n"
        " ::: lib/b.yaml:3:1\n"
        "  |\n"
        "3 | c: 1\n"
        "  | - there\n"
    )


@pytest.mark.parametrize(
    ("line", "part", "column", "length"),
    [
        pytest.param("a: value", "value", 3, 5, id="plain"),
        pytest.param("a:\tvalue", "value", 3, 5, id="tab"),
        pytest.param("名前: value", "value", 6, 5, id="wide letters before"),
        pytest.param("a: 名前", "名前", 3, 4, id="wide letters under"),
        pytest.param("cafe\u0301: value", "value", 6, 5, id="an accent of its own before"),
        pytest.param("😀: value", "value", 4, 5, id="emoji before"),
        pytest.param("café: value", "value", 6, 5, id="one-letter accent before"),
    ],
)
def test_the_caret_stands_under_the_place(line: str, part: str, column: int, length: int) -> None:
    shown = render(Diagnostic("code", "here", at(f"first\n{line}\nlast", part)))
    assert caret_column(shown) == column
    assert shown.count("^") == length


@pytest.mark.parametrize("before", [10, 100, 1000, 5000])
def test_a_long_line_is_cut_around_the_place(before: int) -> None:
    line = "x" * before + "value" + "y" * 5000
    shown = render(Diagnostic("code", "here", at(line, "value")))
    excerpt, underline = shown.splitlines()[3:5]
    assert len(excerpt) <= WIDTH + len("1 | ")
    assert excerpt[underline.index("^") : underline.rindex("^") + 1] == "value"


def test_a_place_of_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    text = "steps:\n- conv: 1\n- relu\n"
    shown = render(Diagnostic("code", "here", Span(SourceText("s", text), 7, len(text))))
    assert "2 | - conv: 1\n  | ^^^^^^^^^\n" in shown


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\r\nb\r\n"])
def test_the_end_of_the_text_is_a_place(text: str) -> None:
    end = len(text)
    shown = render(Diagnostic("code", "here", Span(SourceText("s", text), end, end)))
    assert shown.count("^") == 1
    assert "\r" not in shown


def test_a_spec_can_not_draw_on_the_terminal() -> None:
    text = "a: \x1b[31mred\x07\u202e"
    span = at(text, "red", "evil\x1b]0;title\x07.yaml")
    shown = render(
        Diagnostic(
            "code",
            "found `\x1b[2J`",
            span,
            label="\x1b[1m",
            trail=("\x9b31m",),
            notes=("\r",),
            helps=("\u2066",),
        )
    )
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "found `\\x1b[2J`" in shown


def test_a_long_way_is_told_by_its_ends() -> None:
    trail = tuple(f"b{number}" for number in range(20))
    shown = render(Diagnostic("code", "deep", trail=trail))
    assert "= in: b0 → b1 → b2 → b3 → … 12 more … → b16 → b17 → b18 → b19\n" in shown
    short = render(Diagnostic("code", "deep", trail=trail[:9]))
    assert "= in: b0 → b1 → b2 → b3 → b4 → b5 → b6 → b7 → b8\n" in short


def test_a_long_message_is_cut() -> None:
    shown = render(Diagnostic("code", f"unknown name `{'n' * 100_000}`", helps=("h" * 100_000,)))
    assert all(len(line) < 600 for line in shown.splitlines())


def test_colours_change_nothing_but_the_colour() -> None:
    diagnostics = [
        Diagnostic("code", "here", at("a: 1", "1"), severity=severity, helps=("help",))
        for severity in ("error", "warning")
    ]
    for diagnostic in diagnostics:
        coloured = render(diagnostic, colour=True)
        assert coloured != render(diagnostic)
        assert ESCAPE.sub("", coloured) == render(diagnostic)


def test_only_so_many_are_shown() -> None:
    diagnostics = [Diagnostic("code", f"number {number}") for number in range(25)]
    shown = render_all(diagnostics)
    assert shown.count("error[code]") == 20
    assert shown.endswith("\n… and 5 more\n")
    assert "more" not in render_all(diagnostics[:20])


def test_a_record_holds_all_of_it() -> None:
    text = "a: 1\nb: two\n"
    source = SourceText("spec.yaml", text)
    diagnostic = Diagnostic(
        "code",
        "message",
        Span(source, 8, 11),
        "label",
        related=(Related(Span(source, 0, 1), "first"),),
        trail=("stem",),
        notes=("note",),
        helps=("help",),
        fix=replacing(Span(source, 8, 11), "2"),
    )
    assert json.loads(json.dumps(as_record(diagnostic))) == {
        "code": "code",
        "severity": "error",
        "message": "message",
        "place": {"file": "spec.yaml", "line": 2, "column": 4, "end_line": 2, "end_column": 7},
        "label": "label",
        "trail": ["stem"],
        "notes": ["note"],
        "helps": ["help"],
        "related": [
            {
                "file": "spec.yaml",
                "line": 1,
                "column": 1,
                "end_line": 1,
                "end_column": 2,
                "label": "first",
            }
        ],
        "fix": {
            "title": "`two` → `2`",
            "edits": [
                {
                    "file": "spec.yaml",
                    "line": 2,
                    "column": 4,
                    "end_line": 2,
                    "end_column": 7,
                    "text": "2",
                }
            ],
        },
    }
    assert as_record(Diagnostic("code", "message"))["place"] is None
