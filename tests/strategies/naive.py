"""A second elaboration, written from the language's description and sharing no code with archc's.

It is naive: it works on plain data, stops at the first mistake, and tells nothing of it. Only the
vocabulary's shape rules are archc's own. The strategies draw with it, so that what they draw is
valid, and tests compare what both make of a spec.
"""

from __future__ import annotations

from collections.abc import Callable

from archc.layers import (
    ACTIVATIONS,
    LAYERS,
    MERGES,
    NORMS,
    ROLES,
    make,
)
from tests.strategies.naive_nodes import Growing
from tests.strategies.naive_parts import (
    NO_LAYER,
    Data,
    Frame,
    Stream,
    Unit,
    inside,
    is_counted,
    table,
    verb_of,
)
from tests.strategies.values import (
    Position,
    Refused,
    Tensor,
    evaluate,
    free_names,
    identifier,
    whole,
)


class Elaboration(Growing):
    """Carries out steps; raises `Refused` at the first that is not valid."""

    def steps(self, steps: list[object], stream: Stream, frame: Frame) -> Stream:
        for step in steps:
            stream = self.step(step, stream, frame)
        return stream

    def step(self, step: object, stream: Stream, frame: Frame) -> Stream:
        """What a step gives. Raises `Refused`."""
        given = step if isinstance(step, dict) else {step: None}
        when, repeat = given.get("when"), given.get("repeat")
        each_time = "repeat" in free_names(when, "when")
        if not each_time and not self._holds(given, stream, frame):
            self._leave_out(given, self._repetitions(given, frame), frame)
            return stream
        entering = self.source(given["from"], frame) if "from" in given else stream
        if repeat is None:
            return self._once(given, entering, frame)
        frame.here = entering
        count = whole(evaluate(repeat, "repeat", frame.names()), 0)
        return self._repeated(given, count, entering, frame) if count else stream

    def source(self, value: object, frame: Frame) -> Stream:
        """The tensors that an id, or an expression, names. Raises `Refused`."""
        if isinstance(value, Tensor):
            return (value,)
        written = str(value)
        if written.startswith("="):
            found = evaluate(written, "from", frame.names())
            if isinstance(found, Tensor):
                return (found,)
            written = str(found)
        if written in frame.tags:
            return frame.tags[written]
        if written == "input" and frame.inputs:
            return (next(iter(frame.inputs.values())),)
        if written in frame.inputs:
            return (frame.inputs[written],)
        raise Refused(f"no step {written}")

    def _repeated(self, given: Data, count: int, stream: Stream, frame: Frame) -> Stream:
        outer = frame.context
        for index in range(count):
            frame.context = {**outer, "repeat": Position(index, lambda: count)}
            if self._holds(given, stream, frame):
                stream = self._once(given, stream, frame)
            else:
                self._leave_out(given, 1, frame)
        frame.context = outer
        return stream

    def _holds(self, given: Data, stream: Stream, frame: Frame) -> bool:
        when = given.get("when")
        if when is None:
            return True
        frame.here = stream
        if "from" in given and "here" in free_names(when, "when"):
            frame.here = self.source(given["from"], frame)
        value = evaluate(when, "when", frame.names())
        if value is not None and not isinstance(value, int | float):
            raise Refused(f"no condition: {value!r}")
        return bool(value)

    def _once(self, given: Data, stream: Stream, frame: Frame) -> Stream:
        frame.here = stream
        name = self._name(given, frame)
        result = self._act(given, name, stream, frame)
        if "id" in given:
            frame.tags[name] = result
        return result

    def _name(self, given: Data, frame: Frame) -> str:
        if "id" in given:
            return identifier(given["id"], frame.names())
        verb = verb_of(given)
        if not is_counted(verb):
            return ""
        number = frame.counters[verb] = frame.counters.get(verb, 0) + 1
        return verb if number == 1 else f"{verb}{number}"

    def _leave_out(self, given: Data, times: int, frame: Frame) -> None:
        verb = verb_of(given)
        if "id" not in given and is_counted(verb):
            frame.counters[verb] = frame.counters.get(verb, 0) + times
        for each in inside(given):
            inner = each if isinstance(each, dict) else {each: None}
            self._leave_out(inner, times * self._repetitions(inner, frame), frame)

    def _repetitions(self, given: Data, frame: Frame) -> int:
        if given.get("repeat") is None:
            return 1
        try:
            return whole(evaluate(given["repeat"], "repeat", frame.names()), 0)
        except Refused:
            return 1

    def _act(self, given: Data, name: str, stream: Stream, frame: Frame) -> Stream:
        verb = verb_of(given)
        payload = given.get(verb)
        if verb in ("", "linear"):
            return stream
        if verb in frame.file.units:
            return self._call(frame.file.units[verb], name, payload, stream, frame)
        if verb in MERGES:
            return self._merge(verb, payload, frame.full(name), stream, frame)
        if verb == "steps":
            return self._scoped(given, name, frame, lambda: self.steps(payload, stream, frame))
        if verb == "groups":
            from tests.strategies.naive_groups import Groups

            run = Groups(self, payload, frame, stream).run
            return self._scoped(given, name, frame, lambda: run(stream))
        return self._layer_step(verb, payload, frame.full(name), stream, frame)

    def _layer_step(
        self, verb: str, payload: object, name: str, stream: Stream, frame: Frame
    ) -> Stream:
        attributes = table(payload, "kind" if verb in ROLES else LAYERS[verb].main)
        attributes = {k: evaluate(v, k, frame.names()) for k, v in attributes.items()}
        if verb in ROLES:
            verb = self._kind(verb, attributes, frame)
        return (
            stream
            if verb in NO_LAYER.values()
            else self.layer(verb, attributes, name, stream, frame)
        )

    def _kind(self, role: str, attributes: dict[str, object], frame: Frame) -> str:
        default = frame.file.defaults.get(role, {}).get("kind") or ROLES[role]
        kind = attributes.pop("kind", None) or default
        known = (*(NORMS if role == "norm" else ACTIVATIONS), NO_LAYER[role])
        if kind not in known:
            raise Refused(f"no kind of {role}: {kind}")
        return str(kind)

    def _merge(
        self, verb: str, paths: dict[str, object], name: str, stream: Stream, frame: Frame
    ) -> Stream:
        ends = []
        for path in paths.values():
            steps = path if isinstance(path, list) else [path]
            ends.append(self.steps(steps, stream, frame)[0])
        return (self.add(name, make(MERGES[verb], ()), tuple(ends)),)

    def _scoped(self, given: Data, name: str, frame: Frame, run: Callable[[], Stream]) -> Stream:
        if "id" not in given:
            return run()
        outer = frame.prefix, frame.counters
        frame.prefix, frame.counters = frame.full(name), {}
        result = run()
        frame.prefix, frame.counters = outer
        return result

    def _call(self, unit: Unit, name: str, payload: object, stream: Stream, frame: Frame) -> Stream:
        given = table(payload, next(iter(unit.args), None))
        if set(given) - set(unit.accepts):
            raise Refused(f"unknown args of {unit.name}")
        inputs = {k: self.source(v, frame)[0] for k, v in given.items() if k in unit.inputs}
        args = {k: evaluate(v, k, frame.names()) for k, v in given.items() if k not in inputs}
        return self.call(unit, args, inputs, frame.full(name), stream)

    def call(
        self,
        unit: Unit,
        args: dict[str, object],
        given: dict[str, Tensor],
        name: str,
        stream: Stream,
    ) -> Stream:
        """What a block gives with these args; `given` are the inputs by name. Raises `Refused`."""
        flowing = iter(stream)
        inputs = {key: given.get(key) or next(flowing, None) for key in unit.inputs}
        if None in inputs.values():
            raise Refused(f"{unit.name} lacks an input")
        frame = Frame(unit.file, {}, inputs, name, stream, inside_unit=True)
        frame.args |= {key: value for key, value in args.items() if value is not None}
        for key, default in unit.args.items():
            if key not in frame.args:
                if default == "required":
                    raise Refused(f"{unit.name} lacks {key}")
                frame.args[key] = evaluate(default, key, frame.names())
        result = self.steps(unit.body["steps"], tuple(inputs.values()), frame)
        outputs = unit.body.get("outputs")
        return tuple([self.source(o, frame)[0] for o in outputs]) if outputs else result
