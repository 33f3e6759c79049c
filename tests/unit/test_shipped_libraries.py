"""The fix for a block of a shipped library that a file does not use: `use:` gets the library."""

from __future__ import annotations

from pathlib import Path

import pytest

import archc
from archc.diagnostics import SourceText, Span
from archc.source.splice import Splices
from archc.spec.shipped import library_of, using_library

NET = "input: [8, 8, 3]\nstem: [conv_bn: {filters: 8, kernel: 3}]\n"


def mended(text: str, path: str = "net.yaml", block: str = "conv_bn") -> str | None:
    """The text after the fix; None where there is none."""
    source = SourceText(path, text)
    fix = using_library(block, Span(source, 0, 0))
    if fix is None:
        return None
    splices = Splices(text)
    for edit in fix.edits:
        splices.replace(edit.span, edit.text)
    return splices.result()


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (NET, f"use: [blocks/conv.yaml]\n{NET}"),
        (f"# About.\n\n{NET}", f"# About.\n\nuse: [blocks/conv.yaml]\n{NET}"),
        (f"name: a  # b\n\n# c\n{NET}", f"name: a  # b\nuse: [blocks/conv.yaml]\n\n# c\n{NET}"),
        (
            f"about: |\n  Of two\n  lines.\n\nname: x\n{NET}",
            f"about: |\n  Of two\n  lines.\n\nname: x\nuse: [blocks/conv.yaml]\n{NET}",
        ),
        (
            f"name: x\nabout: |\n  Of two\n  lines.\n\n{NET}",
            f"name: x\nabout: |\n  Of two\n  lines.\nuse: [blocks/conv.yaml]\n\n{NET}",
        ),
        (f"use: []\n{NET}", f"use: [blocks/conv.yaml]\n{NET}"),
        (
            f"use: [ mobile.yaml,  b.yaml ]  # c\n{NET}",
            f"use: [ blocks/conv.yaml, mobile.yaml,  b.yaml ]  # c\n{NET}",
        ),
        (
            f"use:\n  # ours\n  -   'b.yaml'  # c\n  - d.yaml\n{NET}",
            f"use:\n  # ours\n  -   blocks/conv.yaml\n  -   'b.yaml'  # c\n  - d.yaml\n{NET}",
        ),
        ("{input: [8, 8, 3], stem: []}", "{use: [blocks/conv.yaml], input: [8, 8, 3], stem: []}"),
        ("name: x\r\ninput: [8]\r\n", "name: x\r\nuse: [blocks/conv.yaml]\r\ninput: [8]\r\n"),
        ("  name: x\n  input: [8]\n", "  name: x\n  use: [blocks/conv.yaml]\n  input: [8]\n"),
        ("extends: resnet50", "use: [blocks/conv.yaml]\nextends: resnet50"),
    ],
)
def test_the_library_is_added_and_nothing_else_changes(written: str, wanted: str) -> None:
    assert mended(written) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "conv_bn",  # a setting of the command line
        f"use:\n{NET}",
        f"use: conv.yaml\n{NET}",
        f"use: [blocks/conv.yaml]\n{NET}",
        f"about: &a [x.yaml]\nuse: *a\n{NET}",
        f"use: [&a b.yaml, *a]\n{NET}",
        f"use:\n- &a b.yaml\n{NET}",
        "? input\n: [8, 8, 3]\n",
        "a: [",
    ],
)
def test_where_the_place_is_not_plain_there_is_no_fix(text: str) -> None:
    assert mended(text) is None


def test_a_block_that_does_not_ship_has_no_library() -> None:
    assert library_of("conv_nb") is None
    assert mended(NET, block="conv_nb") is None


def test_a_file_of_ones_own_under_that_name_may_be_meant(tmp_path: Path) -> None:
    own = tmp_path / "blocks" / "conv.yaml"
    own.parent.mkdir()
    for file in ("net.yaml", "nets/net.yaml", "blocks/other.yaml"):
        assert mended(NET, str(tmp_path / file)) is not None
    own.write_text("define: {}\n")
    for file in ("net.yaml", "nets/net.yaml", "blocks/other.yaml"):
        assert mended(NET, str(tmp_path / file)) is None


def test_of_several_libraries_none_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shipped" / "blocks"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("define: {unit: {steps: [relu]}}\n")
    monkeypatch.setattr("archc.spec.shipped.specs_folder", lambda: tmp_path / "shipped")
    assert mended(NET, block="unit") == f"use: [blocks/a.yaml]\n{NET}"
    (folder / "b.yaml").write_text("define: {unit: {steps: [tanh]}}\n")
    assert mended(NET, block="unit") is None


@pytest.mark.parametrize(
    "block", ["conv_bn", "bottleneck", "cbr", "inverted_residual", "basic_block"]
)
def test_what_is_added_is_found(block: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    text = mended("input: [8, 8, 3]\nstem: [relu]\n", str(path), block)
    assert text is not None
    path.write_text(text)
    (used,) = archc.load(str(path)).assembled.libraries
    assert block in used.document.define
