"""Offsets of a text in another version of it."""

from __future__ import annotations


def carried(offset: int, here: str, there: str) -> int | None:
    """An offset of one version in another; None inside of what differs."""
    if here == there:
        return offset
    before = _alike(here, there)
    if offset < before:
        return offset
    after = _alike(here[before:][::-1], there[before:][::-1])
    return offset + len(there) - len(here) if offset >= len(here) - after else None


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with together."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
