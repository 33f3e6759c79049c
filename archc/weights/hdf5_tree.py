"""Steps through an HDF5 file from a stranger, none of which leave the file or have no end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, takewhile
from math import prod
from pathlib import Path
from typing import Any, NoReturn

from archc.weights.file_limits import MAX_ARRAYS, MAX_TEXT
from archc.weights.weight_file import refuse_file

_STEPS = 20 * MAX_ARRAYS
"""A name of an array may have that many parts, each a step; groups may hold themselves."""

_FILTERS = frozenset([1, 2, 3, 32000])
"""Deflate, shuffle, Fletcher-32 and LZF, which h5py brings; others load a library by its name."""

_CHUNK = 2**20
"""Values of a chunk beyond those of its array: a chunk is decompressed whole."""

_LONGEST_NAME = 1_000


@dataclass(frozen=True, slots=True)
class Hdf5Array:
    """A dataset under the name that it gets, and the type of its values, as numpy spells it."""

    name: str
    held: Any
    dtype: str


@dataclass
class Hdf5Tree:
    """The groups and arrays of the file at `path`; every step raises `CompileError` if refused."""

    path: Path
    _steps: int = field(default=0, init=False)

    def children(self, group: Any) -> Iterator[tuple[str, Any]]:
        """What stands in a group, by its names; those with numbers in the order of these."""
        for name in sorted(group, key=_natural):
            yield name, self._step(group, name)

    def descend(self, group: Any, path: str) -> Any:
        """What stands at a path below a group, in the file itself."""
        for name in path.split("/"):
            group = self._step(group, name) if name else group
        return group

    def text(self, holder: Any, name: str) -> str:
        """A short text among the attributes; empty where there is none."""
        found = self._attribute(holder, name) if name in holder.attrs else ""
        shown = found.decode("utf-8", "replace") if isinstance(found, bytes) else found
        return shown if isinstance(shown, str) and len(shown) <= _LONGEST_NAME else ""

    def texts(self, holder: Any, name: str) -> list[str]:
        """A list of texts among the attributes, which Keras writes in parts where it is long."""
        parts = takewhile(lambda part: part in holder.attrs, (f"{name}{n}" for n in count()))
        found = [
            self._attribute(holder, part) for part in ([name] if name in holder.attrs else parts)
        ]
        return [
            each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each)
            for part in found
            for each in part
        ]

    def array(self, name: str, held: Any) -> Hdf5Array:
        """An array of the file whose values stand in it, and take no more room than they say."""
        import h5py

        if not isinstance(held, h5py.Dataset) or held.shape is None:
            self.refuse(f"no array at `{name}`")
        if held.is_virtual or held.external:
            self.refuse(f"the values of `{name}` in another file")
        properties = held.id.get_create_plist()
        filters = {properties.get_filter(number)[0] for number in range(properties.get_nfilters())}
        if not filters <= _FILTERS:
            self.refuse(f"`{name}` in a compression that is not read")
        if prod(held.chunks or ()) > held.size + _CHUNK:
            self.refuse(f"`{name}` in parts that are larger than itself")
        brain_float = self.text(held, "dtype") == "bfloat16" and held.dtype.itemsize == 2
        return Hdf5Array(name, held, "bfloat16" if brain_float else held.dtype.str)

    def refuse(self, found: str) -> NoReturn:
        refuse_file(f"expected plain arrays in `{self.path}`, found {found}")

    def _step(self, group: Any, name: str) -> Any:
        import h5py

        self._steps += 1
        if self._steps > _STEPS:
            self.refuse("groups without end")
        place = f"{group.name.rstrip('/')}/{name}"
        if not isinstance(group, h5py.Group) or name not in group:
            self.refuse(f"nothing at `{place}`")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            self.refuse(f"a link to another place at `{place}`")
        return group[name]

    def _attribute(self, holder: Any, name: str) -> Any:
        attribute = holder.attrs.get_id(name)
        if prod(attribute.shape) * attribute.dtype.itemsize > MAX_TEXT:
            self.refuse(f"an attribute `{name}` that is too long")
        return holder.attrs[name]


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]
