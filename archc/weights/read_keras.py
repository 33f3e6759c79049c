"""`.keras` files: an archive with the weights and the model's configuration, which names layers."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from archc.targets.keras.save import MARK
from archc.weights.read_hdf5 import open_hdf5
from archc.weights.weight_file import WeightFile
from archc.weights.zip_file import ZipMembers

WEIGHTS = "model.weights.h5"
_CONFIG = "config.json"


@contextmanager
def open_keras(path: Path, members: ZipMembers, most: int) -> Iterator[WeightFile]:
    """The arrays of a `.keras` file. Its configuration is read for names alone, nothing is built.

    Raises `CompileError` (`weights-file`) where it is damaged.
    """
    names = layer_places(members.text(_CONFIG)) if _CONFIG in members.names else {}
    own = MARK in members.names
    with (
        members.extracted(WEIGHTS) as extracted,
        open_hdf5(extracted, most, shown=path, names=names) as file,
    ):
        yield replace(file, described="a model of Keras", from_archc=own)


def layer_places(config: bytes) -> dict[str, str]:
    """`layers/conv2d_3` → the name of that layer, by a model's configuration.

    Keras names the places by the classes of the layers, and numbers those of one class.
    """
    try:
        return dict(_places(json.loads(config), "layers"))
    except (ValueError, RecursionError):
        return {}


def _places(model: Any, container: str) -> Iterator[tuple[str, str]]:
    made: Counter[str] = Counter()
    for layer in _layers(model):
        kind, name = layer.get("class_name"), layer["config"].get("name")
        if not isinstance(kind, str) or not isinstance(name, str):
            continue
        snake = _snake_case(kind)
        place = f"{container}/{snake}_{made[snake]}" if made[snake] else f"{container}/{snake}"
        made[snake] += 1
        yield place, name
        yield from _places(layer, f"{place}/layers")


def _layers(model: Any) -> list[Any]:
    config = model.get("config") if isinstance(model, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else None
    found = layers if isinstance(layers, list) else []
    return [
        layer
        for layer in found
        if isinstance(layer, dict) and isinstance(layer.get("config"), dict)
    ]


def _snake_case(name: str) -> str:
    """As Keras does it: `BatchNormalization` → `batch_normalization`, `Conv2D` → `conv2d`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
