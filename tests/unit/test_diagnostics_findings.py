"""What is found is told once, in the order of the text, and not without end."""

from __future__ import annotations

import pytest

from archc.diagnostics import CompileError, Diagnostic, Findings, SourceText, Span

SOURCE = SourceText("spec.yaml", "a: 1\nb: 2\n")


def found(code: str = "code", start: int = 0, message: str = "message") -> Diagnostic:
    return Diagnostic(code, message, Span(SOURCE, start, start + 1))


def test_a_place_has_a_code_once() -> None:
    findings = Findings()
    findings.extend([found(message="first"), found(message="second"), found(start=5), found("b")])
    assert [each.message for each in findings] == ["first", "message", "message"]
    assert len(findings) == 3


def test_without_a_place_messages_tell_them_apart() -> None:
    findings = Findings()
    findings.extend(
        [Diagnostic("code", "one"), Diagnostic("code", "two"), Diagnostic("code", "one")]
    )
    assert [each.message for each in findings] == ["one", "two"]


def test_nothing_found_raises_nothing() -> None:
    findings = Findings()
    findings.raise_if_any()
    findings.add(found())
    with pytest.raises(CompileError) as caught:
        findings.raise_if_any()
    assert caught.value.diagnostics == (found(),)
    assert caught.value.exit_code == 2


def test_there_is_such_a_thing_as_enough() -> None:
    findings = Findings()
    for number in range(199):
        findings.add(Diagnostic("code", str(number)))
    assert not findings.enough
    findings.add(Diagnostic("code", "one more"))
    assert findings.enough


def test_they_are_told_in_the_order_of_the_text() -> None:
    other = SourceText("other.yaml", "x")
    elsewhere = Diagnostic("code", "elsewhere", Span(other, 0, 1))
    nowhere = Diagnostic("code", "nowhere")
    late, early = found(start=5), found(start=0)
    error = CompileError([late, elsewhere, early, nowhere])
    assert error.diagnostics == (nowhere, early, late, elsewhere)


def test_the_error_reads_as_it_is_shown() -> None:
    shown = str(CompileError([found(), Diagnostic("other", "nowhere")]))
    assert shown == (
        "error[other]: nowhere\n\nerror[code]: message\n --> spec.yaml:1:1\n  |\n1 | a: 1\n  | ^\n"
    )


@pytest.mark.parametrize(
    ("offset", "position"),
    [(0, (1, 1)), (3, (1, 4)), (4, (2, 1)), (5, (3, 1)), (7, (3, 3)), (8, (3, 4))],
)
def test_positions_count_characters_from_1(offset: int, position: tuple[int, int]) -> None:
    source = SourceText("s", "😀bc\n\nabc")
    assert source.position(offset) == position


def test_a_line_is_without_its_end() -> None:
    source = SourceText("s", "one\r\ntwo\n\nlast")
    assert [source.line(number) for number in (1, 2, 3, 4)] == ["one", "two", "", "last"]


def test_a_span_knows_its_text_and_its_end() -> None:
    span = Span(SourceText("s.yaml", "ab\ncd"), 1, 4)
    assert (span.text, str(span)) == ("b\nc", "s.yaml:1:2")
    assert (span.end_line, span.end_column) == (2, 2)
