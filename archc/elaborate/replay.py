"""Blocks that are carried out once and copied wherever they stand alike again.

A block's body knows its args and the tensors that enter it, and nothing else of the network. So
where these are alike the same layers come of it, under other names and from other inputs.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from archc.diagnostics import Findings
from archc.elaborate.interpret import Interpreter, Place
from archc.elaborate.limits import MAX_NODES, MAX_STEPS
from archc.elaborate.program import Block
from archc.elaborate.scope import Frame, Stream, Tensor, tensor_key
from archc.expressions.budget import SHARED, Budget
from archc.expressions.limits import MAX_STEPS_TOGETHER
from archc.graph import Instance, Node
from archc.layers.kinds import kinds_of

_Key: TypeAlias = tuple[object, ...]


class _Kept(NamedTuple):
    """A block that was carried out: its part of the tree, what entered it, what it gave.

    `steps` and `expression_steps` are what it took of the limits; `blocks` itself and those that it
    called.
    """

    part: Instance
    entering: Stream
    result: Stream
    steps: int
    expression_steps: int
    blocks: set[Block]


class ReplayingInterpreter(Interpreter):
    """Carries out steps, and blocks that it has seen before by copying what came of them."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings)
        self._budget = SHARED.get() or Budget(MAX_STEPS_TOGETHER)
        self._kept: dict[_Key, _Kept] = {}
        self._called: set[Block] = set()

    def call_block(
        self,
        block: Block,
        arguments: dict[str, object],
        inputs: dict[str, Tensor],
        place: Place,
        stream: Stream,
        frame: Frame,
    ) -> Stream:
        entering = (*stream, *inputs.values()) if inputs else stream
        kinds, alike = kinds_of(arguments.values()), _alike(entering)
        if kinds is None or alike is None or not place.name:
            return super().call_block(block, arguments, inputs, place, stream, frame)
        # `true` is no 1 to a layer, and equal to it as a key.
        key = (block, self._depth, tuple(arguments.items()), kinds, tuple(inputs), alike)
        kept = self._kept.get(key)
        if kept is not None and self._fits(kept):
            return self._replay(kept, arguments, place, entering, frame)
        told, steps, left = self.findings.told, self._steps_done, self._budget.left
        around, self._called = self._called, set()
        result = super().call_block(block, arguments, inputs, place, stream, frame)
        self._called.add(block)
        # An error that was told before leaves no shape behind, and is not told again.
        if self.findings.told == told and _alike(result) is not None:
            steps, left = self._steps_done - steps, left - self._budget.left
            part = frame.instance.children[-1]
            self._kept[key] = _Kept(part, entering, result, steps, left, self._called)
        self._called = around | self._called
        return result

    def _fits(self, kept: _Kept) -> bool:
        """Whether a copy stays within the limits: what does not must fail where it would."""
        part = kept.part
        return (
            self._steps_done + kept.steps <= MAX_STEPS
            and self.network.size + part.stop - part.start <= MAX_NODES
            and kept.expression_steps <= self._budget.left
            and kept.blocks.isdisjoint(self._calls)
        )

    def _replay(
        self,
        kept: _Kept,
        arguments: dict[str, object],
        place: Place,
        entering: Stream,
        frame: Frame,
    ) -> Stream:
        self._steps_done += kept.steps
        self._budget.left -= kept.expression_steps
        self._called |= kept.blocks
        copy = _Copy(kept, place, entering, self.network.size)
        part = copy.part(kept.part, frame.instance)
        part.label, part.span, part.arguments = place.label, place.span, arguments
        for node in self.network.nodes[kept.part.start : kept.part.stop]:
            self.network.admit(copy.node(node))
        return tuple([copy.tensor(tensor) for tensor in kept.result])


class _Copy:
    """One copy of a block: where its names, its nodes and its parts of the tree now stand."""

    def __init__(self, kept: _Kept, place: Place, entering: Stream, start: int) -> None:
        self._start = kept.part.start
        self._shift = start - self._start
        self._cut, self._prefix = len(kept.part.name), place.name
        pairs = zip(kept.entering, entering, strict=True)
        self._entering = {old.node: new for old, new in pairs}
        self._parts: dict[int, Instance] = {}

    def part(self, old: Instance, parent: Instance) -> Instance:
        """A part of the tree with all that is below it, as a child of `parent`."""
        new = Instance(
            old.kind,
            old.label,
            # A group is called the same wherever it stands.
            old.name if old.kind == "group" else self._prefix + old.name[self._cut :],
            old.span,
            parent,
            old.block,
            old.arguments,
            [],
            old.start + self._shift,
            old.stop + self._shift,
            None if old.output is None else self._place(old.output),
        )
        parent.children.append(new)
        self._parts[id(old)] = new
        for child in old.children:
            self.part(child, new)
        return new

    def node(self, old: Node) -> Node:
        return Node(
            self._prefix + old.name[self._cut :],
            old.layer,
            tuple([self._place(position) for position in old.inputs]),
            old.shape,
            old.span,
            self._parts[id(old.instance)],
        )

    def tensor(self, old: Tensor) -> Tensor:
        if old.node < self._start:
            return self._entering[old.node]
        return Tensor(old.node + self._shift, old.shape, old.stride)

    def _place(self, position: int) -> int:
        if position < self._start:
            return self._entering[position].node
        return position + self._shift


def _alike(entering: Stream) -> _Key | None:
    """What a block can tell of the tensors that enter it; None where an error left no shape."""
    if any(tensor.shape is None for tensor in entering):
        return None
    return tensor_key(entering)
