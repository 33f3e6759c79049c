"""Which statements belong together: a path of the network is a paragraph of the source."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

from archc.emission.plan import Apply, Branch, CountLoop, Invoke, Local, Move, Statement, TableLoop
from archc.targets.keras.lowering import KerasCall
from archc.targets.keras.view_names import assigned, tensors_read

Body: TypeAlias = "list[Statement[KerasCall]]"


def paths(body: Body) -> list[Body]:
    """The statements of a body in paragraphs.

    A path begins where a statement does not go on from the one before it: it takes another tensor,
    or gives one of another name, or joins several. Paths of one line share a paragraph with each
    other and with the layer that joins them.
    """
    bounds = [0, *_starts(body), len(body)]
    paragraphs: list[Body] = []
    short = False
    for path in [body[start:stop] for start, stop in pairwise(bounds)]:
        one_line = _length(path) == 1
        if short and (one_line or _joins(path[0])):
            paragraphs[-1] += path
        else:
            paragraphs.append(path)
            short = True
        short = short and one_line and not _joins(path[-1])
    return paragraphs


def _starts(body: Body) -> list[int]:
    """Where paths begin, but for the first: numbers computed for a path stand with it."""
    found = []
    before: frozenset[str] | None = None
    for index, statement in enumerate(body):
        if isinstance(statement, Local):
            continue
        if before is not None and _begins_path(statement, before):
            found.append(_with_locals(body, index))
        before = assigned([statement])
    return found


def _begins_path(statement: Statement[KerasCall], before: frozenset[str]) -> bool:
    if _joins(statement):
        return True
    goes_on = before & tensors_read([statement]) and before & assigned([statement])
    return not goes_on


def _joins(statement: Statement[KerasCall]) -> bool:
    """Whether a layer takes several tensors, so that paths end in it."""
    return isinstance(statement, Apply) and len(set(statement.inputs)) > 1


def _with_locals(body: Body, index: int) -> int:
    while isinstance(body[index - 1], Local):
        index -= 1
    return index


def _length(body: Body) -> int:
    """The lines of a body that make tensors, or near it."""
    length = 0
    for statement in body:
        match statement:
            case Apply(calls=calls):
                length += len(calls)
            case Branch() | TableLoop() | CountLoop():
                length += 1 + _length(statement.body)
            case Invoke() | Move():
                length += 1
    return length
