"""Groups in the naive elaboration: rows, lists beside them, strides, scaling."""

from __future__ import annotations

from archc.layers import LAYERS
from tests.strategies.naive import Elaboration
from tests.strategies.naive_parts import Data, Frame, Stream, Unit, thawed
from tests.strategies.values import Position, Refused, evaluate, free_names, identifier, text, whole

OWN_KEYS = ("block", "stride_policy", "scaling", "before", "after", "id", "groups")
GROUP_NAMES = frozenset({"group", "block", "learner", "row", "here"})


class Row:
    """`row.key` in an expression."""

    def __init__(self, groups: Groups, group: int) -> None:
        self._groups = groups
        self._group = group

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        value = self._groups.value(name, self._group)
        if value is None and not self._groups.knows(name):
            raise AttributeError(name)
        return value


class Groups:
    """One `groups` step in a frame. Raises `Refused`."""

    def __init__(self, elaboration: Elaboration, data: Data, frame: Frame, stream: Stream) -> None:
        self._elaboration = elaboration
        self._data = data
        self._frame = frame
        self._beside = {key: value for key, value in data.items() if key not in OWN_KEYS}
        frame.here = stream
        rows = data.get("groups")
        self._rows = evaluate(rows, "groups", frame.names()) if rows is not None else ()
        if not isinstance(self._rows, tuple) or not all(isinstance(r, dict) for r in self._rows):
            raise Refused(f"no rows: {self._rows!r}")
        self.count = len(self._rows) or self._count_of_lists()
        self._dilation = 1

    def run(self, stream: Stream) -> Stream:
        frame = self._frame
        outer = frame.context
        counts = [self._block_count(group) for group in range(self.count)]
        self._refuse_unused(counts)
        for group, count in enumerate(counts):
            self._enter(group, 0, count)
            frame.here = stream
            stream = self._elaboration.steps(self._data.get("before", []), stream, frame)
            stream = self._blocks(group, count, stream)
            if not frame.inside_unit:
                self._elaboration.features.append(stream[0])
            stream = self._elaboration.steps(self._data.get("after", []), stream, frame)
        frame.context = outer
        return stream

    def knows(self, key: str) -> bool:
        return key in self._beside or any(key in row for row in self._rows)

    def value(self, key: str, group: int) -> object:
        """The group's value after scaling; None where there is none."""
        raw = self._raw(key, group)
        scaling = self._data.get("scaling", {}).get(key)
        if scaling is None or raw is None:
            return raw
        keys = [name for name in free_names(scaling, key) if self.knows(name)]
        own = {name: thawed(self._raw(name, group)) for name in keys}
        return evaluate(scaling, key, {**self._frame.names(), **own})

    def _raw(self, key: str, group: int) -> object:
        names = self._frame.names()
        if self._rows and key in self._rows[group]:
            return evaluate(self._rows[group][key], key, names)
        value = evaluate(self._beside.get(key), key, names)
        if not isinstance(value, tuple):
            return value
        if len(value) != self.count:
            raise Refused(f"{key} has {len(value)} values for {self.count} groups")
        return value[group]

    def _count_of_lists(self) -> int:
        lengths = {}
        for key, value in self._beside.items():
            if not free_names(value, key) & GROUP_NAMES:
                result = evaluate(value, key, self._frame.names())
                if isinstance(result, tuple):
                    lengths[key] = len(result)
        return lengths.get("blocks", max(lengths.values(), default=1))

    def _block_count(self, group: int) -> int:
        outer = self._frame.context
        self._enter(group)
        value = self.value("blocks", group)
        self._frame.context = outer
        return 1 if value is None else whole(value, 1)

    def _enter(self, group: int, block: int | None = None, count: int = 0) -> None:
        elaboration = self._elaboration
        context = {k: v for k, v in self._frame.context.items() if k not in ("block", "learner")}
        context["group"] = Position(group, lambda: self.count)
        context["row"] = Row(self, group)
        if block is not None:
            context["block"] = Position(block, lambda: count)
            total = elaboration.learner_count
            if total is not None and not self._frame.inside_unit:
                context["learner"] = Position(elaboration.learner_position, lambda: total)
        self._frame.context = context

    def _blocks(self, group: int, count: int, stream: Stream) -> Stream:
        stride, before = self._stride(group, stream), self._dilation
        if stride is not None:
            stride, before = self._dilated(stride, stream)
        policy = self._data.get("stride_policy")
        last = isinstance(policy, dict) and policy.get("on") == "last_block"
        taker = count - 1 if last else 0
        for index in range(count):
            self._enter(group, index, count)
            self._frame.here = stream
            dilation = self._dilation if index > taker else before
            own = stride if index == taker or stride is None else 1
            stream = self._block(group, index, count, own, dilation, stream)
            self._elaboration.learner_position += not self._frame.inside_unit
        return stream

    def _stride(self, group: int, stream: Stream) -> object:
        if self._rows and self._rows[group].get("stride") is not None:
            given = self.value("stride", group)
            if given is not None:
                return given
        policy = self._data.get("stride_policy")
        if policy is None:
            return None
        names = self._frame.names()
        if not isinstance(policy, dict):
            return self._listed(evaluate(policy, "stride_policy", names), group)
        if policy.get("strides") is not None:
            return self._listed(evaluate(policy["strides"], "strides", names), group)
        key = "first_group" if group == 0 else "other_groups"
        value = evaluate(policy.get(key), key, names)
        return 1 if value is None else _stride(value)

    def _listed(self, strides: object, group: int) -> object:
        if not isinstance(strides, tuple):
            return _stride(strides)
        if len(strides) != self.count:
            raise Refused("strides for other groups")
        return _stride(strides[group])

    def _dilated(self, stride: object, stream: Stream) -> tuple[object, int]:
        """The stride that is left under `output_stride`, and the dilation up to its taker."""
        policy, before = self._data.get("stride_policy"), self._dilation
        limit = policy.get("output_stride") if isinstance(policy, dict) else None
        if limit is None or _is_one(stride):
            return stride, before
        most = whole(evaluate(limit, "output_stride", self._frame.names()), 1)
        step = whole(stride, 1)
        if stream[0].total_stride * step <= most:
            return stride, before
        self._dilation = before * step
        return 1, before

    def _verb(self, group: int, index: int, count: int) -> Unit | str:
        choice = self._rows[group].get("block") if self._rows else None
        choice = choice or self._data.get("block")
        if isinstance(choice, dict):
            last = choice.get("last") if index == count - 1 else None
            first = choice.get("first") if index == 0 else None
            choice = first or last or choice["rest"]
        if choice is None:
            raise Refused("no block")
        name = text(choice, self._frame.names())
        if name in self._frame.file.units:
            return self._frame.file.units[name]
        if name not in LAYERS:
            raise Refused(f"no block {name}")
        return name

    def _block(
        self, group: int, index: int, count: int, stride: object, dilation: int, stream: Stream
    ) -> Stream:
        verb = self._verb(group, index, count)
        accepts = _accepts(verb)
        keys = [key for key in accepts if key not in ("blocks", "stride") and self.knows(key)]
        given = {key: self.value(key, group) for key in keys}
        given = {key: value for key, value in given.items() if value is not None}
        for key, value in (("stride", stride), ("dilation", dilation)):
            if value is None or (key == "dilation" and value == 1):
                continue
            if key in accepts:
                given[key] = value
            elif not _is_one(value):
                raise Refused(f"no arg {key}")
        name = f"group{group + 1}_block{index + 1}"
        if "id" in self._data:
            name = identifier(self._data["id"], self._frame.names())
        result = self._call(verb, given, self._frame.full(name), stream)
        self._frame.tags[name] = result
        return result

    def _call(
        self, verb: Unit | str, given: dict[str, object], name: str, stream: Stream
    ) -> Stream:
        elaboration, frame = self._elaboration, self._frame
        if isinstance(verb, str):
            return elaboration.layer(verb, given, name, stream, frame)
        inputs = [key for key in verb.inputs if key in given]
        tensors = {key: elaboration.source(given.pop(key), frame)[0] for key in inputs}
        return elaboration.call(verb, given, tensors, name, stream)

    def _refuse_unused(self, counts: list[int]) -> None:
        """Every key reaches a block of its group, or an expression through `row.`"""
        read = str(self._data)
        accepted_by_any: set[str] = set()
        for group, count in enumerate(counts):
            self._enter(group, 0, count)
            verbs = [self._verb(group, index, count) for index in range(count)]
            accepted = {name for verb in verbs for name in _accepts(verb)}
            accepted_by_any |= accepted
            for key in self._rows[group] if self._rows else ():
                known = key in ("blocks", "stride", "block") or f"row.{key}" in read
                if key not in accepted and not known:
                    raise Refused(f"no block takes {key}")
        for key in self._beside:
            if key not in accepted_by_any and key != "blocks" and f"row.{key}" not in read:
                raise Refused(f"no block takes {key}")
        for key in self._data.get("scaling", {}):
            if not self.knows(key):
                raise Refused(f"nothing to scale under {key}")


def _accepts(verb: Unit | str) -> tuple[str, ...]:
    return verb.accepts if isinstance(verb, Unit) else LAYERS[verb].attributes


def _stride(value: object) -> object:
    return value if isinstance(value, tuple) else whole(value, 1)


def _is_one(value: object) -> bool:
    return value == 1 or (isinstance(value, tuple) and all(side == 1 for side in value))
