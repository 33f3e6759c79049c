"""Random arrays that depend on what they are for alone, drawn ahead in the background."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

_ALIGNMENT = 64
_WORTH_A_THREAD = 1 << 14
_MOST_THREADS = 4
_STRETCH = 1 << 18


@dataclass(frozen=True, slots=True)
class Distribution:
    """`uniform` within `spread` of 0; `normal` around 0 with that standard deviation.

    `truncated_normal` draws values beyond two standard deviations anew, as Keras does: what comes
    out has a deviation of 0.8796 · spread.
    """

    kind: Literal["uniform", "normal", "truncated_normal"]
    center: float
    spread: float


@dataclass(frozen=True, slots=True)
class Request:
    """An array to draw: the path of its weight, and what it is to be like."""

    path: str
    shape: tuple[int, ...]
    distribution: Distribution
    dtype: Literal["float32", "float64"]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Draws:
    """Draws arrays for one seed. An array depends on the seed and the request, not on the order.

    As a context it draws the planned requests in background threads; numpy lets go of the
    interpreter meanwhile. Who takes one that no thread has begun draws it itself.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ahead: dict[Request, Future[NDArray[np.floating]]] = {}
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        self._ahead.clear()

    def plan(self, requests: Iterable[Request]) -> None:
        """Begin to draw what will be taken, best in the order in which it will be."""
        threads = min(_usable_cores() - 1, _MOST_THREADS)
        large = [request for request in requests if request.size >= _WORTH_A_THREAD]
        if threads < 1 or not large:
            return
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="archc-draws")
        for request in large:
            self._ahead[request] = self._threads.submit(draw, self._seed, request)

    def take(self, request: Request) -> NDArray[np.floating]:
        """The array of a request: its owner's to keep and to change."""
        ahead = self._ahead.pop(request, None)
        if ahead is None or ahead.cancel():
            return draw(self._seed, request)
        return ahead.result()


def draw(seed: int, request: Request) -> NDArray[np.floating]:
    """The array for a request, aligned to 64 bytes, as TensorFlow asks of memory that it shares."""
    generator = np.random.Generator(np.random.SFC64(entropy(seed, request.path)))
    array = _aligned(request)
    distribution = request.distribution
    if distribution.kind == "uniform":
        _fill_uniform(array.reshape(-1), generator, 2 * distribution.spread)
    else:
        generator.standard_normal(dtype=array.dtype, out=array)
        if distribution.kind == "truncated_normal":
            _truncate(array.reshape(-1), generator)
        array *= distribution.spread
    if distribution.center:
        array += distribution.center
    return array


def _fill_uniform(flat: NDArray[np.floating], generator: np.random.Generator, width: float) -> None:
    """Uniform values around 0, in stretches that the processor's cache holds."""
    for start in range(0, flat.size, _STRETCH):
        stretch = flat[start : start + _STRETCH]
        unit = _unit32 if flat.dtype == np.float32 else _unit64
        np.multiply(unit(generator, stretch.size), width, out=stretch)


def _unit32(generator: np.random.Generator, count: int) -> NDArray[np.floating]:
    """Values from −½ to ½: random bits as the mantissas of numbers from 1 to 2, less 1½.

    It takes half the time of `Generator.random`, which uses half of the bits that it draws.
    """
    words = generator.integers(0, 2**64 - 1, -(-count // 2), dtype=np.uint64, endpoint=True)
    bits = words.view(np.uint32)[:count]
    bits >>= 9
    bits |= 0x3F800000
    return bits.view(np.float32) - np.float32(1.5)


def _unit64(generator: np.random.Generator, count: int) -> NDArray[np.floating]:
    return generator.random(count) - 0.5


def _truncate(flat: NDArray[np.floating], generator: np.random.Generator) -> None:
    beyond = np.flatnonzero(np.abs(flat) > 2)
    while beyond.size:
        flat[beyond] = generator.standard_normal(beyond.size, dtype=flat.dtype)
        beyond = beyond[np.abs(flat[beyond]) > 2]


def _aligned(request: Request) -> NDArray[np.floating]:
    dtype = np.dtype(request.dtype)
    size = request.size * dtype.itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(request.shape)


def entropy(seed: int, path: str) -> int:
    """The seed for one path of a network that has a seed of its own."""
    digest = blake2b(f"{seed}/{path}".encode(), digest_size=16).digest()
    return int.from_bytes(digest, "big")


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
