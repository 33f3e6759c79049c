"""One spec from its files: the variant and the settings laid on, the libraries read."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass
from pathlib import Path

from archc.diagnostics import CompileError, Findings
from archc.source import Mapping
from archc.source.edit import without
from archc.source.locate import Place
from archc.spec.documents import SpecDocument
from archc.spec.family import Family, with_variant
from archc.spec.libraries import Library, LibraryLoader
from archc.spec.settings import Setting, with_setting
from archc.spec.validate import validate


@dataclass(frozen=True, slots=True)
class Assembled:
    """A spec's document with the libraries it uses.

    `variant` is the chosen one's name, empty where there are none.
    """

    place: Place
    document: SpecDocument
    libraries: tuple[Library, ...]
    variant: str


def assemble(
    family: Family,
    variant: str | None = None,
    settings: Items[Setting] = (),
    search: Items[Path] = (),
) -> Assembled:
    """The document of one variant (the first, if none is named) with settings applied.

    Raises `CompileError` with everything that is wrong with the shape of any of its files.
    """
    tree, chosen = with_variant(family, variant)
    # A contract speaks of the spec as it is written; settings may make contracts of their own.
    tree = without(tree, "expect") if settings else tree
    for path, value in settings:
        tree = with_setting(tree, path, value)
    findings = Findings()
    document = _try(SpecDocument, tree, findings)
    loader = LibraryLoader(family.places, tuple(search), findings)
    libraries = loader.load(tree.get("use"), family.place, ())
    findings.raise_if_any()
    assert document is not None
    return Assembled(family.place, document, libraries, chosen)


def _try(model: type[SpecDocument], tree: Mapping, findings: Findings) -> SpecDocument | None:
    try:
        return validate(model, tree)
    except CompileError as error:
        findings.extend(error.diagnostics)
        return None
