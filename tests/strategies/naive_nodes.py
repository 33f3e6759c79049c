"""The network of the naive elaboration as it grows: layers with the defaults of their files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from archc.layers import (
    LAYERS,
    Dropout,
    DropPath,
    Input,
    InvalidAttributes,
    Layer,
    ShapeError,
    make,
)
from tests.strategies.naive_parts import Frame, Node, Stream, total_stride
from tests.strategies.values import Refused, Tensor


class Growing:
    """Nodes by unique names; what was added may be undone."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.features: list[Tensor] = []
        self.learner_position = 0
        self.learner_count: int | None = None
        self._taken: set[str] = set()

    @contextmanager
    def undone(self, frame: Frame) -> Iterator[None]:
        """Whatever is carried out inside has not happened afterwards."""
        taken, tags, counters = set(self._taken), dict(frame.tags), dict(frame.counters)
        sizes, place = (len(self.nodes), len(self.features)), self.learner_position
        before = replace(frame)
        try:
            yield
        finally:
            del self.nodes[sizes[0] :], self.features[sizes[1] :]
            self._taken, self.learner_position = taken, place
            frame.tags, frame.counters = tags, counters
            frame.here, frame.context, frame.prefix = before.here, before.context, before.prefix

    def layer(
        self, verb: str, given: dict[str, object], name: str, stream: Stream, frame: Frame
    ) -> Stream:
        """The layer on what flows, with the defaults of the file. Raises `Refused`."""
        attributes = {
            **frame.file.defaults.get(verb, {}),
            **{key: value for key, value in given.items() if value is not None},
        }
        attributes = {key: value for key, value in attributes.items() if value is not None}
        try:
            layer = make(LAYERS[verb], tuple(attributes.items()))
        except InvalidAttributes as problem:
            raise Refused(str(problem)) from None
        if isinstance(layer, Dropout | DropPath) and layer.rate == 0:
            return stream
        return (self.add(name, layer, (stream[0],)),)

    def add(self, name: str, layer: Layer, inputs: Stream) -> Tensor:
        """A node of the network. Raises `Refused`."""
        try:
            shape = layer.output_shape(*[tensor.shape for tensor in inputs])
        except ShapeError as problem:
            raise Refused(str(problem)) from None
        if name in self._taken or not name:
            raise Refused(f"two layers are named {name}")
        self._taken.add(name)
        self.nodes.append(Node(name, layer, tuple([t.node for t in inputs]), shape))
        stride = total_stride(layer, inputs[0].total_stride) if inputs else 1
        return Tensor(len(self.nodes) - 1, shape, stride)

    def add_input(self, name: str, shape: tuple[int, ...]) -> Tensor:
        return self.add(name, Input(shape=shape), ())
