"""Whether an emitted file is still what its spec gives, and still as it was emitted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
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
    that what has become of the spec is no valid spec. `asked` is the variant that it was held
    against, where it is of another. `again` emits the file anew, from the current folder.
    """

    stamp: Stamp
    again: EmitCommand
    stale: bool | None
    broken: bool = False
    asked: str = ""

    @property
    def edited(self) -> bool:
        """Whether the file was changed since it was emitted."""
        return not self.stamp.intact


def check(path: Path, reference: str = "") -> Standing:
    """How an emitted file stands to the spec that its stamp names, or to `reference`.

    A path in the stamp is followed from the current folder, then from the file's. `reference`
    takes the place of the spec alone: settings stay, and so does the variant. A variant that it
    names is compared with the file's.

    Raises `CompileError` where the file can't be read or was not emitted by archc
    (`not-emitted`), and where the spec `reference` can't be loaded.
    """
    stamp = read_stamp(read_source(path).text)
    if stamp is None:
        message = f"`{path}` was not emitted by archc: it has no stamp that says from what"
        raise CompileError([Diagnostic("not-emitted", message)])
    if reference:
        return _against(stamp, reference)
    command = next(_places(stamp.command, path.parent), None)
    if command is None:
        return Standing(stamp, stamp.command, None)
    try:
        return Standing(stamp, command, not stamp.is_of(_loaded(command)))
    except CompileError:
        # It was valid when the file was emitted. What is wrong with it is not shown: the stamp
        # may come from a stranger, and name a file that is none of theirs.
        return Standing(stamp, command, stale=True, broken=True)


def _against(stamp: Stamp, reference: str) -> Standing:
    """How a file stands to a spec that is given. Raises `CompileError`."""
    name, asked = split_reference(reference)
    _, own = split_reference(stamp.command.reference)
    variant = asked or own
    again = replace(stamp.command, reference=f"{name}@{variant}" if variant else name)
    current = stamp.is_of(_loaded(again))
    if current or asked is None or asked == own:
        return Standing(stamp, again, not current)
    try:
        own_command = replace(stamp.command, reference=f"{name}@{own}" if own else name)
        return Standing(stamp, again, not stamp.is_of(_loaded(own_command)), asked=asked)
    except CompileError:
        return Standing(stamp, again, stale=True, asked=asked)


def _places(command: EmitCommand, beside: Path) -> Iterator[EmitCommand]:
    """The command with its paths from the current folder, for each folder where the spec is."""
    for folder in (Path(), beside):
        reference = (folder / command.reference).as_posix()
        with suppress(OSError):  # a name that is too long to be one
            name, _ = split_reference(reference)
            if Path(name).is_file() or name in zoo():
                search = tuple((folder / each).as_posix() for each in command.search)
                templates = (folder / command.templates).as_posix() if command.templates else ""
                yield replace(command, reference=reference, search=search, templates=templates)


def _loaded(command: EmitCommand) -> Spec:
    """The spec with the command's settings. Raises `CompileError`."""
    spec = load(command.reference, search=command.search)
    settings = tuple(parse_setting(text) for text in command.settings)
    return Spec(spec.family, spec.chosen, settings, spec.search)
