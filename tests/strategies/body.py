"""A body while it is drawn: what flows, what is known, and whether a step would be allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from archc.layers import Conv, DepthwiseConv, SeparableConv, TensorShape, Upsample
from tests.strategies.choices import Chooser
from tests.strategies.expressions import Known, is_word, known
from tests.strategies.layers import Place
from tests.strategies.naive import Elaboration
from tests.strategies.naive_parts import Frame, Node, Stream
from tests.strategies.values import Position, Refused, Tensor
from tests.strategies.words import ids

MOST_ELEMENTS = 6000
"""Of one tensor: what a comparison of numbers stays quick with."""
MOST_CHANNELS = 64


@dataclass
class Signature:
    """What a call of a block gives: its args by kind, those with a default, its inputs."""

    name: str
    kinds: dict[str, str]
    optional: frozenset[str]
    inputs: tuple[str, ...] = ()
    outputs: int = 1


@dataclass
class Body:
    """The body of a block, or the spec's own, carried out as far as it is drawn."""

    choose: Chooser
    elaboration: Elaboration
    frame: Frame
    stream: Stream
    signatures: list[Signature]
    room: int
    depth: int = 0
    knobs: dict[str, object] | None = None
    """The spec's args, in the spec's own body: more may be added."""
    seen_ids: set[str] = field(default_factory=set)

    @property
    def shape(self) -> TensorShape:
        return self.stream[0].shape

    @property
    def left(self) -> int:
        """How many more layers there may be."""
        return self.room - len(self.elaboration.nodes)

    def names(self) -> Known:
        """What expressions can say here, with what flows as `here`."""
        self.frame.here = self.stream
        return known(self.frame.names())

    def names_of_tensors(self) -> list[str]:
        """What stands for a tensor in expressions here."""
        here = self.frame.names().items()
        return [name for name, value in here if isinstance(value, Tensor) and is_word(name)]

    def repeat(self, count: int) -> None:
        """Let `repeat` hold, as in the first of so many rounds."""
        context = self.frame.context
        self.frame.context = {**context, "repeat": Position(0, lambda: count)}

    def place(self, shape: TensorShape | None = None) -> Place:
        return Place(self.choose, shape or self.shape, self.names())

    def pick(self, *choices: object) -> object:
        return self.choose.pick(*choices)

    def chance(self, one_in: int) -> bool:
        return self.choose.chance(one_in)

    def new_id(self) -> str:
        """An id that this body does not have."""
        taken = {*self.frame.tags, *self.frame.inputs, *self.seen_ids}
        name = ids(self.choose, taken)
        self.seen_ids.add(name)
        return name

    def allows(self, step: object) -> bool:
        """Whether the step could stand next."""
        with self.elaboration.undone(self.frame):
            return self._tried(step) is not None

    def take(self, step: object) -> bool:
        """Carry the step out, if it is allowed; whether it was."""
        if not self.allows(step):
            return False
        stream = self._tried(step)
        assert stream is not None
        self.stream = stream
        return True

    @contextmanager
    def inside(self, stream: Stream | None = None) -> Iterator[None]:
        """Draw what stands inside a step: nothing of it is carried out afterwards."""
        outer = self.stream
        self.depth += 1
        try:
            with self.elaboration.undone(self.frame):
                self.stream = stream or outer
                yield
        finally:
            self.depth -= 1
            self.stream = outer

    def _tried(self, step: object) -> Stream | None:
        before = len(self.elaboration.nodes)
        try:
            stream = self.elaboration.step(step, self.stream, self.frame)
        except Refused:
            return None
        made = self.elaboration.nodes[before:]
        small = len(self.elaboration.nodes) <= self.room and all(map(_is_handy, made))
        return stream if small else None


def listed(body: Body, draw_one: Callable[[Body], object | None], most: int) -> list[object]:
    """Steps one after the other, each allowed where it stands."""
    steps: list[object] = []
    while len(steps) < most and body.left > 0 and body.choose.more(11):
        step = draw_one(body)
        if step is not None and body.take(step):
            steps.append(step)
    return steps


def _is_handy(node: Node) -> bool:
    """Whether every target has it, and numbers come quickly."""
    layer = node.layer
    if node.shape.elements > MOST_ELEMENTS or node.shape.channels > MOST_CHANNELS:
        return node.shape.rank == 0 and node.shape.elements <= MOST_ELEMENTS
    if isinstance(layer, Upsample):
        return layer.interpolation == "nearest" or node.shape.rank < 3
    if isinstance(layer, Conv | DepthwiseConv | SeparableConv):
        window = layer.window(node.shape.rank)
        unequal = len(set(window.stride)) > 1 and not isinstance(layer, Conv)
        return not unequal and (max(window.stride) == 1 or max(window.dilation) == 1)
    return True
