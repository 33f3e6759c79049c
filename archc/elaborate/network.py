"""The nodes of a network as they come: named once, shaped, counted."""

from __future__ import annotations

from functools import lru_cache

from archc.diagnostics import CompileError, Diagnostic, Findings, Span
from archc.elaborate.duplicates import duplicate_name
from archc.elaborate.limits import MAX_NODES
from archc.elaborate.program import MergeCall
from archc.elaborate.report import error, located, merge_error, shape_error
from archc.elaborate.scope import POISON, Tensor
from archc.elaborate.strides import strided
from archc.elaborate.values import Poisoned
from archc.graph import Instance, Node
from archc.layers import Dropout, DropPath, Input, Layer, ShapeError, TensorShape


class TooLarge(Exception):
    """A limit is passed: the rest of the network is not elaborated."""


class Network:
    """A growing list of nodes; what does not fit goes to the findings."""

    def __init__(self, findings: Findings) -> None:
        self.nodes: list[Node] = []
        self._findings = findings
        self._names: dict[str, Node] = {}

    @property
    def size(self) -> int:
        """The number of nodes so far."""
        return len(self.nodes)

    def add_input(self, name: str, shape: TensorShape, span: Span, instance: Instance) -> Tensor:
        """A placeholder for what comes in from outside."""
        layer = Input.model_construct(shape=shape)  # the shape was checked where it is written
        return self._add(name, layer, (), shape, span, instance)

    def add_layer(
        self, layer: Layer, name: str, tensor: Tensor, span: Span, instance: Instance
    ) -> Tensor:
        """The layer on a tensor; the tensor itself where the layer would do nothing.

        A layer that does not fit is reported, and its tensor poisoned unless its shape is known
        all the same.
        """
        if type(layer) in _DROPPING and _drops_nothing(layer):
            return tensor
        if tensor.shape is None:
            raise Poisoned
        try:
            shape = self.output_shape(layer, (tensor.shape,))
        except ShapeError as problem:
            diagnostic = shape_error(problem, span, (tensor.shape,))
            self._findings.add(located(diagnostic, instance))
            if problem.shape is None:
                return POISON
            shape = problem.shape
        return self._add(name, layer, (tensor,), shape, span, instance)

    def add_merge(
        self, merge: MergeCall, name: str, ends: list[Tensor], span: Span, instance: Instance
    ) -> Tensor:
        """The paths' ends joined. Raises `CompileError` where they disagree."""
        shapes = tuple([end.shape for end in ends if end.shape is not None])
        if len(shapes) < len(ends):
            raise Poisoned
        try:
            shape = self.output_shape(merge.layer, shapes)
        except ShapeError as problem:
            raise CompileError([merge_error(problem, span, merge, shapes, instance)]) from None
        return self._add(name, merge.layer, tuple(ends), shape, span, instance)

    def output_shape(self, layer: Layer, inputs: tuple[TensorShape, ...]) -> TensorShape:
        """The shape that a layer gives. Raises `ShapeError` where it does not fit."""
        return _output_shape(layer, inputs)

    def too_large(self, message: str, span: Span | None) -> TooLarge:
        """The exception that ends the elaboration, its reason told."""
        self._findings.add(Diagnostic("too-large", message, span))
        return TooLarge()

    def _add(
        self,
        name: str,
        layer: Layer,
        inputs: tuple[Tensor, ...],
        shape: TensorShape,
        span: Span,
        instance: Instance,
    ) -> Tensor:
        if not name:
            message = '`id: ""` takes the name of the scope around it, and there is none here'
            raise error("bad-name", message, span)
        self.admit(Node(name, layer, tuple([t.node for t in inputs]), shape, span, instance))
        stride = strided(layer, inputs[0].stride) if inputs else 1
        return Tensor(len(self.nodes) - 1, shape, stride)

    def admit(self, node: Node) -> None:
        """The node as the network's last; another one of its name is reported."""
        first = self._names.setdefault(node.name, node)
        if first is not node:
            self._findings.add(duplicate_name(first, node))
        if len(self.nodes) >= MAX_NODES:
            raise self.too_large(f"the network has more than {MAX_NODES:,} layers", node.span)
        self.nodes.append(node)


_DROPPING = frozenset({Dropout, DropPath})


def _drops_nothing(layer: Layer) -> bool:
    return isinstance(layer, Dropout | DropPath) and layer.rate == 0


@lru_cache(maxsize=8192)
def _output_shape(layer: Layer, inputs: tuple[TensorShape, ...]) -> TensorShape:
    # Networks repeat themselves.
    return layer.output_shape(*inputs)
