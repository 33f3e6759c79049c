"""What each group's keys are worth: the row's value, else that beside `groups`, then scaled."""

from __future__ import annotations

from archc.diagnostics import CompileError, Span
from archc.elaborate.instantiate import whole
from archc.elaborate.limits import MAX_NODES
from archc.elaborate.link_groups import compile_row
from archc.elaborate.program import BlockChoice, Groups, Row
from archc.elaborate.report import error
from archc.elaborate.scope import Frame, Position
from archc.elaborate.values import Opaque, Scope
from archc.layers import spelled

ONE_FOR_ALL = frozenset({"group", "block", "learner", "row", "here"})
"""Names that only a group has: a value that uses one can't say how many groups there are."""


class GroupValues:
    """The keys of one `groups` step, evaluated in the frame as its context stands.

    `keys` are all that any row or the step itself gives; `count` is the number of groups. `known`
    are values beside the groups that the frame's args alone decide, which it adds to.
    """

    def __init__(
        self, groups: Groups, frame: Frame, known: dict[str, object] | None = None
    ) -> None:
        self.groups = groups
        self.frame = frame
        self._shared: dict[str, object] = {} if known is None else known
        self.rows = self._rows()
        self.keys = frozenset(groups.values).union(*(row.values for row in self.rows))
        self.count = len(self.rows) or self._count_of_lists()

    def value(self, key: str, group: int) -> object:
        """The group's value of a key after scaling; None where nothing gives it."""
        raw = self.raw(key, group)
        scaling = self.groups.scaling.get(key)
        if scaling is None or raw is None:
            return raw
        return scaling.evaluate(_ScalingScope(self, group))

    def span(self, key: str, group: int) -> Span:
        """Where the group's value of a key is written; of a scaled one, where it is scaled."""
        row = self.row(group)
        if key in self.groups.scaling:
            return self.groups.scaling[key].span
        if row is not None and key in row.values:
            return row.values[key].span
        value = self.groups.values.get(key)
        return value.span if value is not None else self.groups.span

    def row(self, group: int) -> Row | None:
        return self.rows[group] if self.rows else None

    def row_span(self, group: int) -> Span:
        row = self.row(group)
        return row.span if row is not None else self.groups.span

    def choice(self, group: int) -> BlockChoice:
        """The group's `block:`. Raises `CompileError` where nothing says it."""
        row = self.row(group)
        choice = (row.block if row is not None else None) or self.groups.block
        if choice is None:
            message = "no `block`: neither the row nor the learner says which block to use"
            raise error("missing-key", message, self.row_span(group), "write `block: name`")
        return choice

    def block_count(self, group: int) -> int:
        """The number of blocks of a group. Raises `CompileError`."""
        self.enter(group)
        value = self.value("blocks", group) if "blocks" in self.keys else None
        span = self.span("blocks", group)
        count = 1 if value is None else whole(value, "blocks", span, least=1)
        if count > MAX_NODES:
            raise _too_many(count, "a group", span)
        return count

    def block_counts(self) -> list[int]:
        """The number of blocks of every group. Raises `CompileError`, also for far too many."""
        outer = self.frame.context
        try:
            counts = [self.block_count(group) for group in range(self.count)]
        finally:
            self.frame.context = outer
        if sum(counts) > MAX_NODES:
            raise _too_many(sum(counts), "these groups", self.span("blocks", 0))
        return counts

    def enter(
        self, group: int, block: Position | None = None, learner: Position | None = None
    ) -> None:
        """Let `group`, `row`, and what is known of `block` and `learner`, hold in the frame."""
        context = {
            name: value
            for name, value in self.frame.context.items()
            if name not in ("block", "learner")
        }
        context["group"] = Position(group, self.count)
        context["row"] = RowView(self, group)
        if block is not None:
            context["block"] = block
        if learner is not None:
            context["learner"] = learner
        self.frame.context = context

    def raw(self, key: str, group: int) -> object:
        """The group's value of a key before scaling."""
        row = self.row(group)
        if row is not None and key in row.values:
            return row.values[key].evaluate(self.frame)
        if key not in self.groups.values:
            return None
        value = self._beside(key)
        if not isinstance(value, tuple):
            return value
        if len(value) != self.count:
            message = f"`{key}` has {len(value)} values for {self.count} groups"
            help_line = "a list beside `groups` runs over the groups: give one value for each"
            raise error("group-lists", message, self.groups.values[key].span, help_line)
        return value[group]

    def _beside(self, key: str) -> object:
        """The value beside `groups`, evaluated once where it is the same for all groups."""
        if key in self._shared:
            return self._shared[key]
        value = self.groups.values[key]
        result = value.evaluate(self.frame)
        if value.free_names <= self.frame.args.keys():
            self._shared[key] = result
        return result

    def _rows(self) -> tuple[Row, ...]:
        if self.groups.rows is not None:
            return self.groups.rows
        if self.groups.computed_rows is None:
            return ()
        value = self.groups.computed_rows
        rows = value.evaluate(self.frame)
        if not isinstance(rows, tuple) or not all(isinstance(row, Opaque) for row in rows):
            message = "expected a list of rows such as `{filters: 64, blocks: 3}`"
            raise error("wrong-type", f"{message}, found {spelled(rows)}", value.span)
        if not rows:
            raise error("wrong-type", "expected at least one row, found an empty list", value.span)
        return tuple([compile_row(row.mapping) for row in rows if isinstance(row, Opaque)])

    def _count_of_lists(self) -> int:
        """Without rows the lists say how many groups there are; `blocks` before all others."""
        lengths = {}
        for key, value in self.groups.values.items():
            if not value.free_names & ONE_FOR_ALL:
                result = self._beside(key)
                if isinstance(result, tuple):
                    lengths[key] = len(result)
        return lengths.get("blocks", max(lengths.values(), default=1))


def _too_many(count: int, what: str, span: Span) -> CompileError:
    message = f"{what} of {count:,} blocks: a network has at most {MAX_NODES:,} layers"
    return error("too-large", message, span)


class RowView:
    """`row.filters` in an expression: the group's value of a key, after scaling."""

    def __init__(self, values: GroupValues, group: int) -> None:
        self._values = values
        self._group = group
        self._busy: set[str] = set()

    def __str__(self) -> str:
        return "a row"

    @property
    def attribute_names(self) -> tuple[str, ...]:
        return tuple(sorted(self._values.keys - self._busy))

    def attribute(self, name: str) -> object:
        """Raises `KeyError` for a key that no row has, and for one that hangs on itself."""
        if name not in self._values.keys or name in self._busy:
            raise KeyError(name)
        self._busy.add(name)
        try:
            return self._values.value(name, self._group)
        finally:
            self._busy.discard(name)


class _ScalingScope(Scope):
    """In `scaling`, a bare name that is a key of the row is the row's value before scaling."""

    def __init__(self, values: GroupValues, group: int) -> None:
        self._values = values
        self._group = group

    def lookup(self, name: str) -> object:
        if name in self._values.keys:
            return self._values.raw(name, self._group)
        return self._values.frame.lookup(name)

    def names(self) -> list[str]:
        return sorted({*self._values.frame.names(), *self._values.keys})
