"""Arrays of a graph in a file of Keras: by layers, and inside of these by name or by order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from archc.graph import Graph
from archc.targets.keras.arrays import keras_arrays
from archc.weights.match import Match, Shape
from archc.weights.weight_file import StoredArray

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An array of the graph as a file may have it: `label` in `group`, a layer or part of one."""

    weight: str
    shape: Shape
    group: str
    label: str


def match_keras(
    graph: Graph,
    arrays: Iterable[StoredArray],
    names: Mapping[str, str],
    numbered: Mapping[str, str],
) -> list[Match]:
    """Each array of the graph with that of a file of Keras, in the order of the graph.

    `names` are those that the file has for the nodes. `numbered` are the nodes whose names there
    are a word and a number, and that word: Keras goes on counting from model to model, so these
    are taken in their order. Raises `CompileError` where Keras lacks what a layer asks for.
    """
    groups = _renumbered(_by_group(arrays), names, numbered)
    by_node: dict[str, list[list[_Wanted]]] = defaultdict(lambda: [[], []])
    for weight, place in keras_arrays(graph).items():
        node, _, own = weight.partition("/")
        shape = _shape(graph, node, own)
        held = f"{names[node]}{place.layer.removeprefix(node)}/{place.name}"
        by_node[node][0].append(_wanted(weight, shape, held))
        by_node[node][1].append(_wanted(weight, shape, f"{names[node]}/{own}"))
    wanted = [_likelier(options, groups) for options in by_node.values()]
    return [match for node in wanted for match in _matches(node, groups)]


def _shape(graph: Graph, node: str, own: str) -> Shape:
    return next(each.shape for each in graph.weights(graph.by_name[node]) if each.name == own)


def _wanted(weight: str, shape: Shape, path: str) -> _Wanted:
    group, _, label = path.rpartition("/")
    return _Wanted(weight, shape, group, label)


def _by_group(arrays: Iterable[StoredArray]) -> dict[str, list[StoredArray]]:
    found: dict[str, list[StoredArray]] = defaultdict(list)
    for array in arrays:
        found[array.group].append(array)
    return dict(found)


def _likelier(options: list[list[_Wanted]], groups: Mapping[str, object]) -> list[_Wanted]:
    """The node as archc builds it, which is two layers for some; or as one layer, if that fits."""
    held = [option for option in options if all(_found(each.group, groups) for each in option)]
    return (held or options)[0]


def _matches(node: list[_Wanted], groups: Mapping[str, list[StoredArray]]) -> Iterator[Match]:
    together: dict[str, list[_Wanted]] = defaultdict(list)
    for each in node:
        together[each.group].append(each)
    for group, wanted in together.items():
        stored = groups.get(_found(group, groups), [])
        for each, array in zip(wanted, _assigned(wanted, stored), strict=True):
            name = array.name if array else f"{each.group}/{each.label}"
            convert = partial(_reshaped, shape=each.shape)
            yield Match(each.weight, each.shape, name, each.shape, array, convert)


def _reshaped(values: np.ndarray, shape: Shape) -> np.ndarray:
    return values.reshape(shape)


def _assigned(wanted: list[_Wanted], stored: list[StoredArray]) -> list[StoredArray | None]:
    """The array for each: by number or name; by order where the names are others and as many."""
    by_label = {array.label: array for array in stored}
    if by_label and all(label.isdecimal() for label in by_label):
        return [by_label.get(str(number)) for number in range(len(wanted))]
    if len(by_label) == len(wanted) and by_label.keys() != {each.label for each in wanted}:
        return list(stored)
    return [by_label.get(each.label) for each in wanted]


def _found(group: str, groups: Mapping[str, object]) -> str:
    """The group of a file by that name, which may stand in a model inside of the model."""
    if group in groups:
        return group
    inner = [each for each in groups if each.endswith(f"/{group}")]
    return inner[0] if len(inner) == 1 else ""


def _renumbered(
    groups: dict[str, list[StoredArray]], names: Mapping[str, str], numbered: Mapping[str, str]
) -> dict[str, list[StoredArray]]:
    """The groups with numbers as the first model of a session would have them."""
    words: dict[str, list[str]] = defaultdict(list)
    for node, word in numbered.items():
        words[word].append(names[node])
    changed: dict[str, str] = {}
    for word, wanted in words.items():
        counted = [each for each in groups if re.fullmatch(rf"{re.escape(word)}(_\d+)?", each)]
        if len(counted) == len(wanted):
            changed.update(
                zip(sorted(counted, key=_number), sorted(wanted, key=_number), strict=True)
            )
    return {changed.get(group, group): arrays for group, arrays in groups.items()}


def _number(name: str) -> int:
    digits = re.search(r"_(\d+)$", name)
    return int(digits[1]) if digits else 0
