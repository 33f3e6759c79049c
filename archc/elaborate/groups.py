"""Groups of blocks carried out: which block, with which args and stride, at every place."""

from __future__ import annotations

from functools import partial

from archc.diagnostics import CompileError, Diagnostic, Span, one_of
from archc.elaborate.group_values import GroupValues
from archc.elaborate.instantiate import evaluate_id, make_layer, resolve, resolve_verb
from archc.elaborate.interpret import Interpreter, Place
from archc.elaborate.program import Block, Groups, LayerCall
from archc.elaborate.report import error
from archc.elaborate.scope import POISONED, Frame, Poisoned, Position, Stream, Tensor
from archc.elaborate.strides import GroupStride, Strides
from archc.elaborate.values import Constant, Value
from archc.layers import LAYERS

_OWN_KEYS = frozenset({"blocks", "stride"})
"""Keys of a row that the group itself takes; every other is an arg of its block."""


class GroupsRunner:
    """Carries out one `groups` step in a frame."""

    def __init__(self, interpreter: Interpreter, groups: Groups, frame: Frame) -> None:
        self._interpreter = interpreter
        self._groups = groups
        self._frame = frame
        self._values = GroupValues(groups, frame)
        self._strides = Strides(groups.stride_policy, self._values.count, frame)
        self._accepted: dict[str, None] = {}

    def run(self, stream: Stream) -> Stream:
        outer = self._frame.context
        counts = self._values.block_counts()
        try:
            for group, count in enumerate(counts):
                stream = self._run_group(group, count, stream)
            self._refuse_unused()
        finally:
            self._frame.context = outer
        return stream

    def _run_group(self, group: int, count: int, stream: Stream) -> Stream:
        self._enter(group, 0, count)
        self._frame.here = stream
        self._check_keys(group, count)
        run = partial(self._group_body, group, count, stream)
        span = self._values.row_span(group)
        name = f"group{group + 1}"
        return self._interpreter.within("group", f"group {group + 1}", name, span, self._frame, run)

    def _group_body(self, group: int, count: int, stream: Stream) -> Stream:
        frame, interpreter = self._frame, self._interpreter
        stream = interpreter.run_steps(self._groups.before, stream, frame)
        stride = self._stride(group, stream)
        for index in range(count):
            self._enter(group, index, count)
            frame.here = stream
            stream = self._run_block(group, index, count, stride, stream)
            interpreter.learner_position += 1
        interpreter.group_outputs.append(stream[0])
        return interpreter.run_steps(self._groups.after, stream, frame)

    def _enter(self, group: int, index: int, count: int) -> None:
        """Let positions hold; `before` sees the first block's, `after` the last's."""
        interpreter = self._interpreter
        learner = None
        if interpreter.learner_total is not None:
            learner = Position(interpreter.learner_position, interpreter.learner_total)
        self._values.enter(group, Position(index, count), learner)

    def _stride(self, group: int, stream: Stream) -> GroupStride:
        row = self._values.row(group)
        given = None
        if row is not None and "stride" in row.values:
            given = self._values.value("stride", group)
        return self._strides.of_group(group, given, self._values.row_span(group), stream[0])

    def _run_block(
        self, group: int, index: int, count: int, stride: GroupStride, stream: Stream
    ) -> Stream:
        try:
            verb, span = self._verb(group, index, count)
            given = self._arguments(group, verb) | stride.arguments(
                index, count, _accepts(verb), _name(verb)
            )
            return self._call(verb, given, group, index, span, stream)
        except Poisoned:
            return POISONED
        except CompileError as problem:
            self._interpreter.report(problem, self._frame)
            return POISONED

    def _verb(self, group: int, index: int, count: int) -> tuple[Block | str, Span]:
        value = self._values.choice(group).at(index, count)
        return resolve_verb(self._groups.file, value, self._frame), value.span

    def _arguments(self, group: int, verb: Block | str) -> dict[str, object]:
        """What the rows and the keys beside them give to this block."""
        accepts = _accepts(verb)
        values = self._values
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
        frame = self._frame
        identifier = f"group{group + 1}_block{index + 1}"
        if self._groups.id is not None:
            identifier = evaluate_id(self._groups.id, frame)
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
        return call(block, given, inputs, place, stream, self._frame)

    def _call_layer(
        self, verb: str, given: dict[str, object], group: int, place: Place, stream: Stream
    ) -> Stream:
        frame = self._frame
        defaults = self._groups.file.defaults.get(verb, {})
        self._refuse_missing(verb, LAYERS[verb].required, given | defaults, group)
        attributes: dict[str, Value] = {
            key: Constant(value, self._values.span(key, group)) for key, value in given.items()
        }
        layer = make_layer(LayerCall(LAYERS[verb], attributes, defaults), place.span, frame)
        add = self._interpreter.network.add_layer
        return (add(layer, place.name, stream[0], place.span, frame.instance),)

    def _tensor(self, key: str, value: object, group: int) -> Tensor:
        constant = Constant(value, self._values.span(key, group))
        return resolve(constant, self._frame)[0]

    def _refuse_missing(
        self, verb: str, required: tuple[str, ...], given: dict[str, object], group: int
    ) -> None:
        missing = [name for name in required if given.get(name) is None]
        if missing:
            names = " and ".join(f"`{name}`" for name in missing)
            help_line = f"give it in the row or beside `groups`: `{missing[0]}: …`"
            message = f"`{verb}` needs {names}"
            raise error("missing-arg", message, self._values.row_span(group), help_line)

    def _check_keys(self, group: int, count: int) -> None:
        """Report the keys of the group's row that none of its blocks declares."""
        verbs = dict.fromkeys(self._verb(group, i, count)[0] for i in (0, count // 2, count - 1))
        accepted = dict.fromkeys(name for verb in verbs for name in _accepts(verb))
        self._accepted |= accepted
        row = self._values.row(group)
        for key in row.values if row is not None else ():
            if row is not None and not self._is_taken(key, accepted):
                names = " and ".join(f"`{_name(verb)}`" for verb in verbs)
                have = "have" if len(verbs) > 1 else "has"
                self._unknown_key(
                    key, row.key_spans[key], f"{names} {have} no arg `{key}`", accepted
                )

    def _refuse_unused(self) -> None:
        for key in self._groups.values:
            if not self._is_taken(key, self._accepted):
                message = f"no block of these groups has an arg `{key}`"
                self._unknown_key(key, self._groups.key_spans[key], message, self._accepted)

    def _is_taken(self, key: str, accepted: dict[str, None]) -> bool:
        """Whether a key reaches a block, or the groups' own expressions through `row.`."""
        if key in _OWN_KEYS or key in accepted:
            return True
        values = [*self._groups.values.values(), *self._groups.scaling.values()]
        return any(("row", key) in value.attributes for value in values)

    def _unknown_key(self, key: str, span: Span, message: str, accepted: dict[str, None]) -> None:
        help_line = one_of(key, [*accepted, "blocks", "block"], "keys of a row")
        diagnostic = Diagnostic("unknown-arg", message, span, helps=(help_line,))
        self._interpreter.report(CompileError([diagnostic]), self._frame)


def _accepts(verb: Block | str) -> tuple[str, ...]:
    return verb.accepts if isinstance(verb, Block) else LAYERS[verb].attributes


def _name(verb: Block | str) -> str:
    return verb.name if isinstance(verb, Block) else verb
