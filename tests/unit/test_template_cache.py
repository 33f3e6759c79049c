"""Templates are compiled once, and again when anything that they were made from is another."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import jinja2
import pytest
from jinja2 import Environment, FileSystemLoader

from archc.emission.printing import environment
from archc.emission.template_cache import TemplateCache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a template, in a Python that keeps what it compiles beside the source."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "a.jinja").write_text("one {{ 1 + 1 }}", "utf-8")
    return tmp_path


class Counting(Environment):
    """Jinja that counts how often it compiles."""

    compiled = 0

    def _generate(self, *arguments: object, **keywords: object) -> str:  # type: ignore[override]
        self.compiled += 1
        return super()._generate(*arguments, **keywords)  # type: ignore[arg-type]


def rendered(folder: Path, **options: bool) -> tuple[str, int]:
    """What the template gives in a fresh environment, and how often that compiled."""
    made = Counting(loader=FileSystemLoader(folder), bytecode_cache=TemplateCache(), **options)
    return made.get_template("a.jinja").render(), made.compiled


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".jinja"]


def test_a_template_is_compiled_once(folder: Path) -> None:
    assert rendered(folder) == ("one 2", 1)
    assert rendered(folder) == ("one 2", 0)
    place = importlib.util.cache_from_source(os.fspath(folder / "a.jinja"))
    assert kept(folder) == [Path(place)]


def test_another_text_is_compiled_anew(folder: Path) -> None:
    rendered(folder)
    (folder / "a.jinja").write_text("two {{ 2 + 2 }}", "utf-8")
    assert rendered(folder) == ("two 4", 1)
    assert rendered(folder) == ("two 4", 0)


def test_other_options_are_compiled_anew(folder: Path) -> None:
    (folder / "a.jinja").write_text("{% if 1 %}\nx{% endif %}", "utf-8")
    assert rendered(folder, trim_blocks=False) == ("\nx", 1)
    assert rendered(folder, trim_blocks=True) == ("x", 1)


def test_another_jinja_compiles_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered(folder)
    monkeypatch.setattr(jinja2, "__version__", "0.0")
    assert rendered(folder) == ("one 2", 1)


def test_a_folder_that_moved_is_compiled_anew(folder: Path) -> None:
    """What is compiled has the path in it, for the places of errors."""
    (folder / "old").mkdir()
    (folder / "a.jinja").rename(folder / "old" / "a.jinja")
    rendered(folder / "old")
    (folder / "old").rename(folder / "new")
    assert rendered(folder / "new") == ("one 2", 1)


@pytest.mark.parametrize("left", [0, 10, 32, 40])
def test_a_damaged_file_is_compiled_anew(folder: Path, left: int) -> None:
    rendered(folder)
    (place,) = kept(folder)
    place.write_bytes(place.read_bytes()[:left])
    assert rendered(folder) == ("one 2", 1)
    assert rendered(folder) == ("one 2", 0)


def test_nothing_is_kept_where_nothing_can_be_written(folder: Path) -> None:
    (folder / "__pycache__").write_text("a file stands where the folder would be", "utf-8")
    assert rendered(folder) == ("one 2", 1)
    assert rendered(folder) == ("one 2", 1)


def test_nothing_is_kept_where_python_keeps_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    rendered(folder)
    assert kept(folder) == []
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys.implementation, "cache_tag", None)
    assert rendered(folder) == ("one 2", 1)
    assert kept(folder) == []


def test_nothing_is_written_into_a_user_s_folder(folder: Path) -> None:
    assert environment(folder, "keras").get_template("a.jinja").render() == "one 2"
    assert kept(folder) == []
    # Nor are what a user writes and what archc brings ever taken for each other.
    assert environment(folder, "keras").bytecode_cache is None
