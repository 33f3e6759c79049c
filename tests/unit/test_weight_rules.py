"""Rules from layers to names in weight files: what they may say, and that they end."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

import archc
from archc.elaborate import renamed


def spec_with(pattern: str, replacement: str) -> str:
    return (
        "input: [8, 8, 3]\nstem: [{id: first, conv: {filters: 4, kernel: 3}}]\n"
        f"weights:\n  mine:\n    '{pattern}': '{replacement}'\n"
    )


def refused(pattern: str, replacement: str, tmp_path: Path) -> str:
    path = tmp_path / "spec.yaml"
    path.write_text(spec_with(pattern, replacement), encoding="utf-8")
    with pytest.raises(archc.CompileError) as caught:
        archc.load(str(path)).weight_names("mine")
    (told,) = caught.value.diagnostics
    assert told.code == "bad-pattern"
    return told.message


def test_numbers_may_count_from_zero() -> None:
    rules = [(r"^group(\d+)_block(\d+)_", r"layer\1.<\2-1>."), ("conv", "c<10+5>")]
    names = renamed(["group1_block1_conv", "group2_block10_conv"], rules)
    assert list(names.values()) == ["layer1.0.c15", "layer2.9.c15"]


@pytest.mark.parametrize("pattern", [r"^(a|aa)+$", r"((((a{1,999}){1,999}){1,999}){1,999})+z"])
def test_a_pattern_that_takes_exponential_time_is_stopped(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archc.elaborate.weights.MAX_SECONDS", 0.2)
    start = monotonic()
    with pytest.raises(archc.CompileError, match="takes too long"):
        renamed(["a" * 60 + "b"], [(pattern, "x")])
    assert monotonic() - start < 60


def test_names_that_grow_without_end_are_stopped() -> None:
    rules = [("^.*$", r"\g<0>\g<0>\g<0>\g<0>")] * 40
    with pytest.raises(archc.CompileError, match="makes a name of 1,280 characters"):
        renamed(["first"], rules)


@pytest.mark.parametrize(
    ("pattern", "replacement", "told"),
    [
        ("(", "x", "expected a regular expression"),
        ("a" * 1_010, "x", "at most 1,000 characters"),
        ("a{1000000}", "x", "expected counts below 1,000"),
        ("a", "x" * 201, "at most 200 characters"),
        ("a", r"\1", "expected a replacement that the pattern allows"),
    ],
)
def test_what_no_rule_may_be(pattern: str, replacement: str, told: str, tmp_path: Path) -> None:
    assert told in refused(pattern, replacement, tmp_path)
