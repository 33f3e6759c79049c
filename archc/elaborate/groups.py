"""Groups of blocks: which block, which args, which stride, for every place of every group."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from archc.diagnostics import CompileError, Diagnostic, Span, one_of
from archc.elaborate.interpret import Interpreter, resolve_verb, whole
from archc.elaborate.limits import MAX_NODES
from archc.elaborate.link_groups import compile_row
from archc.elaborate.program import Block, BlockChoice, Groups, LayerCall, Row
from archc.elaborate.report import error
from archc.elaborate.scope import POISONED, Frame, Poisoned, Position, Stream, Tensor
from archc.elaborate.strides import GroupStride, Strides
from archc.elaborate.values import Constant, Opaque, Scope, Value
from archc.layers import LAYERS

_OWN_KEYS = frozenset({"blocks", "stride"})
"""Keys of a row that the group itself takes; every other is an arg of its block."""


class ScalingScope(Scope):
    """In `scaling`, a bare name that is a key of the row is the row's value before scaling."""

    def __init__(self, frame: Frame, raw: Callable[[str], object], keys: frozenset[str]) -> None:
        self._frame = frame
        self._raw = raw
        self._keys = keys

    def lookup(self, name: str) -> object:
        return self._raw(name) if name in self._keys else self._frame.lookup(name)

    def names(self) -> list[str]:
        return sorted({*self._frame.names(), *self._keys})


class RowView:
    """`row.filters` in an expression: the group's value of a key, after scaling."""

    def __init__(self, runner: GroupsRunner, group: int) -> None:
        self._runner = runner
        self._group = group
        self._busy: set[str] = set()

    @property
    def attribute_names(self) -> tuple[str, ...]:
        return tuple(sorted(self._runner.keys))

    def attribute(self, name: str) -> object:
        if name not in self._runner.keys or name in self._busy:
            raise KeyError(name)
        self._busy.add(name)
        try:
            return self._runner.value(name, self._group)
        finally:
            self._busy.discard(name)


class GroupsRunner:
    """Carries out one `groups` step in a frame."""

    def __init__(self, interpreter: Interpreter, groups: Groups, frame: Frame) -> None:
        self._interpreter = interpreter
        self._groups = groups
        self._frame = frame
        self._rows = self._evaluate_rows()
        self.keys = frozenset(groups.values).union(*(row.values for row in self._rows))
        self._count = len(self._rows) or self._count_of_lists()
        self._used: set[str] = set()

    def run(self, stream: Stream) -> Stream:
        outer = self._frame.context
        strides = Strides(self._groups.stride_policy, self._count, self._frame)
        counts = [self.block_count(group) for group in range(self._count)]
        try:
            for group, count in enumerate(counts):
                stream = self._run_group(group, count, strides, stream)
            self._refuse_unused()
        finally:
            self._frame.context = outer
        return stream

    def block_count(self, group: int) -> int:
        """The number of blocks of a group. Raises `CompileError`."""
        self._set_context(group, None)
        if "blocks" not in self.keys:
            return 1
        value = self.value("blocks", group)
        count = 1 if value is None else whole(value, "blocks", self._span("blocks", group), least=1)
        if count > MAX_NODES:
            message = f"a group of {count:,} blocks: a network has at most {MAX_NODES:,} layers"
            raise error("too-large", message, self._span("blocks", group))
        return count

    @property
    def total(self) -> int:
        """The number of blocks of all groups."""
        outer = self._frame.context
        try:
            return sum(self.block_count(group) for group in range(self._count))
        finally:
            self._frame.context = outer

    def value(self, key: str, group: int) -> object:
        """The group's value of a key: the row's, else that beside `groups`; then scaled."""
        raw = self._raw(key, group)
        scaling = self._groups.scaling.get(key)
        if scaling is None or raw is None:
            return raw
        scope = ScalingScope(self._frame, lambda name: self._raw(name, group), self.keys)
        return scaling.evaluate(scope)

    def _raw(self, key: str, group: int) -> object:
        if self._rows and key in self._rows[group].values:
            return self._rows[group].values[key].evaluate(self._frame)
        if key not in self._groups.values:
            return None
        value = self._groups.values[key].evaluate(self._frame)
        if not isinstance(value, tuple):
            return value
        if len(value) != self._count:
            message = f"`{key}` has {len(value)} values for {self._count} groups"
            help_line = "a list beside `groups` runs over the groups: give one value for each"
            raise error("group-lists", message, self._groups.values[key].span, help_line)
        return value[group]

    def _span(self, key: str, group: int) -> Span:
        if self._rows and key in self._rows[group].values:
            return self._rows[group].values[key].span
        value = self._groups.values.get(key)
        return value.span if value is not None else self._groups.span

    def _evaluate_rows(self) -> tuple[Row, ...]:
        if self._groups.rows is not None:
            return self._groups.rows
        if self._groups.computed_rows is None:
            return ()
        value = self._groups.computed_rows
        rows = value.evaluate(self._frame)
        if not isinstance(rows, tuple) or not all(isinstance(row, Opaque) for row in rows):
            message = "expected a list of rows such as `{filters: 64, blocks: 3}`"
            raise error("wrong-type", message, value.span)
        return tuple([compile_row(row.mapping) for row in rows if isinstance(row, Opaque)])

    def _count_of_lists(self) -> int:
        """Without rows the lists say how many groups there are; `blocks` before all others."""
        lengths = {}
        for key, value in self._groups.values.items():
            if not value.free_names & {"group", "block", "learner", "row", "here"}:
                result = value.evaluate(self._frame)
                if isinstance(result, tuple):
                    lengths[key] = len(result)
        if "blocks" in lengths:
            return lengths["blocks"]
        return max(lengths.values(), default=1)

    def _set_context(self, group: int, block: Position | None) -> None:
        frame = self._frame
        context = {**frame.context, "group": Position(group, self._count)}
        context["row"] = RowView(self, group)
        context.pop("block", None)
        context.pop("learner", None)
        if block is not None:
            context["block"] = block
            if self._interpreter.learner_total is not None:
                position = self._interpreter.learner_position
                context["learner"] = Position(position, self._interpreter.learner_total)
        frame.context = context

    def _run_group(self, group: int, count: int, strides: Strides, stream: Stream) -> Stream:
        frame, interpreter = self._frame, self._interpreter
        self._set_context(group, Position(0, count))
        frame.here = stream
        self._refuse_unknown_keys(group, count)
        run = partial(self._group_body, group, count, strides, stream)
        label = f"group {group + 1}"
        return interpreter.within(
            "group", label, f"group{group + 1}", self._row_span(group), frame, run
        )

    def _group_body(self, group: int, count: int, strides: Strides, stream: Stream) -> Stream:
        frame, interpreter = self._frame, self._interpreter
        stream = interpreter.run_steps(self._groups.before, stream, frame)
        stride = self._stride(group, strides, stream)
        for index in range(count):
            self._set_context(group, Position(index, count))
            frame.here = stream
            stream = self._run_block(group, index, count, stride, stream)
            interpreter.learner_position += 1
        interpreter.group_outputs.append(stream[0])
        # `after` speaks of the group's last block, as `before` does of its first.
        interpreter.learner_position -= 1
        self._set_context(group, Position(count - 1, count))
        interpreter.learner_position += 1
        return interpreter.run_steps(self._groups.after, stream, frame)

    def _stride(self, group: int, strides: Strides, stream: Stream) -> GroupStride:
        given = None
        if self._rows and "stride" in self._rows[group].values:
            given = self.value("stride", group)
        nodes = self._interpreter.nodes
        return strides.of_group(group, given, self._row_span(group), stream[0], nodes)

    def _row_span(self, group: int) -> Span:
        return self._rows[group].span if self._rows else self._groups.span

    def _run_block(
        self, group: int, index: int, count: int, stride: GroupStride, stream: Stream
    ) -> Stream:
        try:
            return self._call(group, index, count, stride, stream)
        except Poisoned:
            return POISONED
        except CompileError as problem:
            self._interpreter.report(problem, self._frame)
            return POISONED

    def _call(
        self, group: int, index: int, count: int, stride: GroupStride, stream: Stream
    ) -> Stream:
        frame, interpreter = self._frame, self._interpreter
        verb, span = self._verb(group, index, count)
        accepts = _accepts(verb)
        given = {
            key: self.value(key, group)
            for key in self.keys
            if key in accepts and key not in _OWN_KEYS
        }
        given |= stride.arguments(index, count, accepts, _name(verb))
        given = {key: value for key, value in given.items() if value is not None}
        identifier = self._identifier(group, index)
        name = frame.full(identifier)
        if isinstance(verb, Block):
            inputs = {
                key: self._tensor(key, given.pop(key), group) for key in verb.inputs if key in given
            }
            self._refuse_missing(verb.name, verb.required, given, group)
            label = f"block {index + 1}"
            result = interpreter.call_block(verb, given, inputs, label, name, span, stream, frame)
        else:
            result = self._call_layer(verb, given, group, name, span, stream)
        frame.tags[identifier] = result
        return result

    def _call_layer(
        self, verb: str, given: dict[str, object], group: int, name: str, span: Span, stream: Stream
    ) -> Stream:
        frame = self._frame
        defaults = self._groups.file.defaults.get(verb, {})
        self._refuse_missing(verb, LAYERS[verb].required, given | defaults, group)
        values: dict[str, Value] = {
            key: Constant(value, self._span(key, group)) for key, value in given.items()
        }
        layer = self._interpreter.make_layer(LayerCall(LAYERS[verb], values, defaults), span, frame)
        return self._interpreter.add_layer(layer, name, span, stream, frame)

    def _identifier(self, group: int, index: int) -> str:
        if self._groups.id is None:
            return f"group{group + 1}_block{index + 1}"
        return self._interpreter.evaluate_id(self._groups.id, self._frame)

    def _tensor(self, key: str, value: object, group: int) -> Tensor:
        constant = Constant(value, self._span(key, group))
        return self._interpreter.resolve(constant, self._frame)[0]

    def _choice(self, group: int) -> BlockChoice:
        choice = self._rows[group].block if self._rows else None
        choice = choice or self._groups.block
        if choice is None:
            message = "no `block`: neither the row nor the learner says which block to use"
            raise error("missing-key", message, self._row_span(group), "write `block: name`")
        return choice

    def _verb(self, group: int, index: int, count: int) -> tuple[Block | str, Span]:
        value = self._choice(group).at(index, count)
        assert value is not None
        return resolve_verb(self._groups.file, value.evaluate(self._frame), value.span), value.span

    def _refuse_missing(
        self, verb: str, required: tuple[str, ...], given: dict[str, object], group: int
    ) -> None:
        missing = [name for name in required if given.get(name) is None]
        if missing:
            names = " and ".join(f"`{name}`" for name in missing)
            help_line = f"give it in the row or beside `groups`: `{missing[0]}: …`"
            message = f"`{verb}` needs {names}"
            raise error("missing-arg", message, self._row_span(group), help_line)

    def _refuse_unknown_keys(self, group: int, count: int) -> None:
        """A key of a row that no block of the group declares, and what of the others was used."""
        verbs = []
        for value in dict.fromkeys(
            self._choice(group).at(i, count) for i in (0, count // 2, count - 1)
        ):
            assert value is not None
            verbs.append(resolve_verb(self._groups.file, value.evaluate(self._frame), value.span))
        accepted = dict.fromkeys(name for verb in verbs for name in _accepts(verb))
        self._used |= accepted.keys()
        row = self._rows[group] if self._rows else None
        for key in row.values if row else ():
            if key in _OWN_KEYS or key in accepted or self._is_read(key):
                continue
            span = row.key_spans[key] if row else self._groups.span
            names = " and ".join(f"`{_name(verb)}`" for verb in dict.fromkeys(verbs))
            self._unknown_key(key, span, f"{names} has no arg `{key}`", list(accepted))

    def _is_read(self, key: str) -> bool:
        """A key that the groups' own expressions read through `row.` reaches no block."""
        values = [*self._groups.values.values(), *self._groups.scaling.values()]
        return any(("row", key) in value.attributes for value in values)

    def _refuse_unused(self) -> None:
        for key in self._groups.values:
            if key not in self._used and key not in _OWN_KEYS and not self._is_read(key):
                message = f"no block of these groups has an arg `{key}`"
                self._unknown_key(key, self._groups.key_spans[key], message, sorted(self._used))

    def _unknown_key(self, key: str, span: Span, message: str, known: list[str]) -> None:
        known = [*known, "blocks", "block"]
        diagnostic = Diagnostic(
            "unknown-arg", message, span, helps=(one_of(key, known, "keys of a row"),)
        )
        self._interpreter.report(CompileError([diagnostic]), self._frame)


def _accepts(verb: Block | str) -> tuple[str, ...]:
    return verb.accepts if isinstance(verb, Block) else LAYERS[verb].attributes


def _name(verb: Block | str) -> str:
    return verb.name if isinstance(verb, Block) else verb
