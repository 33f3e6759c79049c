"""`--errors`: diagnostics for people, or for machines that read stderr."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

if TYPE_CHECKING:
    from archc.diagnostics import Diagnostic

Form: TypeAlias = Literal["text", "json", "github"]


@dataclass
class Telling:
    """The form in which a run of the command line tells diagnostics, and those kept for its end."""

    form: Form = "text"
    records: list[dict[str, object]] = field(default_factory=list)

    def tell(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Tell machines: annotations at once, a line each; records in one list at the end."""
        from archc.diagnostics.record import as_annotation, as_record

        if self.form == "json":
            self.records += map(as_record, diagnostics)
            return
        for diagnostic in diagnostics:
            click.echo(as_annotation(diagnostic), err=True)

    def end(self) -> None:
        """The list of all records as a line of its own: frameworks write to stderr too."""
        if self.form == "json":
            from archc.diagnostics.printable import json_text

            click.echo(json_text(self.records), err=True)


_TELLING: ContextVar[Telling] = ContextVar("telling")


def telling() -> Telling:
    """That of the run at hand; outside of any, one that tells text."""
    return _TELLING.get(None) or Telling()


@contextmanager
def one_run() -> Iterator[Telling]:
    """A `Telling` for one command line: nothing of the last one is left in it."""
    token = _TELLING.set(Telling())
    try:
        yield telling()
    finally:
        _TELLING.reset(token)
