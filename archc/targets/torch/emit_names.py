"""Names in emitted source: of classes, of variables, and those that it needs for itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from keyword import iskeyword
from pathlib import Path

from archc.emission.functions import definitions, language_functions

MODULES = Path(__file__).with_name("modules.py")
"""The classes that PyTorch lacks, which are copied into the source that uses them."""

_TAKEN = frozenset(
    {
        *("F", "math", "nn", "partial", "self", "super", "torch"),
        *("abs", "enumerate", "int", "len", "max", "min", "print", "range", "round", "sum"),
        "tuple",
    }
)


@cache
def reserved() -> frozenset[str]:
    """Names that the source itself uses: no parameter, local, variable or table may have one."""
    return _TAKEN | definitions(MODULES) | language_functions()


def checked(name: str) -> str:
    """The name, which is an identifier of plain letters, digits and `_`, and no keyword."""
    assert name.isascii(), name
    assert name.isidentifier(), name
    assert not iskeyword(name), name
    return name


def class_name(identifier: str, kind: str) -> str:
    """`mobilenet_v2` → `MobilenetV2`; the block `none` → `NoneBlock`.

    It is no keyword, and none of the names that the source needs.
    """
    made = "".join(part[:1].upper() + part[1:] for part in identifier.split("_"))
    return f"{made}{kind.capitalize()}" if iskeyword(made) or made in reserved() else made


def fresh(wish: str, taken: Iterable[str]) -> str:
    """The name wished for, with a number where it is taken."""
    known = set(taken)
    name, number = wish, 1
    while name in known:
        number += 1
        name = numbered(wish, str(number))
    return name


def numbered(stem: str, number: str) -> str:
    """`conv1`, and `conv1_2` where digits would run into each other."""
    return f"{stem}_{number}" if stem[-1].isdigit() else f"{stem}{number}"


def plural(word: str) -> str:
    """`block` → `blocks`, `branch` → `branches`."""
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"
