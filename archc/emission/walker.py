"""A body walked once for all its instances: records of what was done become statements.

Every instance is a lane. A step's `when` that holds in some lanes only becomes an `if`; a layer is
lowered in every lane, and where the texts differ the lanes are told apart (`Split`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from archc.elaborate.program import (
    BlockCall,
    Groups,
    LayerCall,
    MergeCall,
    Path,
    RoleCall,
    Step,
    Steps,
)
from archc.elaborate.record import Body, Call, Round, StepRecord
from archc.elaborate.scope import Tensor
from archc.elaborate.values import Constant, Value
from archc.emission.branches import Run, branch
from archc.emission.dialect import Dialect
from archc.emission.layer_calls import LayerCalls
from archc.emission.plan import Apply, Local, Move
from archc.emission.positions import literal_position
from archc.emission.repeats import Repeats
from archc.emission.scope import Flow, Scope, Variable, new_variable
from archc.emission.scope_names import ScopeNames
from archc.emission.splits import CannotKeep, Choices, Hidden, Split
from archc.emission.symbols import Code, is_literal, names_in
from archc.emission.translate import NoCode, joined_name, translate
from archc.emission.variables import fresh, identifier
from archc.layers import Dropout, DropPath, Layer


class Walker:
    """Writes statements for steps; what it calls is written by others, who are told of it."""

    def __init__(
        self,
        dialect: Dialect,
        choices: Choices,
        nonnegative: Callable[[int], bool],
        call: Callable[..., Flow],
        groups: Callable[..., Flow],
    ) -> None:
        self.dialect = dialect
        self.choices = choices
        self.calls = LayerCalls(dialect, nonnegative)
        self.hidden = Hidden(choices)
        self._repeats = Repeats(choices, self.hidden, self.local)
        self._call = call
        self._groups = groups

    def code(self, value: Value, scope: Scope) -> Code | None:
        """The value as code; None where the target can't say it here."""
        try:
            return translate(value, ScopeNames(scope, self.dialect))
        except NoCode:
            return None

    def walk(self, bodies: Sequence[Body], flow: Flow, scope: Scope) -> Flow:
        """The steps of a body, whose records in the lanes are `bodies`."""
        for records in zip(*(body.steps for body in bodies), strict=True):
            try:
                flow = self._step(records[0].step, list(records), flow, scope)
            except Split as split:
                split.attach(scope.origin)
                raise
        return flow

    def _step(self, step: Step, records: list[StepRecord], flow: Flow, scope: Scope) -> Flow:
        counts = [len(record.rounds) for record in records]
        if step.repeat is not None:
            scope.here = flow[0]
            code = self.code(step.repeat, scope)
            if code is not None and self._repeats.is_loop(step, records, code, scope):

                def run(rounds: list[Round], carried: Flow, inner: Scope) -> Flow:
                    return self._round(step, rounds, carried, inner, first=False)

                return self._repeats.run(step, records, code, flow, scope, run)
        if len(set(counts)) > 1:
            raise Split(counts)
        for index in range(counts[0]):
            if step.repeat is not None:
                scope.context = {**scope.context, "repeat": literal_position(index, counts[0])}
            rounds = [record.rounds[index] for record in records]
            flow = self._round(step, rounds, flow, scope, first=index == 0)
        if step.repeat is not None:
            scope.context = {k: v for k, v in scope.context.items() if k != "repeat"}
        return flow

    def _round(
        self, step: Step, rounds: list[Round], flow: Flow, scope: Scope, *, first: bool
    ) -> Flow:
        held = [lane for lane, made in enumerate(rounds) if made.held]
        if step.when is not None and len(held) in (0, len(rounds)) and not scope.dry:
            scope.here = flow[0]
            self._assume(step.when, scope)
        if not held:
            return flow

        def run(inner: Scope) -> Flow:
            chosen = [rounds[lane] for lane in held]
            entering = flow if inner is scope else tuple(v.viewed(held) for v in flow)
            inner.here = entering[0]
            if step.source is not None and first:
                entering = self.resolve(step.source, [made.entering for made in chosen], inner)
            inner.here = entering[0]
            try:
                return self._act(step, chosen, entering, inner)
            except Split as split:
                split.attach(inner.origin)
                raise

        if len(held) == len(rounds):
            return run(scope)
        assert step.when is not None
        scope.here = flow[0]
        condition = self.code(step.when, scope)
        if condition is None or is_literal(condition):
            raise Split([made.held for made in rounds])
        return branch(self.local, condition, held, flow, scope, run)

    def _assume(self, value: Value, scope: Scope) -> None:
        """Take for granted what a value comes to: it does the same in all lanes."""
        code = self.code(value, scope)
        codes = [code] if code is not None else [scope.args.get(name) for name in value.free_names]
        for each in codes:
            scope.home.unit.assumed |= names_in(each)

    def local(self, wish: str, value: Code, scope: Scope) -> Code:
        """A name for a value, assigned here."""
        name = fresh(wish, scope.home.own)
        scope.home.own.add(name)
        scope.home.known[name] = value
        scope.sink.append(Local(name, value))
        return ast.Name(name, ast.Load())

    def resolve(self, value: Value, entering: Sequence[Sequence[Tensor]], scope: Scope) -> Flow:
        """The variables that `from:` or an arg for an input names."""
        if isinstance(value, Constant):
            found = scope.find(str(value.value))
            if found is None:
                self.hidden.wanted(str(value.value))
                raise CannotKeep
            self.call_it(found, str(value.value), scope)
            return found
        nodes = [flow[0].node for flow in entering]
        if scope.here is not None and scope.here.nodes == nodes:
            return (scope.here,)
        for name, flow in scope.tensors():
            if flow[0].nodes == nodes:
                self.call_it(flow, name, scope)
                return flow
        code = self.code(value, scope)
        if code is None or self.dialect.tracks_channels:
            self.hidden.wanted()
            raise CannotKeep
        made = self._new([flow[0] for flow in entering], None, scope)
        scope.sink.append(Move(made.name, code))
        return (made,)

    def call_it(self, flow: Flow, name: str, scope: Scope) -> None:
        """What is taken by its id goes by it."""
        wishes = scope.home.wishes
        if any(flow[0].name == variable.name for variable in scope.inputs.values()):
            return
        if wishes.get(flow[0].name) == "x" and name != "input":
            wishes[flow[0].name] = identifier(name, "step_")

    def _new(self, tensors: Sequence[Tensor], channels: Code | None, scope: Scope) -> Variable:
        made = new_variable(tensors, channels, scope.wish)
        scope.home.wishes[made.name] = scope.wish
        return made

    def local_name(self, step: Step, rounds: Sequence[Round], scope: Scope) -> Code:
        """The step's name in its unit."""
        if step.id is not None and not isinstance(step.id, Constant):
            code = self.code(step.id, scope)
            if code is not None:
                return joined_name(scope.prefix, code)
        names = [made.name for made in rounds]
        if len(set(names)) > 1:
            raise Split(names)
        return joined_name(scope.prefix, ast.Constant(names[0]))

    def _act(self, step: Step, rounds: list[Round], flow: Flow, scope: Scope) -> Flow:
        match step.action:
            case None:
                result = flow
            case LayerCall() as call:
                result = self._layers(step, call, rounds, flow, scope)
            case RoleCall() as call:
                result = self._role(step, call, rounds, flow, scope)
            case MergeCall() as merge:
                result = self._merge(step, merge, rounds, flow, scope)
            case BlockCall() as block:
                result = self._block(step, block, rounds, flow, scope)
            case Steps():
                bodies = [made.inside[0] for made in rounds]
                result = self._scoped(
                    step, rounds, scope, lambda inner: self.walk(bodies, flow, inner)
                )
            case Groups() as groups:
                records = [made.groups for made in rounds]
                result = self._scoped(
                    step,
                    rounds,
                    scope,
                    lambda inner: self._groups(self, groups, records, flow, inner),
                )
            case _:
                raise CannotKeep
        if step.id is not None:
            self._tag(step, rounds, result, scope)
        return result

    def _tag(self, step: Step, rounds: list[Round], flow: Flow, scope: Scope) -> None:
        for name in dict.fromkeys(made.name for made in rounds):
            scope.tags.pop(name, None)
            scope.tags[name] = flow

    def _scoped(self, step: Step, rounds: list[Round], scope: Scope, run: Run) -> Flow:
        if step.id is None:
            return run(scope)
        outer, scope.prefix = scope.prefix, self.local_name(step, rounds, scope)
        try:
            return run(scope)
        finally:
            scope.prefix = outer

    def _layers(
        self, step: Step, call: LayerCall, rounds: list[Round], flow: Flow, scope: Scope
    ) -> Flow:
        codes = {name: self.code(value, scope) for name, value in call.attributes.items()}
        layers = [made.layer for made in rounds]
        assert all(layer is not None for layer in layers)
        known = [layer for layer in layers if layer is not None]
        local = self.local_name(step, rounds, scope)
        return self.apply(known, codes, rounds, flow, scope, local)

    def _role(
        self, step: Step, call: RoleCall, rounds: list[Round], flow: Flow, scope: Scope
    ) -> Flow:
        codes = {name: self.code(value, scope) for name, value in call.attributes.items()}
        kind = self.code(call.kind, scope) if call.kind is not None else None
        if len({each.layer for each in rounds}) == 1 and not scope.dry:
            scope.home.unit.assumed |= names_in(kind)
        made = [lane for lane, each in enumerate(rounds) if each.layer is not None]
        if not made:
            return flow
        local = self.local_name(step, rounds, scope)

        def run(inner: Scope) -> Flow:
            chosen = [rounds[lane] for lane in made]
            entering = flow if inner is scope else tuple(v.viewed(made) for v in flow)
            layers = [each.layer for each in chosen if each.layer is not None]
            return self.apply(layers, {"kind": kind, **codes}, chosen, entering, inner, local)

        if len(made) == len(rounds):
            return run(scope)
        if kind is None or is_literal(kind):
            raise Split([each.layer is None for each in rounds])
        nothing = "linear" if call.role == "activation" else "none"
        condition = ast.Compare(kind, [ast.NotEq()], [ast.Constant(nothing)])
        return branch(self.local, condition, made, flow, scope, run)

    def apply(
        self,
        layers: list[Layer],
        codes: dict[str, Code | None],
        rounds: Sequence[Any],
        flow: Flow,
        scope: Scope,
        local: Code,
    ) -> Flow:
        """One layer in every lane, an `if` around it where its rate is 0 in some."""
        idle = [isinstance(layer, Dropout | DropPath) and layer.rate == 0 for layer in layers]
        rate = codes.get("rate")
        if any(idle):
            if rate is None or is_literal(rate):
                if all(idle):
                    return flow
                raise Split(idle)
            working = [lane for lane, each in enumerate(idle) if not each] or [0]

            def run(inner: Scope) -> Flow:
                chosen = [layers[lane] for lane in working]
                entering = tuple(v.viewed(working) for v in flow)
                results = [rounds[lane].result for lane in working]
                return self._apply(chosen, codes, results, entering, inner, local)

            return branch(self.local, rate, working, flow, scope, run)
        return self._apply(layers, codes, [r.result for r in rounds], flow, scope, local)

    def _apply(
        self,
        layers: list[Layer],
        codes: dict[str, Code | None],
        results: list[Any],
        flow: Flow,
        scope: Scope,
        local: Code,
    ) -> Flow:
        # It is the same object in most lanes.
        distinct = {id(layer): layer for layer in layers}
        known = {
            each: self.calls.marked(layer, codes, scope.home) for each, layer in distinct.items()
        }
        marked = [known[id(layer)] for layer in layers]
        channels = self.calls.channels(marked, flow[:1], results)
        made = self._new([result[0] for result in results], channels, scope)
        if not scope.dry:
            calls = self.calls.lowered(marked, flow[:1])
            verb = layers[0].verb
            scope.sink.append(Apply(made.name, calls, (flow[0].name,), local, verb))
        return (made,)

    def _merge(
        self, step: Step, merge: MergeCall, rounds: list[Round], flow: Flow, scope: Scope
    ) -> Flow:
        ends = [self._path(path, i, rounds, flow, scope) for i, path in enumerate(merge.paths)]
        local = self.local_name(step, rounds, scope)
        results = [made.result for made in rounds]
        layers = [merge.layer] * len(rounds)
        channels = self.calls.channels(layers, tuple(ends), results)
        made = self._new([result[0] for result in results], channels, scope)
        if not scope.dry:
            calls = self.calls.lowered(layers, tuple(ends))
            names = tuple(end.name for end in ends)
            scope.sink.append(Apply(made.name, calls, names, local, merge.verb.name))
        return (made,)

    def _path(
        self, path: Path, index: int, rounds: list[Round], flow: Flow, scope: Scope
    ) -> Variable:
        outer = scope.wish
        scope.wish = identifier(path.name, "path")
        try:
            return self.walk([made.inside[index] for made in rounds], flow, scope)[0]
        finally:
            scope.wish = outer

    def _block(
        self, step: Step, call: BlockCall, rounds: list[Round], flow: Flow, scope: Scope
    ) -> Flow:
        calls = [made.call for made in rounds if made.call is not None]
        codes: dict[str, Code | None] = {}
        inputs: dict[str, Variable] = {}
        for key, value in call.arguments.items():
            if key in call.block.inputs:
                tensors = [(made.inputs[key],) for made in calls]
                inputs[key] = self.resolve(value, tensors, scope)[0]
            else:
                codes[key] = self.code(value, scope)
        local = self.local_name(step, rounds, scope)
        site = (id(step), tuple(made.name for made in rounds) if step.repeat else ())
        return self.call(calls, codes, inputs, flow, scope, local, site)

    def call(
        self,
        calls: list[Call],
        codes: dict[str, Code | None],
        inputs: dict[str, Variable],
        flow: Flow,
        scope: Scope,
        local: Code,
        site: Hashable,
    ) -> Flow:
        """A block called in every lane: `inputs` are those given by name."""
        flowing = iter(flow)
        entering = {}
        for name in calls[0].block.inputs:
            entering[name] = inputs[name] if name in inputs else next(flowing)
        return self._call(self, calls, codes, entering, scope, local, site)
