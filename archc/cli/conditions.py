"""The options that say under which conditions costs are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from archc.analyses import OPTIMIZERS, PRECISIONS, Conditions

Command = TypeVar("Command", bound=Callable[..., object])


def conditions_options(command: Command) -> Command:
    """`--batch`, `--dtype` and `--optimizer`."""
    batch = click.option(
        "--batch",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        metavar="N",
        help="Count MACs and memory for N samples at once.",
    )
    dtype = click.option(
        "--dtype",
        type=click.Choice(list(PRECISIONS)),
        default="float32",
        show_default=True,
        help="Count memory in this format; mixed: weights in float32, activations in 16 bits.",
    )
    optimizer = click.option(
        "--optimizer",
        type=click.Choice(list(OPTIMIZERS)),
        default="adam",
        show_default=True,
        help="Count what this optimizer keeps.",
    )
    return batch(dtype(optimizer(command)))


def given_conditions(batch: int, dtype: str, optimizer: str) -> Conditions:
    """The conditions that the options say."""
    return Conditions(batch, PRECISIONS[dtype], optimizer)
