"""When to look at a spec anew: after a save that is whole, and once for saves close together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archc.cli.watching.disk import Folders, Stamps, folders_of, stamps, texts
from archc.cli.watching.subject import Outcome, Subject

QUIET_MS = 20
"""Saves that follow each other faster than this are one."""

GROUPED_MS = 60
"""What is saved without a pause is looked at this often all the same."""

TICK_MS = 100
"""How often to look at the files themselves: not all that happens to them is reported, such as
what happens to a folder above, on a network drive, or while the watched folders change.
"""

GRACE_SECONDS = 0.03
"""How long a spec must stay wrong before it is told: an editor may be in the midst of a save."""

_ROUNDS = 20

Wakes = Callable[[Callable[[], Folders]], Iterator[None]]
"""From the folders to watch, asked for again each time, to moments when a file may differ."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a spec came to, and the files that made it so."""

    files: Stamps
    texts: dict[Path, str]
    outcome: Outcome


def looks(
    subject: Subject, wakes: Wakes, pause: Callable[[float], None] = time.sleep
) -> Iterator[Look]:
    """The spec as it is, and again after every save that changed a text of its files."""
    look = _settled(subject, pause)
    yield look

    def folders() -> Folders:
        return folders_of(look.files)

    for _ in wakes(folders):
        if stamps(look.files) == look.files:
            continue
        before, look = look, _settled(subject, pause)
        if look.texts != before.texts:
            yield look


def _settled(subject: Subject, pause: Callable[[float], None]) -> Look:
    """A look at files that did not change meanwhile, however often it takes, within reason."""
    for _ in range(_ROUNDS):
        look = _look(subject)
        if look.outcome.graph is None:
            pause(GRACE_SECONDS)
        if stamps(subject.files()) == look.files:
            break
    return look


def _look(subject: Subject) -> Look:
    files = subject.files()
    return Look(stamps(files), texts(files), subject.outcome())


def wakes_on_disk(folders: Callable[[], Folders]) -> Iterator[None]:
    """Moments when something in the folders changed, and every tick; without an end.

    Needs the library watchfiles. Raises `KeyboardInterrupt` on Ctrl-C.
    """
    from watchfiles import watch

    while True:
        watched = folders()
        try:
            for _ in watch(
                *watched,
                watch_filter=None,
                debounce=GROUPED_MS,
                step=QUIET_MS,
                rust_timeout=TICK_MS,
                yield_on_timeout=True,
                recursive=False,
                ignore_permission_denied=True,
            ):
                yield
                if folders() != watched:
                    break
        except (OSError, RuntimeError):
            # A folder went before it could be watched, or the system watches no more of them.
            time.sleep(TICK_MS / 1000)
            yield
