"""Steps that `when` leaves out keep their names to themselves: no other step is renamed."""

from __future__ import annotations

from collections.abc import Callable

from archc.diagnostics import CompileError, Span
from archc.elaborate.instantiate import evaluate_id, whole
from archc.elaborate.program import Broken, Groups, MergeCall, Step, Steps
from archc.elaborate.scope import Frame
from archc.elaborate.values import Constant, Poisoned


def step_name(step: Step, frame: Frame) -> str:
    """The step's own id, or its verb with a number; sequences have none unless they say."""
    if step.id is None:
        return frame.count(step.verb) if _is_counted(step) else ""
    if isinstance(step.id, Constant):
        return str(step.id.value)
    return evaluate_id(step.id, frame)


def leave_out(step: Step, times: int, frame: Frame, spend: Callable[[Span], None]) -> None:
    """Count the names that a step would have taken, `times` in a row, and those inside it.

    `spend` is told of every step that is looked at.
    """
    spend(step.span)
    if isinstance(step.id, Constant):
        frame.left_out.add(str(step.id.value))
    elif step.id is None and _is_counted(step):
        frame.skip(step.verb, times)
    for each in _inside(step):
        leave_out(each, times * repetitions(each, frame), frame, spend)


def repetitions(step: Step, frame: Frame) -> int:
    """How often a step that is left out would have stood there; 1 where that can't be told."""
    if step.repeat is None:
        return 1
    try:
        return whole(step.repeat.evaluate(frame), "repeat", step.repeat.span, least=0)
    except (CompileError, Poisoned):
        return 1


def _is_counted(step: Step) -> bool:
    return not (step.action is None or isinstance(step.action, Steps | Groups | Broken))


def _inside(step: Step) -> tuple[Step, ...]:
    """The steps whose names stand in the same scope as the step's own."""
    if isinstance(step.action, MergeCall):
        return tuple(each for path in step.action.paths for each in path.steps)
    return step.action.steps if isinstance(step.action, Steps) and step.id is None else ()
