"""The order in which blocks can be written: each after all blocks that call it."""

from __future__ import annotations

from archc.elaborate.program import Block
from archc.elaborate.record import Body, Call


def block_order(bodies: list[Body]) -> list[Block]:
    """All blocks that were called, each after every block that calls it."""
    callees: dict[Block, dict[Block, None]] = {}
    for body in bodies:
        for call in _calls_in(body):
            _note(call, callees)
    order: list[Block] = []
    seen: set[int] = set()

    def visit(block: Block) -> None:
        if id(block) in seen:
            return
        seen.add(id(block))
        for callee in callees.get(block, {}):
            visit(callee)
        order.append(block)

    for block in list(callees):
        visit(block)
    return order[::-1]


def _note(call: Call, callees: dict[Block, dict[Block, None]]) -> None:
    known = callees.setdefault(call.block, {})
    assert call.body is not None
    for inner in _calls_in(call.body):
        known[inner.block] = None
        _note(inner, callees)


def _calls_in(body: Body) -> list[Call]:
    """The calls of a body itself, not those inside them."""
    found: list[Call] = []
    for record in body.steps:
        for made in record.rounds:
            if made.call is not None:
                found.append(made.call)
            for inside in made.inside:
                found += _calls_in(inside)
            for group in made.groups.groups if made.groups is not None else ():
                for around in group.around:
                    found += _calls_in(around)
                found += [block.call for block in group.blocks if block.call is not None]
    return found
