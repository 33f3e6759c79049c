"""What a weight file may hold: one from a stranger ends quickly, whatever it says of itself."""

from __future__ import annotations

from typing import Final

MAX_ARRAYS: Final = 100_000
"""Arrays of a file, and groups of an HDF5 file."""

MAX_DEPTH: Final = 40
"""Groups of an HDF5 file inside one another."""

MAX_TEXT: Final = 32 * 2**20
"""Bytes of a text inside of a file: a model's configuration, a list of names."""

_SPARE: Final = 64 * 2**20
_BYTES_PER_VALUE: Final = 64


def most_bytes(parameters: int) -> int:
    """The bytes that a file's compressed parts may become, for a network of so many parameters.

    That is room for values of 64 bits, a few times: an optimizer has two more of each.
    """
    return _SPARE + _BYTES_PER_VALUE * parameters
