"""Steps whose work reaches no output, and merges of one tensor with itself."""

from __future__ import annotations

from collections.abc import Iterator

from archc.diagnostics import Diagnostic
from archc.elaborate.program import Step
from archc.elaborate.record import Body, Round
from archc.layers import Average, Maximum
from archc.lint.subject import Subject


def no_effect(subject: Subject) -> Iterator[Diagnostic | None]:
    """The outermost steps of own files that no output depends on wherever they are carried out."""
    search = _Search(subject)
    for body in subject.recorded.bodies:
        search.look(body)
    for body in subject.recorded.bodies:
        yield from search.told(body)
    for node in subject.graph:
        if isinstance(node.layer, (Maximum, Average)) and len(set(node.inputs)) == 1:
            message = f"`{node.layer.verb}` merges one tensor with itself"
            yield subject.warn("no-effect", message, node, "give its paths something to do")


class _Search:
    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._places = subject.recorded.places
        self._needed: set[Step] = set()
        self._told: set[Step] = set()

    def look(self, body: Body) -> bool:
        """Remember the steps that something depends on; whether there are any."""
        needed = False
        for record in body.steps:
            for round_ in record.rounds:
                if round_.held and self._is_needed(round_):
                    self._needed.add(record.step)
                    needed = True
        return needed

    def _is_needed(self, round_: Round) -> bool:
        inside = [self.look(body) for body in bodies_inside(round_)]
        return any(tensor.node in self._places for tensor in round_.result) or any(inside)

    def told(self, body: Body) -> Iterator[Diagnostic]:
        for record in body.steps:
            step = record.step
            done = [round_ for round_ in record.rounds if round_.held]
            if step in self._needed:
                for round_ in done:
                    for inner in bodies_inside(round_):
                        yield from self.told(inner)
            elif done and step.action is not None and step not in self._told:
                self._told.add(step)
                if self._subject.is_own(step.span):
                    yield Diagnostic(
                        "no-effect",
                        f"no output depends on `{step.verb}`",
                        step.span,
                        trail=body.frame.instance.trail,
                        helps=("leave it out, or take what it gives with `from`",),
                        severity="warning",
                    )


def bodies_inside(round_: Round) -> Iterator[Body]:
    """The bodies that a round carried out."""
    yield from round_.inside
    calls = [round_.call]
    for group in round_.groups.groups if round_.groups else ():
        yield from group.around
        calls += [block.call for block in group.blocks]
    for call in calls:
        if call is not None and call.body is not None:
            yield call.body
