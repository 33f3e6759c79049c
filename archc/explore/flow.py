"""What flows from unit to unit, apart from a network: its form, and the numbers in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeAlias

from archc.elaborate.elaborate import add_inputs, learner_blocks
from archc.elaborate.program import Program
from archc.elaborate.scope import Frame, Stream, Tensor
from archc.explore.costs import CountingInterpreter
from archc.layers import TensorShape
from archc.spec import SpecDocument

Numbers: TypeAlias = tuple[int, ...]
"""The sides and channels of each tensor and its stride; last the place in the learner."""


Tensors: TypeAlias = tuple[tuple[int, bool], ...]
Place: TypeAlias = tuple[str, int]
Places: TypeAlias = tuple[int, ...]
Tags: TypeAlias = tuple[tuple[str, Places], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """All of a flow but its numbers: tensors, and which of them are the stream and have names.

    Of each tensor the length of its shape and whether nothing has taken it yet. One gate makes
    equal forms one object, which is quick to look up.
    """

    tensors: Tensors
    inputs: tuple[Place, ...]
    stream: Places
    tags: Tags

    def shapes(self, numbers: Numbers) -> list[tuple[TensorShape, int]]:
        """The shape and the stride of each tensor."""
        found, at = [], 0
        for length, _ in self.tensors:
            found.append((TensorShape(numbers[at : at + length]), numbers[at + length]))
            at += length + 1
        return found


class Flow(NamedTuple):
    """What leaves a unit and enters the next."""

    form: Form
    numbers: Numbers


START = Flow(Form((), (), (), ()), (0,))
"""Before anything has come in."""


class Gate:
    """The way from a flow into an interpreter, and back.

    Without `tags` ids name no tensors; without `positions` no step knows its place in the learner.
    """

    def __init__(
        self, document: SpecDocument, program: Program, *, tags: bool, positions: bool
    ) -> None:
        self._document = document
        self._learner = [steps for name, steps, _ in program.components if name == "learner"]
        self._tags = tags
        self._positions = positions
        self._forms: dict[tuple[object, ...], Form] = {}

    def enter(self, flow: Flow, frame: Frame, interpreter: CountingInterpreter) -> Stream:
        """The stream of a flow, whose tensors are the tally's from now on.

        Raises `CompileError` where the network's inputs are wrong.
        """
        tally, form = interpreter.tally, flow.form
        if self._positions and self._learner:
            interpreter.learner_total = partial(learner_blocks, self._learner[0], frame)
        if not form.inputs:
            add_inputs(self._document, tally, frame)
            return (next(iter(frame.inputs.values())),)
        tensors = [tally.tensor(shape, stride) for shape, stride in form.shapes(flow.numbers)]
        tally.loose = {t.node for t, (_, loose) in zip(tensors, form.tensors, strict=True) if loose}
        frame.inputs.update({name: tensors[i] for name, i in form.inputs})
        frame.tags.update({name: tuple([tensors[i] for i in at]) for name, at in form.tags})
        interpreter.learner_position = flow.numbers[-1]
        return tuple([tensors[i] for i in form.stream])

    def leave(
        self, interpreter: CountingInterpreter, frame: Frame, stream: Stream
    ) -> tuple[Flow, bool]:
        """The flow that a stream and a frame come to, and whether anything is left behind."""
        tally = interpreter.tally
        places: dict[int, int] = {}
        tensors: list[Tensor] = []

        def place(tensor: Tensor) -> int:
            if tensor.node not in places:
                places[tensor.node] = len(tensors)
                tensors.append(tensor)
            return places[tensor.node]

        inputs = tuple([(name, place(tensor)) for name, tensor in frame.inputs.items()])
        flowing = tuple([place(tensor) for tensor in stream])
        tags = frame.tags.items() if self._tags else ()
        named = tuple([(name, tuple([place(t) for t in at])) for name, at in tags])
        kinds = tuple([(len(t.shape or ()), t.node in tally.loose) for t in tensors])
        position = interpreter.learner_position if self._positions else 0
        numbers = [number for t in tensors for number in (*(t.shape or ()), t.stride)]
        lost = tally.lost or not tally.loose <= places.keys()
        form = self._form(kinds, inputs, flowing, named)
        return Flow(form, (*numbers, position)), lost

    def _form(
        self, tensors: Tensors, inputs: tuple[Place, ...], stream: Places, tags: Tags
    ) -> Form:
        key = (tensors, inputs, stream, tags)
        if key not in self._forms:
            self._forms[key] = Form(*key)
        return self._forms[key]

    def end(self, flow: Flow) -> tuple[tuple[TensorShape, ...], bool]:
        """The output shapes of a network that ends so, and whether anything else is left over
        that nothing takes.
        """
        form = flow.form
        tags, inputs = dict(form.tags), dict(form.inputs)
        ends: Sequence[int] = [form.stream[0]]
        if self._document.outputs:
            names = [name for name in self._document.outputs if name in tags or name in inputs]
            ends = [tags[name][0] if name in tags else inputs[name] for name in names]
            if len(names) < len(self._document.outputs):
                return (), True
        own = {*ends, *inputs.values()}
        loose = any(free and i not in own for i, (_, free) in enumerate(form.tensors))
        shapes = form.shapes(flow.numbers)
        return tuple([shapes[i][0] for i in ends]), loose
