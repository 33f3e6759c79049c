"""Which shipped library has a block: for who forgot to use it."""

from __future__ import annotations

from archc.resources import specs_folder
from archc.source import Mapping
from archc.source.locate import Place
from archc.spec.trees import read_tree


def library_of(block: str) -> str | None:
    """The library, as `use:` names it, that defines a block of this name, if one does."""
    folder = specs_folder()
    for path in sorted((folder / "blocks").glob("*.yaml")):
        blocks = read_tree(Place(path, folder)).get("define")
        if isinstance(blocks, Mapping) and block in blocks.entries:
            return path.relative_to(folder).as_posix()
    return None
