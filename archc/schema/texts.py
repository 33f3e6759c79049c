"""What the reference, docs/language.md, says of keys, layers and modifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_TABLE = re.compile(r"(?:^\|.*\n)+", re.M)
_QUOTED = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts by what they speak of: keys of a mapping, verbs, the modifiers beside a verb."""

    spec: dict[str, str]
    block: dict[str, str]
    groups: dict[str, str]
    policy: dict[str, str]
    expect: dict[str, str]
    verbs: dict[str, str]
    modifiers: dict[str, str]
    tables: list[dict[str, str]]

    def of_keys(self, keys: frozenset[str]) -> dict[str, str]:
        """The table of exactly these keys; empty where there is none."""
        return next((table for table in self.tables if table.keys() == keys), {})


def read_texts(path: Path) -> Texts:
    """The texts of the reference at `path`."""
    text = path.read_text(encoding="utf-8")
    return Texts(
        spec=_by_name(_rows(text, "## The keys of a spec"), 1),
        block=_by_name(_rows(text, "## Blocks"), 1),
        groups=_by_name(_rows(text, "## Groups"), 1),
        policy=_policy(_rows(text, "### Strides")),
        expect=_by_name(_rows(text, "## Contracts"), 1),
        verbs=_by_name(_rows(text, "### The layers"), 2) | _by_name(_rows(text, "## Merges"), 1),
        modifiers=_modifiers(text),
        tables=[_by_name(_cells(table), 1) for table in _TABLE.findall(text)],
    )


def _rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, its own two first rows left out."""
    table = _TABLE.search(text.split(f"\n{heading}\n")[1])
    assert table is not None
    return _cells(table[0])


def _cells(table: str) -> list[list[str]]:
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _by_name(rows: list[list[str]], column: int) -> dict[str, str]:
    """Each name in backticks in the first column, with the text of another one."""
    return {name: plain(row[column]) for row in rows for name in _QUOTED.findall(row[0])}


def _policy(rows: list[list[str]]) -> dict[str, str]:
    """The keys that stand in the examples of the first column."""
    return {key: plain(row[1]) for row in rows for key in re.findall(r"(\w+):", row[0])}


def _modifiers(text: str) -> dict[str, str]:
    """The paragraphs that begin with a key and its value in bold: **`id: name`** names the step."""
    section = text.split("\n## Steps\n")[1].split("\n## ")[0]
    found = re.findall(r"^\*\*`(\w+): [^`]*`\*\* (.*?)\n\n", section, re.M | re.S)
    return {key: plain(paragraph) for key, paragraph in found}


def plain(text: str) -> str:
    """A text without links, on one line."""
    return _LINK.sub(r"\1", re.sub(r"\s+", " ", text)).strip()
