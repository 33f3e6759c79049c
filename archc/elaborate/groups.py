"""Groups of blocks carried out: which block, with which args and stride, at every place."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from archc.diagnostics import CompileError, Diagnostic, Span, close_matches, one_of, renaming
from archc.elaborate.group_values import GroupValues
from archc.elaborate.instantiate import evaluate_id, make_layer, resolve, resolve_verb
from archc.elaborate.interpret import Interpreter, Place
from archc.elaborate.limits import MAX_TOLD
from archc.elaborate.program import Block, Groups, LayerCall
from archc.elaborate.report import error
from archc.elaborate.scope import POISONED, Frame, Position, Stream, Tensor
from archc.elaborate.strides import GroupStride, Strides
from archc.elaborate.values import Constant, Poisoned, Value
from archc.layers import LAYERS
from archc.spec import GroupsDocument

_OWN_KEYS = frozenset({"blocks", "stride"})
"""Keys of a row that the group itself takes; every other is an arg of its block."""


class GroupsRunner:
    """Carries out one `groups` step in a frame."""

    def __init__(
        self,
        interpreter: Interpreter,
        groups: Groups,
        frame: Frame,
        known: dict[str, object] | None = None,
    ) -> None:
        self._interpreter = interpreter
        self.groups = groups
        self.frame = frame
        self.values = GroupValues(groups, frame, known)
        self.strides = Strides(groups.stride_policy, self.values.count, frame)
        self._accepted: dict[str, None] = {}
        self._all_checked = True

    @property
    def count(self) -> int:
        """The number of groups."""
        return self.values.count

    def run(self, stream: Stream) -> Stream:
        outer = self.frame.context
        try:
            counts = self._counts()
            for group, count in enumerate(counts):
                stream = self._run_or_report(group, count, stream)
            if self._all_checked:
                self._refuse_unused()
        finally:
            self.frame.context = outer
        return stream

    def run_one(self, group: int, stream: Stream) -> Stream:
        """Carry out a single group. Raises `CompileError`."""
        outer = self.frame.context
        try:
            count = self.values.block_count(group)
            return self._run_group(group, count, stream)
        finally:
            self.frame.context = outer

    def _counts(self) -> list[int]:
        """The number of blocks of every group; 0 where it is wrong, which is reported."""
        try:
            return self.values.block_counts()
        except CompileError as problem:
            counts = [self._count_or_report(group) for group in range(self.count)]
            if all(counts):
                raise problem from None
            return counts

    def _count_or_report(self, group: int) -> int:
        try:
            return self.values.block_count(group)
        except CompileError as problem:
            self._interpreter.report(problem, self.frame)
            return 0

    def _run_or_report(self, group: int, count: int, stream: Stream) -> Stream:
        """A group that fails does not keep the others from being checked."""
        try:
            if count:
                return self._run_group(group, count, stream)
            self._enter(group, 0, 1)
            self._check_keys(group, 1)
        except Poisoned:
            self._all_checked = False
        except CompileError as problem:
            self._all_checked = False
            self._interpreter.report(problem, self.frame)
        return POISONED

    def _run_group(self, group: int, count: int, stream: Stream) -> Stream:
        self._enter(group, 0, count)
        self.frame.here = stream
        self._check_keys(group, count)
        run = partial(self._group_body, group, count, stream)
        span = self.values.row_span(group)
        name = f"group{group + 1}"
        return self._interpreter.within("group", f"group {group + 1}", name, span, self.frame, run)

    def _group_body(self, group: int, count: int, stream: Stream) -> Stream:
        frame, interpreter = self.frame, self._interpreter
        stream = interpreter.run_steps(self.groups.before, stream, frame)
        stream = self.run_blocks(group, count, stream)
        if not frame.inside_block:
            interpreter.group_outputs.append(stream[0])
        return interpreter.run_steps(self.groups.after, stream, frame)

    def run_blocks(self, group: int, count: int, stream: Stream) -> Stream:
        """The blocks of one group, one after the other, as long as errors may come of it."""
        stride = self.stride(group, stream)
        for index in range(int(count)):
            if index < MAX_TOLD or stream is not POISONED:
                stream = self.run_block(group, index, count, stride, stream)
            self._interpreter.learner_position += not self.frame.inside_block
        return stream

    def _enter(self, group: int, index: int, count: int) -> None:
        """Let positions hold; `before` sees the first block's, `after` the last's."""
        interpreter = self._interpreter
        learner = None
        if interpreter.learner_total is not None and not self.frame.inside_block:
            learner = Position(interpreter.learner_position, interpreter.learner_total)
        self.values.enter(group, Position(index, count), learner)

    def stride(self, group: int, stream: Stream) -> GroupStride:
        row = self.values.row(group)
        if row is None or "stride" not in row.values:
            return self.strides.of_group(group, None, self.values.row_span(group), stream[0])
        given = self.values.value("stride", group)
        return self.strides.of_group(group, given, row.values["stride"].span, stream[0])

    def run_block(
        self, group: int, index: int, count: int, stride: GroupStride, stream: Stream
    ) -> Stream:
        self._enter(group, index, count)
        self.frame.here = stream
        try:
            verb, span = self._verb(group, index, count)
            given = self._arguments(group, verb) | stride.arguments(
                index, count, _accepts(verb), verb_name(verb)
            )
            return self._call(verb, given, group, index, span, stream)
        except Poisoned:
            return POISONED
        except CompileError as problem:
            self._interpreter.report(problem, self.frame)
            return POISONED

    def _verb(self, group: int, index: int, count: int) -> tuple[Block | str, Span]:
        value = self.values.choice(group).at(index, count)
        return resolve_verb(self.groups.file, value, self.frame), value.span

    def _arguments(self, group: int, verb: Block | str) -> dict[str, object]:
        """What the rows and the keys beside them give to this block."""
        accepts = _accepts(verb)
        values = self.values
        keys = [key for key in values.keys if key in accepts and key not in _OWN_KEYS]
        given = {key: values.value(key, group) for key in sorted(keys, key=accepts.index)}
        return {key: value for key, value in given.items() if value is not None}

    def _call(
        self,
        verb: Block | str,
        given: dict[str, object],
        group: int,
        index: int,
        span: Span,
        stream: Stream,
    ) -> Stream:
        frame = self.frame
        identifier = f"group{group + 1}_block{index + 1}"
        if self.groups.id is not None:
            identifier = evaluate_id(self.groups.id, frame)
        place = Place(f"block {index + 1}", frame.full(identifier), span)
        if isinstance(verb, Block):
            result = self._call_block(verb, given, group, place, stream)
        else:
            result = self._call_layer(verb, given, group, place, stream)
        frame.tags[identifier] = result
        return result

    def _call_block(
        self, block: Block, given: dict[str, object], group: int, place: Place, stream: Stream
    ) -> Stream:
        inputs = {
            key: self._tensor(key, given.pop(key), group) for key in block.inputs if key in given
        }
        self._refuse_missing(block.name, block.required, given, group)
        call = self._interpreter.call_block
        return call(block, given, inputs, place, stream, self.frame)

    def _call_layer(
        self, verb: str, given: dict[str, object], group: int, place: Place, stream: Stream
    ) -> Stream:
        frame = self.frame
        self._interpreter.spend(place.span)
        defaults = self.groups.file.defaults.get(verb, {})
        self._refuse_missing(verb, LAYERS[verb].required, given | defaults, group)
        attributes: dict[str, Value] = {
            key: Constant(value, self.values.span(key, group)) for key, value in given.items()
        }
        layer = make_layer(LayerCall(LAYERS[verb], attributes, defaults), place.span, frame)
        add = self._interpreter.network.add_layer
        return (add(layer, place.name, stream[0], place.span, frame.instance),)

    def _tensor(self, key: str, value: object, group: int) -> Tensor:
        constant = Constant(value, self.values.span(key, group))
        return resolve(constant, self.frame)[0]

    def _refuse_missing(
        self, verb: str, required: tuple[str, ...], given: dict[str, object], group: int
    ) -> None:
        missing = [name for name in required if given.get(name) is None]
        row = self.values.row(group)
        strangers = {*self.groups.values, *(row.values if row is not None else ())} - given.keys()
        if any(close_matches(stranger, missing) for stranger in strangers - {*_OWN_KEYS, *missing}):
            # Who wrote `filter` knows that `filters` is needed: one mistake, told once.
            raise Poisoned
        if missing:
            names = " and ".join(f"`{name}`" for name in missing)
            help_line = f"give it in the row or beside `groups`: `{missing[0]}: …`"
            message = f"`{verb}` needs {names}"
            raise error("missing-arg", message, self.values.row_span(group), help_line)

    def _check_keys(self, group: int, count: int) -> None:
        """Report the keys of the group's row that none of its blocks declares."""
        verbs = dict.fromkeys(self._verb(group, i, count)[0] for i in (0, count // 2, count - 1))
        accepted = dict.fromkeys(name for verb in verbs for name in _accepts(verb))
        self._accepted |= accepted
        row = self.values.row(group)
        for key in row.values if row is not None else ():
            if row is not None and not self._is_taken(key, accepted):
                names = " and ".join(f"`{verb_name(verb)}`" for verb in verbs)
                have = "have" if len(verbs) > 1 else "has"
                self._unknown_key(
                    key, row.key_spans[key], f"{names} {have} no arg `{key}`", accepted, row.values
                )

    def _refuse_unused(self) -> None:
        """Report keys beside `groups` that no block declares, and scaling of what no row has."""
        groups = self.groups
        for key in groups.values:
            if not self._is_taken(key, self._accepted):
                message = f"no block of these groups has an arg `{key}`"
                known = dict.fromkeys([*self._accepted, *GroupsDocument.model_fields])
                self._unknown_key(key, groups.key_spans[key], message, known, groups.key_spans)
        for key, value in groups.scaling.items():
            if key not in self.values.keys:
                message = f"`scaling` of `{key}`, which neither a row nor a key beside them gives"
                known = dict.fromkeys(self.values.keys)
                self._unknown_key(key, value.span, message, known, groups.scaling)

    def _is_taken(self, key: str, accepted: dict[str, None]) -> bool:
        """Whether a key reaches a block, or the groups' own expressions through `row.`."""
        return key in _OWN_KEYS or key in accepted or key in self.groups.read

    def _unknown_key(
        self, key: str, span: Span, message: str, accepted: dict[str, None], taken: Iterable[str]
    ) -> None:
        known = [name for name in (*accepted, "blocks", "block") if name != "origin"]
        help_line = one_of(key, dict.fromkeys(known), "keys here")
        fix = renaming(span, key, known, taken)
        diagnostic = Diagnostic("unknown-arg", message, span, helps=(help_line,), fix=fix)
        self._interpreter.report(CompileError([diagnostic]), self.frame)


def _accepts(verb: Block | str) -> tuple[str, ...]:
    return verb.accepts if isinstance(verb, Block) else LAYERS[verb].attributes


def verb_name(verb: Block | str) -> str:
    return verb.name if isinstance(verb, Block) else verb
