"""What an HDF5 file of Keras has: weights as Keras 3 saves them, and the legacy format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from archc.weights.file_limits import MAX_ARRAYS, MAX_DEPTH
from archc.weights.hdf5_tree import Hdf5Array, Hdf5Tree
from archc.weights.weight_file import refuse_file

_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
"""Where a model of Keras 3 has its layers, and where Keras 2.13 had them."""

_NOT_LAYERS = frozenset(["optimizer", "seed_generator", "_metrics", "_loss_tracker"])


def keras_arrays_of(
    tree: Hdf5Tree, file: Any, names: Mapping[str, str]
) -> tuple[str, list[Hdf5Array]]:
    """What an open file is, and its arrays: `layer/kernel`, or `layer/0` where it has numbers only.

    `names` are those of layers by their place in the file (`layers/conv2d_3`), which a file of an
    early Keras 3 does not have itself. Raises `CompileError` (`weights-file`) where it is no file
    of Keras or has links to other files, and what h5py raises where it is damaged.
    """
    root = tree.descend(file, "model_weights") if "model_weights" in file else file
    if tree.texts(root, "layer_names"):
        return "Keras, legacy HDF5", list(_legacy(tree, root))
    container = next((name for name in _CONTAINERS if name in file), "")
    if not container and "vars" not in file:
        refuse_file(f"expected weights of Keras, found `{tree.path}`, an HDF5 file of others")
    start = tree.descend(file, container)
    return "Keras, HDF5", list(_Walk(tree, names).below(start, container, ()))


def _legacy(tree: Hdf5Tree, root: Any) -> Iterator[Hdf5Array]:
    for layer in tree.texts(root, "layer_names"):
        group = tree.descend(root, layer)
        for name in tree.texts(group, "weight_names"):
            yield tree.array(_legacy_name(layer, name), tree.descend(group, name))


def _legacy_name(layer: str, name: str) -> str:
    """`conv1/kernel:0` and `conv1_2/kernel:0` of the layer `conv1` are its `conv1/kernel`."""
    *scopes, label = re.sub(r":\d+$", "", name).split("/")
    if scopes and re.fullmatch(rf"{re.escape(layer)}(_\d+)?", scopes[0]):
        scopes = scopes[1:]
    return "/".join([layer, *scopes, label])


class _Walk:
    """Groups of a file of Keras 3: those that hold `vars` are layers or parts of one."""

    def __init__(self, tree: Hdf5Tree, names: Mapping[str, str]) -> None:
        self._tree = tree
        self._names = names
        self._found = 0

    def below(self, group: Any, place: str, path: tuple[str, ...]) -> Iterator[Hdf5Array]:
        """The arrays below a group at `place`, whose layers are named by `path`."""
        import h5py

        if place.count("/") > MAX_DEPTH:
            self._tree.refuse("groups too deep inside one another")
        for name, child in self._tree.children(group):
            if name in _NOT_LAYERS or not isinstance(child, h5py.Group):
                continue
            self._found += 1
            if self._found > MAX_ARRAYS:
                self._tree.refuse("too many groups")
            if name == "vars":
                yield from self._variables(child, path)
            else:
                inner = f"{place}/{name}".lstrip("/")
                yield from self.below(child, inner, (*path, *self._named(child, inner)))

    def _variables(self, group: Any, path: tuple[str, ...]) -> Iterator[Hdf5Array]:
        for number, held in self._tree.children(group):
            yield self._tree.array("/".join([*path, number]), held)

    def _named(self, group: Any, place: str) -> tuple[str, ...]:
        """The name of the layer that a group is; none where it only holds layers."""
        if "vars" not in group:
            return ()
        own = self._tree.text(self._tree.descend(group, "vars"), "name")
        return (own or self._names.get(place) or place.rpartition("/")[2],)
