"""Tensors in PyTorch's files, by its own reader of weights, which executes nothing of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_NESTED = ("state_dict", "model", "model_state_dict")
"""Under which of these a checkpoint that holds more has its weights."""


def load_tensors(path: Path, *, mapped: bool) -> tuple[dict[str, torch.Tensor], str]:
    """The tensors of a state_dict, and the name under which it stands if the file holds more.

    They are on the CPU; those of a `mapped` file are read from the disk where they are used.
    There are none where the file holds something else.

    Raises `ImportError` where PyTorch is not installed, `pickle.UnpicklingError` where the file
    holds more than plain values and tensors, and whatever PyTorch raises where it is damaged.
    """
    import torch

    with warnings.catch_warnings():
        # Of what is odd in a file, and then refused.
        warnings.simplefilter("ignore")
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    if not isinstance(loaded, Mapping):
        return {}, ""
    places = [("", loaded), *((name, loaded.get(name)) for name in _NESTED)]
    found = ((_own_tensors(held), name) for name, held in places if isinstance(held, Mapping))
    return next((each for each in found if each[0]), ({}, ""))


def _own_tensors(held: Mapping[object, object]) -> dict[str, torch.Tensor]:
    import torch

    return {
        name: value
        for name, value in held.items()
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }
