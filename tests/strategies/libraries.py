"""The shipped libraries: how the strategies call their blocks."""

from __future__ import annotations

from collections.abc import Iterable

from tests.strategies.body import Signature
from tests.strategies.naive_spec import library_file

KINDS = {
    "filters": "filters",
    "kernel": "kernel",
    "stride": "stride",
    "dilation": "dilation",
    "activation": "activation",
    "reduced": "filters",
    "expand": "times",
    "drop_path": "rate",
    "squeeze_ratio": "rate",
}
"""The kind of each arg that is given now and then; all others keep their defaults."""


def signatures_of(libraries: Iterable[str]) -> list[Signature]:
    """The blocks of these libraries, as a spec may call them."""
    units = {
        name: unit for each in libraries for name, unit in library_file(each, {}).units.items()
    }
    return [
        Signature(
            name,
            {arg: KINDS[arg] for arg in unit.args if arg in KINDS},
            frozenset(arg for arg, default in unit.args.items() if default != "required"),
        )
        for name, unit in units.items()
    ]
