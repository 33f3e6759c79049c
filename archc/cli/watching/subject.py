"""The spec that is watched, and what it comes to at the moment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from archc.api import Spec, parse_setting, split_reference
from archc.declared import check_declared
from archc.diagnostics import CompileError, Diagnostic
from archc.elaborate import elaborate
from archc.graph import Graph
from archc.source import read_source
from archc.source.locate import Place, is_there, locate_spec
from archc.spec import Setting, load_family, spec_files

Status = Literal["ok", "contract", "error", "gone"]
"""`contract`: a network, but not the one that `expect:` promises; `gone`: no file."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a spec comes to: a network, or what is wrong, or both where it breaks a contract."""

    status: Status
    graph: Graph | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """A spec to watch: its name as the user has it, and where it stands whatever becomes of it."""

    name: str
    place: Place
    variant: str | None = None
    settings: tuple[Setting, ...] = field(default=(), repr=False)
    search: tuple[Path, ...] = ()

    def files(self) -> tuple[Path, ...]:
        """The files that it is made from, and those that it names but that are not there."""
        return spec_files(self.place, self.settings, self.search)

    def outcome(self) -> Outcome:
        """What it comes to now. Raises nothing for a spec that is wrong."""
        try:
            return _outcome(self._load())
        except CompileError as error:
            gone = not is_there(self.place.path)
            return Outcome("gone") if gone else Outcome("error", None, error.diagnostics)
        except OSError as error:
            # A folder can go while it is looked through.
            message = f"expected readable files, found {(error.strerror or str(error)).lower()}"
            return Outcome("error", None, (Diagnostic("file-kind", message),))

    def _load(self) -> Spec:
        family = load_family(os.fspath(self.place.path), self.search)
        return Spec(family, self.variant, self.settings, self.search)


def subject(reference: str, settings: tuple[str, ...], search: tuple[Path, ...]) -> Subject:
    """The spec of a command line. It may be wrong, but must be there.

    Its place is absolute, so that it means the same file when the current folder moves. Raises
    `CompileError` where there is no such file, or a setting is no setting.
    """
    name, variant = split_reference(reference)
    place = locate_spec(name)
    if not is_there(place.path):
        read_source(place.path, place.shown)
    parsed = tuple(parse_setting(text) for text in settings)
    folders = tuple(Path.cwd() / folder for folder in search)
    return Subject(reference, place, variant, parsed, folders)


def _outcome(spec: Spec) -> Outcome:
    """Raises `CompileError` where there is no network."""
    graph = elaborate(spec.assembled)
    check_declared(spec, graph)
    try:
        spec.check_contracts(graph)
    except CompileError as error:
        return Outcome("contract", graph, error.diagnostics)
    return Outcome("ok", graph)
