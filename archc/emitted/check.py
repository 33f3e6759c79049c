"""Whether an emitted file is still what its spec gives, and still as it was emitted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archc.api import Spec, load, parse_setting, split_reference
from archc.diagnostics import CompileError, Diagnostic
from archc.emitted.command import EmitCommand
from archc.emitted.stamp import Stamp, read_stamp
from archc.source import read_source
from archc.source.locate import zoo


@dataclass(frozen=True, slots=True)
class Standing:
    """How an emitted file stands.

    `stale` tells whether its spec has changed, None where the spec is not to be found; `broken`
    that what has become of the spec is no valid spec.
    """

    stamp: Stamp
    stale: bool | None
    broken: bool = False

    @property
    def edited(self) -> bool:
        """Whether the file was changed since it was emitted."""
        return not self.stamp.intact


def check(path: Path, reference: str = "") -> Standing:
    """How an emitted file stands to the spec that its stamp names, or to `reference`.

    A path in the stamp is followed from the current folder, then from the file's. `reference`
    takes the place of the spec alone: variant, unless it names one, and settings stay.

    Raises `CompileError` where the file can't be read or was not emitted by archc
    (`not-emitted`), and where the spec `reference` can't be loaded.
    """
    stamp = read_stamp(read_source(path).text)
    if stamp is None:
        message = f"`{path}` was not emitted by archc: it has no stamp that says from what"
        raise CompileError([Diagnostic("not-emitted", message)])
    if reference:
        return Standing(stamp, not stamp.is_of(_given(stamp.command, reference)))
    found = next(_places(stamp.command, path.parent), None)
    if found is None:
        return Standing(stamp, None)
    try:
        return Standing(stamp, not stamp.is_of(_loaded(stamp.command, *found)))
    except CompileError:
        # It was valid when the file was emitted. What is wrong with it is not shown: the stamp
        # may come from a stranger, and name a file that is none of theirs.
        return Standing(stamp, stale=True, broken=True)


def _given(command: EmitCommand, reference: str) -> Spec:
    name, variant = split_reference(reference)
    _, recorded = split_reference(command.reference)
    return _loaded(command, f"{name}@{variant or recorded}" if variant or recorded else name)


def _places(command: EmitCommand, beside: Path) -> Iterator[tuple[str, Path]]:
    """The references under which a spec is, each with the folder that its paths start at."""
    for folder in (Path(), beside):
        reference = os.fspath(folder / command.reference)
        with suppress(OSError):  # a name that is too long to be one
            name, _ = split_reference(reference)
            if Path(name).is_file() or name in zoo():
                yield reference, folder


def _loaded(command: EmitCommand, reference: str, folder: Path = Path()) -> Spec:
    """The spec with the command's settings. Raises `CompileError`."""
    spec = load(reference, search=[folder / each for each in command.search])
    settings = tuple(parse_setting(text) for text in command.settings)
    return Spec(spec.family, spec.chosen, settings, spec.search)
