"""Which file a name means: a spec of the zoo, a library beside the spec, a shipped library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from archc.diagnostics import CompileError, Diagnostic, Span, one_of, renaming
from archc.resources import specs_folder


class Place(NamedTuple):
    """A file, and the folder that it may reach: what it uses lies there or in the zoo."""

    path: Path
    root: Path

    @property
    def shown(self) -> str:
        """The path as a user would type it: relative where the file is below the current folder."""
        try:
            return os.fspath(self.path.relative_to(Path.cwd()))
        except (ValueError, OSError):
            return os.fspath(self.path)


def locate_spec(reference: str) -> Place:
    """The file of `specs/mine.yaml` or of the zoo's `resnet50`.

    Raises `CompileError` (`spec-unknown`) for a name that is no spec of the zoo.
    """
    path = Path(reference)
    looks_like_path = path.suffix in (".yaml", ".yml") or os.sep in reference or is_there(path)
    if looks_like_path:
        # The current folder may be gone, which a path of its own start does not care for.
        absolute = path if path.is_absolute() else Path.cwd() / path
        return Place(absolute, absolute.parent)
    names = zoo()
    if reference in names:
        return Place(names[reference], specs_folder())
    raise CompileError(
        [
            Diagnostic(
                "spec-unknown",
                f"no spec `{reference}`: it is neither a file nor a spec of the zoo",
                helps=(one_of(reference, names, "specs of the zoo"),),
            )
        ]
    )


def zoo() -> dict[str, Path]:
    """The shipped specs, name → file."""
    folder = specs_folder()
    files = sorted([name for name in os.listdir(folder) if name.endswith(".yaml")])  # noqa: PTH208
    return {name.removesuffix(".yaml"): folder / name for name in files}


def locate_reference(
    reference: str, span: Span, user: Place, search: Sequence[Path], code: str
) -> Place:
    """The file that a `use:` or `extends:` of the file `user` names.

    It is looked for beside the user, in the user's root, in the search path and in the zoo; what
    is found must lie inside the root that it was found from, symbolic links followed.
    """
    if "\0" in reference or "\\" in reference:
        message = f"expected the path of a file with `/` between folders, found `{reference}`"
        raise CompileError([Diagnostic(code, message, span)])
    if Path(reference).is_absolute():
        raise _refused(reference, span, code)
    for place in candidates(reference, user, search):
        if not is_there(place.path):
            continue
        if not place.path.resolve().is_relative_to(place.root.resolve()):
            raise _refused(reference, span, code)
        return place
    if ".." in Path(reference).parts:
        raise _refused(reference, span, code)
    roots = dict.fromkeys(_roots(user, search))
    known = {name for root in roots for name in _files_below(root)}
    raise CompileError(
        [
            Diagnostic(
                code,
                f"no file `{reference}` beside the spec or among the shipped specs",
                span,
                helps=(one_of(reference, sorted(known), "files here"),),
                fix=renaming(span, reference, known),
            )
        ]
    )


def candidates(reference: str, user: Place, search: Sequence[Path]) -> list[Place]:
    """Where a reference of the file `user` is looked for, in order; nothing need be there."""
    beside = (user.path.parent / reference, user.root)
    below = [(root / reference, root) for root in _roots(user, search)]
    return [Place(Path(os.path.normpath(path)), root) for path, root in (beside, *below)]


def _files_below(root: Path) -> list[str]:
    """The files of a folder that could be meant; none of one that can't be looked into."""
    try:
        return [
            os.fspath(path.relative_to(root))
            for pattern in ("*.yaml", "blocks/*.yaml")
            for path in root.glob(pattern)
        ]
    except (OSError, ValueError):
        return []


def is_there(path: Path) -> bool:
    """Whether something is at a path; nothing is in a folder that may not be looked into, and at
    a name that is too long to be one.
    """
    return os.path.exists(path)  # noqa: PTH110  (Path.exists raises there)


def _roots(user: Place, search: Sequence[Path]) -> list[Path]:
    return [user.root, *search, specs_folder()]


def _refused(reference: str, span: Span, code: str) -> CompileError:
    return CompileError(
        [
            Diagnostic(
                code,
                f"`{reference}` lies outside the spec's folder",
                span,
                helps=("move the file beside the spec, or give its folder with `--search-path`",),
            )
        ]
    )
