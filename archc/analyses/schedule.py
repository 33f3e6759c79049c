"""In which order to run a stretch of layers, so that few numbers are held at once."""

from __future__ import annotations

from bisect import insort
from typing import NamedTuple

Task = tuple[int, int, tuple[int, ...]]
"""The size of what a task gives, of what it holds besides while it runs, and the distinct
positions of the tensors that it takes."""

_MOST_STATES = 300
"""Sets of finished tasks that the exact search looks at before it gives up: a residual block has
about thirty, a cell of NASNet thousands."""

_MOST_READY = 32
"""Ready tasks that the greedy order compares; more would make a wide network's cost square."""


class Stretch(NamedTuple):
    """Tasks between two places where one tensor alone is held.

    Tensors are numbered: first the `entering` ones, given by their sizes, then one for each task.
    `kept` are those that must be there at the end.
    """

    entering: tuple[int, ...]
    tasks: tuple[Task, ...]
    kept: frozenset[int]


class Schedule(NamedTuple):
    """An order of a stretch's tasks and what is held while each runs, by task, not by turn.

    `exact` says that no order has a lower peak.
    """

    order: tuple[int, ...]
    held: tuple[int, ...]
    exact: bool


def schedule(stretch: Stretch) -> Schedule:
    """The order of the least peak where that is found soon, else the better of the given one and
    a greedy one; the given one where they are equal.
    """
    least = _least(stretch)
    given = tuple(range(len(stretch.tasks)))
    held = held_by(stretch, given)
    if max(held) == least:
        return Schedule(given, held, True)
    order = _greedy_order(stretch)
    other = held_by(stretch, order)
    if max(other) == least:
        return Schedule(order, other, True)
    best = _exact_order(stretch)
    if best is not None:
        order, other = best, held_by(stretch, best)
    if max(other) < max(held):
        return Schedule(order, other, best is not None)
    return Schedule(given, held, best is not None)


def _least(stretch: Stretch) -> int:
    """What no order can stay below: some task needs all that it takes and gives."""
    sizes = _sizes(stretch)
    return max(
        [
            size + besides + sum([sizes[tensor] for tensor in inputs])
            for size, besides, inputs in stretch.tasks
        ]
    )


def held_by(stretch: Stretch, order: tuple[int, ...]) -> tuple[int, ...]:
    """How much is held while each task runs, if they run in this order: all that is still to be
    taken or kept, what the task gives, and what it holds besides.
    """
    sizes = _sizes(stretch)
    waiting = _takers(stretch)
    held = sum(stretch.entering)
    found = [0] * len(order)
    for task in order:
        size, besides, inputs = stretch.tasks[task]
        held += size
        found[task] = held + besides
        for tensor in inputs:
            waiting[tensor] -= 1
            if not waiting[tensor]:
                held -= sizes[tensor]
    return tuple(found)


def _sizes(stretch: Stretch) -> list[int]:
    return [*stretch.entering, *[task[0] for task in stretch.tasks]]


def _takers(stretch: Stretch) -> list[int]:
    """How many tasks take each tensor; one more where it is kept."""
    counts = [int(t in stretch.kept) for t in range(len(stretch.entering) + len(stretch.tasks))]
    for _, _, inputs in stretch.tasks:
        for tensor in inputs:
            counts[tensor] += 1
    return counts


def _greedy_order(stretch: Stretch) -> tuple[int, ...]:
    """Always the ready task after which least is held; in doubt the one written first."""
    sizes, waiting = _sizes(stretch), _takers(stretch)
    first = len(stretch.entering)
    missing = [sum(tensor >= first for tensor in task[2]) for task in stretch.tasks]
    takers: list[list[int]] = [[] for _ in sizes]
    for turn, task in enumerate(stretch.tasks):
        for tensor in task[2]:
            takers[tensor].append(turn)
    ready = [turn for turn, count in enumerate(missing) if not count]
    order = []

    def growth(turn: int) -> tuple[int, int]:
        size, besides, inputs = stretch.tasks[turn]
        freed = sum([sizes[tensor] for tensor in inputs if waiting[tensor] == 1])
        return size - freed, size + besides

    while ready:
        turn = min(ready[:_MOST_READY], key=growth)
        ready.remove(turn)
        order.append(turn)
        for tensor in stretch.tasks[turn][2]:
            waiting[tensor] -= 1
        for taker in takers[first + turn]:
            missing[taker] -= 1
            if not missing[taker]:
                insort(ready, taker)
    return tuple(order)


_Path = tuple["_Path", int] | None


def _exact_order(stretch: Stretch) -> tuple[int, ...] | None:
    """The order of the least peak; None where there are too many to tell.

    What is held follows from which tasks are finished, not from their order: so the least peak
    with which each set of finished tasks can be reached is found set by set, smaller ones first.
    """
    if len(stretch.tasks) > _MOST_STATES:
        return None
    moves = _moves(stretch)
    reached: dict[int, tuple[int, int, _Path]] = {0: (0, sum(stretch.entering), None)}
    seen = 0
    for _ in stretch.tasks:
        following: dict[int, tuple[int, int, _Path]] = {}
        seen += len(reached)
        if seen > _MOST_STATES:
            return None
        for done, (peak, held, path) in reached.items():
            for turn, (bit, needed, grown, besides, frees) in enumerate(moves):
                if done & bit or needed & ~done:
                    continue
                now = done | bit
                higher = max(peak, held + grown + besides)
                if now in following and following[now][0] <= higher:
                    continue
                freed = sum([size for takers, size in frees if not takers & ~now])
                following[now] = (higher, held + grown - freed, (path, turn))
        reached = following
    ((_, _, path),) = reached.values()
    return _unrolled(path)


def _moves(stretch: Stretch) -> list[tuple[int, int, int, int, list[tuple[int, int]]]]:
    """For each task its bit, those it waits for, what it gives, what it holds besides, and of
    each tensor that it takes and may free: the tasks that take it, and its size.
    """
    sizes = _sizes(stretch)
    first = len(stretch.entering)
    takers = [0] * len(sizes)
    for turn, task in enumerate(stretch.tasks):
        for tensor in task[2]:
            takers[tensor] |= 1 << turn
    moves = []
    for turn, (size, besides, inputs) in enumerate(stretch.tasks):
        needed = sum([1 << (tensor - first) for tensor in inputs if tensor >= first])
        frees = [(takers[t], sizes[t]) for t in inputs if t not in stretch.kept]
        moves.append((1 << turn, needed, size, besides, frees))
    return moves


def _unrolled(path: _Path) -> tuple[int, ...]:
    order: list[int] = []
    while path is not None:
        path, turn = path
        order.append(turn)
    return tuple(reversed(order))
