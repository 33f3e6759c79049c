"""How far a long loop is, on stderr where that is a terminal, from the first second on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from archc.cli.telling import telling
from archc.cli.terminal import colours

Item = TypeVar("Item")

PATIENCE = 1.0
"""Seconds before anything is shown."""

_EVERY = 256


def tracked(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """The items, with a bar that counts them where they take long."""
    if not sys.stderr.isatty() or telling().form == "json":
        yield from items
        return
    remaining = iter(items)
    started = time.monotonic()
    done = 0
    for item in remaining:
        yield item
        done += 1
        if done % _EVERY == 0 and time.monotonic() - started > PATIENCE:
            break
    yield from _with_bar(remaining, done, total, what)


def _with_bar(items: Iterator[Item], done: int, total: int, what: str) -> Iterator[Item]:
    first = next(items, None)
    if first is None:
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    console = Console(stderr=True, no_color=not colours(sys.stderr))
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), Remaining())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total, completed=done)
        yield first
        for place, item in enumerate(items, 1):
            yield item
            if place % _EVERY == 0:
                bar.update(task, completed=done + place)
