"""Groups counted: equal blocks in a row once, and groups that come to the same only once."""

from __future__ import annotations

from archc.elaborate.groups import GroupsRunner
from archc.elaborate.program import Groups
from archc.elaborate.scope import Frame, Position, Stream, tensor_key
from archc.explore.costs import BlockKey, CountingInterpreter, recall, record
from archc.explore.dependencies import names_of, row_values, shared_values, steps_values
from archc.layers.kinds import kinds_of

_CHANGING = frozenset({"block", "learner"})
"""Names whose values differ from block to block of a group."""


class SteadyGroup:
    """What can be told of one group beforehand.

    `even` says that its blocks differ by their place alone (first, rest, last), `closed` that
    all it feels are the values of its keys, `alike` that the rest of them get the same args.
    """

    def __init__(self, groups: Groups, group: int, args: frozenset[str], *, tags: bool) -> None:
        row = groups.rows[group] if groups.rows else None
        own = names_of(row_values(row)) if row is not None else frozenset[str]()
        used = names_of(shared_values(groups)) | own
        around = names_of(steps_values((*groups.before, *groups.after)))
        # Rows that an arg holds are known only later, and a tag for each block must be set.
        self.even = not used & _CHANGING and groups.computed_rows is None and not tags
        self.closed = self.even and not around & args
        self.alike = self.even and "here" not in used


class CountingGroups(GroupsRunner):
    """Carries out one group on a tally."""

    def __init__(
        self, interpreter: CountingInterpreter, groups: Groups, frame: Frame, steady: SteadyGroup
    ) -> None:
        super().__init__(interpreter, groups, frame, interpreter.lists.setdefault(groups, {}))
        self._counting = interpreter
        self._steady = steady

    def run_one(self, group: int, stream: Stream) -> Stream:
        if not (self._steady.closed and self._counting.remembers):
            return super().run_one(group, stream)
        key = self._key(group, stream)
        if key is None:
            return super().run_one(group, stream)
        known = self._counting.memory.get(key)
        if known is not None:
            self._counting.learner_position += self.values.block_count(group)
            return recall(self._counting.tally, known, stream)
        return record(
            self._counting, key, stream, lambda: super(CountingGroups, self).run_one(group, stream)
        )

    def _key(self, group: int, stream: Stream) -> BlockKey | None:
        """What tells what comes of a group; None where its values may be more than they say."""
        values, frame = self.values, self.frame
        outer = frame.context
        try:
            count = values.block_count(group)
            values.enter(group, Position(0, count))
            frame.here = stream
            given = tuple([(key, values.value(key, group)) for key in sorted(values.keys)])
            stride = self.strides.of_group(
                group, dict(given).get("stride"), values.row_span(group), stream[0]
            )
        finally:
            frame.context = outer
        kinds = kinds_of([value for _, value in given])
        if kinds is None:
            return None
        place = (id(self.groups), group, values.count, count)
        return (*place, given, kinds, stride.stride, tensor_key(stream))

    def run_blocks(self, group: int, count: int, stream: Stream) -> Stream:
        """The blocks of the group; once one gives what it took, the others but the last do too."""
        if not self._steady.even:
            return super().run_blocks(group, count, stream)
        tally = self._counting.tally
        stride = self.stride(group, stream)
        index = 0
        while index < count:
            before, made, entering = tally.totals, tally.made, stream
            inside = self._steady.alike and 1 < index < count - 1
            known = self._counting.call_again(stream) if inside else None
            stream = known or self.run_block(group, index, count, stride, stream)
            self._counting.learner_position += 1
            again = count - 2 - index
            if index > 0 and again > 0 and _alike(entering, stream):
                params, trainable, macs = [
                    (now - then) * again for now, then in zip(tally.totals, before, strict=True)
                ]
                tally.count((params, trainable, macs), (tally.made - made) * again)
                self._counting.learner_position += again
                index += again
            index += 1
        return stream


def _alike(first: Stream, second: Stream) -> bool:
    return [(t.shape, t.stride) for t in first] == [(t.shape, t.stride) for t in second]
