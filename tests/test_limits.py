"""Every limit is listed with its value, and what is beyond it is refused in its words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import archc
from archc.cli.boundary import run
from archc.cli.sweeping import emit as spec_files
from tests.docs_examples import ROOT

PACKAGE = Path(archc.__file__).parent
SECURITY = ROOT / "docs" / "security.md"
OF_WHAT_IS_SHOWN_OR_KEPT = {
    "archc.cli.commands.sweep.MAX_SHOWN",
    "archc.cli.sweeping.plot.MAX_DOTS",
    "archc.explore.costs.MAX_REMEMBERED",
    "archc.explore.engines.MAX_ENGINES",
    "archc.spec.limits.MAX_KEPT",
}
"""What is beyond these is no error."""
SIDES = "input: [8, 8, 3]\n"


def constants() -> Iterator[str]:
    """All constants of the package whose names begin with `MAX_`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = [statement.target] if isinstance(statement, ast.AnnAssign) else []
            targets = statement.targets if isinstance(statement, ast.Assign) else targets
            for target in targets:
                if isinstance(target, ast.Name) and target.id.startswith("MAX_"):
                    yield f"{module}.{target.id}"


def listed() -> dict[str, str]:
    """The constants of the table, each with the value that it says."""
    table = SECURITY.read_text(encoding="utf-8").split("\n## Limits\n")[1]
    rows = re.findall(r"^\| .* \| ([\d,.]+) \| `([\w.]+)` \|$", table, re.MULTILINE)
    return {name: value for value, name in rows}


def test_every_limit_is_listed() -> None:
    assert set(constants()) - OF_WHAT_IS_SHOWN_OR_KEPT == listed().keys()


def test_limits_are_as_listed() -> None:
    for name, value in listed().items():
        module, _, constant = name.rpartition(".")
        assert value == f"{getattr(import_module(module), constant):,}".removesuffix(".0"), name


def test_the_tests_that_are_named_are_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", SECURITY.read_text(encoding="utf-8"))
    assert named
    assert not [path for path in named if not (ROOT / path).is_file()]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{SIDES}args: {{a: 1234567890123456789}}\n", "whole number of at most 18 digits"),
        (f"{SIDES}args: {{a: '=round(1.5, 19)'}}\n", "at most 18 decimals, found 19"),
        (f"{SIDES}args:\n  a: ={'[' * 51}1{']' * 51}\n", "50 lists inside one another"),
        (
            f"{SIDES}stem: [conv: {{filters: 3, kernel: 3}}]\n"
            f"weights: {{keras: {{{'a' * 1001}: b}}}}\n",
            "a pattern of at most 1,000 characters, found 1,001",
        ),
        (
            f"{SIDES}stem: [conv: {{filters: 3, kernel: 3}}]\n"
            f"weights: {{keras: {{a: {'b' * 201}}}}}\n",
            "a replacement of at most 200 characters, found 201",
        ),
    ],
)
def test_a_spec_beyond(
    text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spec.yaml").write_text(text + ("" if "stem" in text else "stem: [relu]\n"))
    assert run(["check", str(tmp_path / "spec.yaml")]) == 2
    assert told in capsys.readouterr().err


def test_as_many_cuts_as_are_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cuts = ", ".join(["{filters: =max(1, 2)}"] * 12)
    (tmp_path / "spec.yaml").write_text(f"{SIDES}stem: [{cuts}]\n")
    assert run(["check", str(tmp_path / "spec.yaml")]) == 2
    assert capsys.readouterr().err.count("error[cut-expression]") == 10


def test_a_knob_of_too_many_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sweep", "resnet18", "--vary", "classes=1..1000001"]) == 2
    assert "1,000,000" in capsys.readouterr().err


def test_too_many_specs_of_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(spec_files, "MAX_SPECS", 3)
    command = ["sweep", "resnet18", "--vary", "classes=1..4", "--emit-specs", str(tmp_path)]
    assert run(command) == 2
    assert "there are 4 rows, and at most 3 specs are written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
