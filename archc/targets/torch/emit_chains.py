"""Bodies that are chains: what each statement gives, the next one takes, and nothing else does."""

from __future__ import annotations

import ast
from enum import Enum, auto
from typing import TypeAlias

from archc.emission.functions import definitions
from archc.emission.plan import (
    Apply,
    Branch,
    CountLoop,
    Invoke,
    Local,
    Move,
    Statement,
    TableLoop,
    Unit,
    statements,
)
from archc.targets.torch.emit_flow import Body, Loop, Tensors, written
from archc.targets.torch.emit_names import MODULES
from archc.targets.torch.lowering.call import TorchCall

Streams: TypeAlias = tuple[str, ...]


class LoopForm(Enum):
    """How a class with a `forward` has a loop: what holds its modules, and how they are applied."""

    NUMBERS = auto()
    """It assigns no tensor."""
    SEQUENTIAL = auto()
    """An `nn.Sequential`, applied as one module."""
    STREAMS = auto()
    """An `nn.ModuleList`, each module applied to the same few tensors, which it gives anew."""
    ONE_MODULE = auto()
    """An `nn.ModuleList`, one module for each round."""
    CLASS = auto()
    """As above, where a class of its own does what is done in a round."""


def is_chain(unit: Unit[TorchCall]) -> bool:
    """Whether a unit is best an `nn.Sequential`."""
    if len(unit.inputs) != 1 or chain_end(unit.body, unit.inputs) != unit.outputs:
        return False
    return not any(isinstance(s, Apply) and _is_shorter_in_forward(s) for s in unit.body) or any(
        isinstance(s, Branch | TableLoop | CountLoop) for s in unit.body
    )


def _is_shorter_in_forward(layer: Apply[TorchCall]) -> bool:
    """Whether an expression says what a class would that PyTorch lacks."""
    return any(call.expression and call.constructor in definitions(MODULES) for call in layer.calls)


def loop_form(loop: Loop, alive: Tensors) -> LoopForm:
    """The form of a loop after which the tensors `alive` are read."""
    if not written(loop.body):
        return LoopForm.NUMBERS
    entering = streams(loop.body)
    if entering and chain_end(loop.body, entering) == entering:
        hidden = written(loop.body).difference(entering)
        if not hidden & alive:
            return LoopForm.SEQUENTIAL if len(entering) == 1 else LoopForm.STREAMS
    return LoopForm.ONE_MODULE if _has_one_module(loop.body) else LoopForm.CLASS


def streams(body: Body) -> Streams:
    """What the first layer of a body takes."""
    layers = (s for s in statements(body) if isinstance(s, Apply | Invoke))
    return next((layer.inputs for layer in layers), ())


def chain_end(body: Body, entering: Streams) -> Streams | None:
    """The tensors that a chain leaves of those that enter; nothing where the body is no chain."""
    current: Streams | None = entering
    for statement in body:
        current = _after(statement, current) if current is not None else None
    return current


def _after(statement: Statement[TorchCall], current: Streams) -> Streams | None:
    match statement:
        case Local():
            return current
        case Apply(result=result, calls=calls, inputs=inputs):
            modules = all(call.constructor for call in calls)
            return (result,) if modules and inputs == current else None
        case Invoke(results=results, inputs=inputs):
            return results if inputs == current and len(results) == len(current) else None
        case Move(result=result, source=ast.Name(id=source)) if source in current:
            return tuple([result if name == source else name for name in current])
        case Branch(body=body) | TableLoop(body=body) | CountLoop(body=body):
            return current if chain_end(body, current) == current else None
    return None


def _has_one_module(body: Body) -> bool:
    return all(map(_is_simple, body)) and sum(map(_modules, body)) == 1


def _is_simple(statement: Statement[TorchCall]) -> bool:
    """Whether what is done to tensors is the same in every round, and in a row."""
    match statement:
        case Apply() | Invoke() | Local():
            return True
        case Move(source=source):
            return isinstance(source, ast.Name)
    return not written([statement])


def _modules(statement: Statement[TorchCall]) -> int:
    match statement:
        case Apply(calls=calls):
            return sum(not call.expression for call in calls)
        case Invoke():
            return 1
    return 0
