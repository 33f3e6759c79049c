"""Numbers drawn at random without one coming twice, in constant memory."""

from __future__ import annotations

import random
from collections.abc import Iterator

_ROUNDS = 4


def shuffled(count: int, size: int, seed: int) -> Iterator[int]:
    """The first `size` of the numbers below `count` in an order that hangs on `seed`.

    A Feistel network is a permutation of the numbers of 2k bits; those that leave the range walk
    on until they come back (Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002).
    """
    draw = random.Random(seed)
    keys = [draw.getrandbits(64) | 1 for _ in range(_ROUNDS)]
    half = max(1, -(-(count - 1).bit_length() // 2))
    for start in range(min(size, count)):
        number = _permuted(start, half, keys)
        while number >= count:
            number = _permuted(number, half, keys)
        yield number


def _permuted(number: int, half: int, keys: list[int]) -> int:
    mask = (1 << half) - 1
    left, right = number >> half, number & mask
    for key in keys:
        mixed = ((right + 1) * key ^ (key >> 7)) & (1 << 64) - 1
        mixed = (mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
        left, right = right, left ^ (mixed >> 20) & mask
    return left << half | right
