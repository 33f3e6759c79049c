"""`--fix`: the sure changes that diagnostics bring, spliced into the files that may be changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from archc.api import split_reference
from archc.atomic import CannotWrite, write_text_atomic
from archc.cli.terminal import remark
from archc.diagnostics import CompileError, Diagnostic, Edit, Fix, SourceText
from archc.diagnostics.printable import printable
from archc.resources import specs_folder
from archc.source import read_source
from archc.source.characters import BYTE_ORDER_MARK
from archc.source.locate import is_there, locate_spec, zoo
from archc.source.splice import Splices


def make_fixes(reference: str, diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Carry out the fixes in the spec and the files below its folder, each file whole or not.

    What ships with archc is left alone, unless the spec itself is given as a file among it.
    Where two fixes overlap the first is made. Gives a line for each fix. Raises `CompileError`
    (`cannot-write`).
    """
    reach = _reach(reference)
    lines = []
    for source, fixes in _by_source(diagnostics).items():
        path = Path(source.path)
        if reach is not None and _is_within(path, reach) and _is_as_read(path, source):
            made = _apart(fixes)
            _write(path, source, [edit for fix in made for edit in fix.edits])
            lines += [f"fixed {fix.edits[0].span}: {printable(fix.title)}" for fix in made]
    return lines


def _reach(reference: str) -> Path | None:
    """The folder whose files may be changed; None for a spec that is named, not given."""
    name, _ = split_reference(reference)
    if name in zoo() and not is_there(Path(name)):
        return None
    try:
        return locate_spec(name).root.resolve()
    except CompileError:
        return None


def _is_within(path: Path, reach: Path) -> bool:
    place, shipped = path.resolve(), specs_folder().resolve()
    if place.is_relative_to(shipped) and not reach.is_relative_to(shipped):
        return False
    return place.is_relative_to(reach)


def _is_as_read(path: Path, source: SourceText) -> bool:
    """Whether the file still has the text that was checked; a setting's text is in no file."""
    try:
        return read_source(path).text == source.text
    except CompileError:
        return False


def _by_source(diagnostics: Iterable[Diagnostic]) -> dict[SourceText, list[Fix]]:
    found: dict[SourceText, list[Fix]] = defaultdict(list)
    for diagnostic in diagnostics:
        if diagnostic.fix is not None:
            found[diagnostic.fix.edits[0].span.source].append(diagnostic.fix)
    return found


def _apart(fixes: Sequence[Fix]) -> list[Fix]:
    """The fixes that change nothing that one before them changes."""
    made: list[Fix] = []
    for fix in fixes:
        if not any(_overlap(edit, other) for edit in fix.edits for m in made for other in m.edits):
            made.append(fix)
    return made


def _overlap(one: Edit, other: Edit) -> bool:
    return one.span.start < other.span.end and other.span.start < one.span.end


def _write(path: Path, source: SourceText, edits: Iterable[Edit]) -> None:
    splices = Splices(source.text)
    for edit in edits:
        splices.replace(edit.span, edit.text)
    mark = BYTE_ORDER_MARK if path.read_bytes().startswith(BYTE_ORDER_MARK.encode()) else ""
    try:
        write_text_atomic(path, mark + splices.result())
    except CannotWrite as error:
        raise CompileError([Diagnostic("cannot-write", error.message)]) from None


def show_fixes(lines: Iterable[str]) -> None:
    """A line for each fix, on stderr: what is on stdout stays as it would be without."""
    for line in lines:
        remark(line)
