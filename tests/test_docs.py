"""README, docs and docstrings: what they show is what happens."""

from __future__ import annotations

import doctest
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import archc
from archc.elaborate import limits as elaborate_limits
from archc.expressions import limits as expression_limits
from archc.expressions.functions import FUNCTIONS
from archc.layers import LAYERS, MERGES, Verb
from archc.resources import specs_folder
from archc.source import Mapping, compose, read_source
from archc.source import limits as source_limits
from archc.source.locate import zoo
from archc.spec import (
    BlockDocument,
    Document,
    ExpectDocument,
    GroupsDocument,
    SpecDocument,
)
from tests.docs_examples import DOCUMENTS, ROOT, Session, blocks

LANGUAGE = ROOT / "docs" / "language.md"
EXAMPLES = [
    path
    for path in sorted((ROOT / "archc").rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return Session()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_examples(document: Path, session: Session) -> None:
    for block in blocks(document):
        if not block.builds:
            session.run(block)


# Keras's own, where it saves.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.slow
@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if any(block.builds for block in blocks(path))],
    ids=lambda path: path.name,
)
def test_examples_that_build(document: Path, session: Session) -> None:
    for block in blocks(document):
        session.run(block)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_docstrings(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(
    ("heading", "document"),
    [
        ("## The keys of a spec", SpecDocument),
        ("## Blocks", BlockDocument),
        ("## Groups", GroupsDocument),
        ("## Contracts", ExpectDocument),
    ],
)
def test_keys_are_listed(heading: str, document: type[Document]) -> None:
    listed = [key for keys, _ in rows_under(heading) for key in quoted(keys)]
    assert sorted(listed) == sorted(document.model_fields.keys() - {"origin"})


def test_layers_table_is_the_vocabulary() -> None:
    assert rows_under("### The layers") == list(layer_rows())


def test_merges_are_listed() -> None:
    assert [row[0] for row in rows_under("## Merges")] == [f"`{verb}`" for verb in MERGES]


def test_limits_are_as_listed() -> None:
    listed = {row[0]: row[1] for row in rows_under("## Limits")}
    limits = {
        "size of a file": source_limits.MAX_BYTES,
        "YAML collections inside one another": source_limits.MAX_DEPTH,
        "nodes of a file, aliases written out": source_limits.MAX_NODES,
        "text of an expression": expression_limits.MAX_TEXT,
        "operations of an expression inside one another": expression_limits.MAX_NESTING,
        "steps of one evaluation": expression_limits.MAX_STEPS,
        "elements of a list that an expression makes": expression_limits.MAX_ELEMENTS,
        "a text that an expression makes": expression_limits.MAX_CHARACTERS,
        "blocks, paths and sequences inside one another": elaborate_limits.MAX_DEPTH,
        "steps of a network, those left out too": elaborate_limits.MAX_STEPS,
        "layers of a network": elaborate_limits.MAX_NODES,
    }
    assert {what: listed[what].split()[0] for what in limits} == {
        what: f"{limit:,}" for what, limit in limits.items()
    }


def test_functions_are_listed() -> None:
    signatures = [row[0] for row in rows_under("### Functions")]
    assert signatures == [f"`{function.signature}`" for function in FUNCTIONS.values()]


def test_libraries_are_listed() -> None:
    listed = {library: quoted(blocks) for library, blocks in rows_under("## Libraries")}
    folder = specs_folder()
    shipped = {f"`{path.relative_to(folder)}`": path for path in folder.glob("blocks/*.yaml")}
    assert listed.keys() == shipped.keys()
    for library, path in shipped.items():
        document = compose(read_source(path))
        assert isinstance(document, Mapping)
        defined = document.get("define")
        assert isinstance(defined, Mapping)
        assert listed[library] == list(defined.entries)


def test_readme_has_the_whole_zoo() -> None:
    listed = {
        name: quoted(variants)
        for names, variants in rows_under("## The zoo", ROOT / "README.md")
        for name in quoted(names)
    }
    assert listed == {name: list(archc.load(name).variants) for name in zoo()}


def test_links_lead_somewhere() -> None:
    for document in (*DOCUMENTS, ROOT / "CONTRIBUTING.md"):
        text = document.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
            path = document.parent / target if target else document
            assert path.exists(), f"{document.name} → {target}"
            assert not anchor or anchor in anchors(path), f"{document.name} → {target}#{anchor}"


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows_under(heading: str, document: Path = LANGUAGE) -> list[tuple[str, str]]:
    """The first two columns of the first table under a heading."""
    text = document.read_text(encoding="utf-8").split(f"\n{heading}\n")[1]
    table = re.search(r"(?:^\|.*\n)+", text, re.M)
    assert table is not None
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in table[0].splitlines()[2:]]
    return [(row[0], row[1]) for row in cells]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def layer_rows() -> Iterator[tuple[str, str]]:
    """What the table of layers should say: the verbs of one kind together, attributes, defaults."""
    together: dict[tuple[object, str], list[str]] = {}
    for verb in LAYERS.values():
        together.setdefault((verb.layer, attributes(verb)), []).append(f"`{verb.name}`")
    for (_, shown), verbs in together.items():
        yield " ".join(verbs), shown


def attributes(verb: Verb) -> str:
    """The attributes with their defaults, the main one bold; one that must be given has none."""
    ordered = sorted(verb.attributes, key=lambda name: name != verb.main)
    return ", ".join(attribute(verb, name) for name in ordered) or "none"


def attribute(verb: Verb, name: str) -> str:
    field = verb.layer.model_fields[name]
    shown = f"**{name}**" if name == verb.main else name
    return shown if field.is_required() else f"{shown} {spelled(field.default)}"


def spelled(value: object) -> str:
    """A default as YAML spells it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
