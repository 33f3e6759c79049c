"""Which files a spec is made from, whether it is right or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Items
from pathlib import Path

from archc.diagnostics import CompileError
from archc.source import Node, Scalar, Sequence
from archc.source.locate import Place, candidates, is_there
from archc.spec.settings import Setting
from archc.spec.trees import read_tree


def spec_files(
    place: Place, settings: Items[Setting] = (), search: Items[Path] = ()
) -> tuple[Path, ...]:
    """The files of the spec at `place`: itself, what it extends, and the libraries it uses.

    A reference stands for every path where it is looked for, up to the first where a file is, so
    that the files that would mend or change the spec are among them while they are missing. A
    file that can't be read names no others. Raises nothing.
    """
    files = dict.fromkeys([place.path])
    pending = [(place, [*_named_by(place), *_named_by_settings(settings)])]
    while pending:
        user, references = pending.pop()
        for reference in references:
            for found in _looked_for(reference, user, search):
                if found.path not in files:
                    files[found.path] = None
                    pending.append((found, _named_by(found)))
    return tuple(files)


def _looked_for(reference: str, user: Place, search: Items[Path]) -> Iterator[Place]:
    if "\0" in reference or Path(reference).is_absolute():
        return
    for place in candidates(reference, user, search):
        yield place
        if is_there(place.path):
            return


def _named_by(place: Place) -> list[str]:
    try:
        tree = read_tree(place)
    except CompileError:
        return []
    base = [text.partition("@")[0] for text in _texts(tree.get("extends"))]
    return [*base, *_texts(tree.get("use"))]


def _named_by_settings(settings: Items[Setting]) -> Iterable[str]:
    for path, value in settings:
        if path == "use" or path.startswith("use["):
            yield from _texts(value)


def _texts(node: Node | None) -> list[str]:
    items = node.items if isinstance(node, Sequence) else [node]
    return [item.text for item in items if isinstance(item, Scalar) and isinstance(item.value, str)]
