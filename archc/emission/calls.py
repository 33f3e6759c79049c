"""Blocks as units: the calls of each are gathered, then its body is written once for all."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from archc.elaborate.program import INPUT, Block
from archc.elaborate.record import Call
from archc.elaborate.values import Constant
from archc.emission.arguments import default_code
from archc.emission.plan import Branch, Invoke, Local, Parameter, Unit
from archc.emission.reserved import PARTS, RESERVED
from archc.emission.scope import Flow, Home, Scope, Variable, new_variable
from archc.emission.splits import CannotKeep, Choices, Split
from archc.emission.symbols import Code, is_literal
from archc.emission.translate import NoCode, constant_code
from archc.emission.variables import fresh, identifier
from archc.emission.walker import Walker


@dataclass(slots=True, eq=False)
class Site:
    """A place that calls a block: once in every lane of its own."""

    key: Hashable
    calls: list[Call]
    codes: dict[str, Code | None]
    entering: dict[str, Variable]
    invoke: Invoke[Any]
    home: Home
    origin: list[int]
    settle: Callable[[], None] | None


@dataclass(slots=True, eq=False)
class Draft:
    """A block's unit before it is written, and all places that call it."""

    block: Block
    unit: Unit[Any]
    key: Hashable
    sites: list[Site] = field(default_factory=list)

    @property
    def calls(self) -> list[Call]:
        return [call for site in self.sites for call in site.calls]


class Calls:
    """All blocks' drafts of one attempt."""

    def __init__(self, choices: Choices, name_unit: Callable[[str], str]) -> None:
        self._choices = choices
        self._name_unit = name_unit
        self.drafts: dict[Hashable, Draft] = {}

    def call(
        self,
        walker: Walker,
        calls: list[Call],
        codes: dict[str, Code | None],
        entering: dict[str, Variable],
        scope: Scope,
        local: Code,
        site: Hashable,
    ) -> Flow:
        """A call of a block: an `Invoke` of its unit, or its body in place."""
        key = (scope.home.key, site)
        nameless = isinstance(local, ast.Constant) and local.value == ""
        if scope.dry or nameless or key in self._choices.inlined:
            return self._inline(walker, calls, codes, entering, scope, local)
        draft = self._draft(calls[0].block, self._choices.versions.get(key, ()))
        results = self._results(walker, calls, codes, entering, scope, local)
        names = tuple(entering[name].name for name in draft.block.inputs)
        invoke: Invoke[Any] = Invoke(
            tuple(result.name for result in results), draft.unit, names, {}, local, ""
        )
        scope.sink.append(invoke)
        draft.sites.append(
            Site(
                key,
                calls,
                codes,
                dict(entering),
                invoke,
                scope.home,
                list(scope.origin),
                scope.settle or scope.home.settle,
            )
        )
        return results

    def _draft(self, block: Block, version: Hashable) -> Draft:
        key = (id(block), version)
        if key not in self.drafts:
            unit: Unit[Any] = Unit(self._name_unit(block.name), "block", (), named=True)
            self.drafts[key] = Draft(block, unit, key)
        return self.drafts[key]

    def _results(
        self,
        walker: Walker,
        calls: list[Call],
        codes: dict[str, Code | None],
        entering: dict[str, Variable],
        scope: Scope,
        local: Code,
    ) -> Flow:
        channels: list[Code | None] = [None] * min(len(call.result) for call in calls)
        if walker.dialect.tracks_channels:
            dry = scope.narrowed(list(range(scope.lanes)), [])
            dry.dry = True
            found = self._inline(walker, calls, codes, entering, dry, local)
            channels = [v.channels for v in found[: len(channels)]]
        made = []
        for index, code in enumerate(channels):
            variable = new_variable([call.result[index] for call in calls], code, scope.wish)
            scope.home.wishes[variable.name] = scope.wish
            made.append(variable)
        return tuple(made)

    def _inline(
        self,
        walker: Walker,
        calls: list[Call],
        codes: dict[str, Code | None],
        entering: dict[str, Variable],
        scope: Scope,
        local: Code,
    ) -> Flow:
        block = calls[0].block
        inner = Scope(
            scope.home,
            scope.lanes,
            scope.sink,
            local,
            {},
            dict(entering),
            wish=scope.wish,
            dry=scope.dry,
            origin=scope.origin,
            settle=scope.settle,
        )
        for name in block.arguments:
            given = [call.arguments.get(name) is not None for call in calls]
            if any(given):
                inner.args[name] = codes.get(name) or agreed([_bound(c, name) for c in calls])
            else:
                inner.args[name] = self._default(walker, block, name, calls, inner)
        return body_of(walker, block, calls, inner)

    def _default(
        self, walker: Walker, block: Block, name: str, calls: list[Call], scope: Scope
    ) -> Code | None:
        default = block.defaults[name]
        if isinstance(default, Constant):
            return default_code(block, name) or constant_code(default.value)
        scope.here = next(iter(scope.inputs.values()))
        code = walker.code(default, scope)
        if code is None:
            return agreed([_bound(call, name) for call in calls])
        if is_literal(code) or isinstance(code, ast.Name) or scope.dry:
            return code
        if scope.home.block is not block:
            return walker.local(safe(name), code, scope)
        scope.sink.append(Local(safe(name), code))
        return ast.Name(safe(name), ast.Load())

    def write(self, walker: Walker, draft: Draft) -> None:
        """The unit of a block from all its calls. Raises `Split`."""
        block, unit, calls = draft.block, draft.unit, draft.calls
        home = Home(
            unit, draft.key, block=block, own=set(RESERVED) | {safe(n) for n in block.arguments}
        )
        scope = Scope(home, len(calls), unit.body, ast.Constant(""), {}, {})
        scope.origin = list(range(len(calls)))
        for index, name in enumerate(block.inputs):
            scope.inputs[name] = self._input(walker, draft, index, name, home)
        unit.inputs = tuple(variable.name for variable in scope.inputs.values())
        for name in block.arguments:
            if any(isinstance(_bound(call, name), float) for call in calls):
                home.floats.add(safe(name))
            scope.args[name] = self._argument(walker, draft, name, scope)
        unit.parameters.sort(key=lambda parameter: parameter.default is not None)
        flow = body_of(walker, block, calls, scope)
        given = {len(site.invoke.results) for site in draft.sites}
        if len(given) > 1 or len(flow) < min(given):
            raise CannotKeep
        unit.outputs = tuple(variable.name for variable in flow[: min(given)])

    def _input(self, walker: Walker, draft: Draft, index: int, name: str, home: Home) -> Variable:
        variable = new_variable([], None, "x" if name == INPUT else safe(name))
        if len(draft.block.inputs) > 1 or name != INPUT:
            home.wishes[variable.name] = identifier(name)
        for site in draft.sites:
            variable.nodes += site.entering[name].nodes
            variable.shapes += site.entering[name].shapes
        if walker.dialect.tracks_channels:
            parameter = "in_channels" if index == 0 else f"{safe(name)}_channels"
            draft.unit.parameters.append(Parameter(parameter))
            home.own.add(parameter)
            for site in draft.sites:
                code = site.entering[name].channels
                assert code is not None
                site.invoke.arguments[parameter] = code
            variable.channels = ast.Name(parameter, ast.Load())
        return variable

    def _argument(self, walker: Walker, draft: Draft, name: str, scope: Scope) -> Code | None:
        block = draft.block
        given = [self._given(site, name) for site in draft.sites]
        if not any(given):
            return self._default(walker, block, name, draft.calls, scope)
        codes = self._codes(draft, name)
        everywhere = all(given)
        literals = {ast.dump(code) for code in codes if code is not None}
        constant = everywhere and len(literals) == 1 and all(c is not None for c in codes)
        if (
            constant
            and name not in block.required
            and codes[0] is not None
            and is_literal(codes[0])
        ):
            return codes[0]
        parameter = Parameter(safe(name))
        draft.unit.parameters.append(parameter)
        for site, code in zip(draft.sites, codes, strict=True):
            if code is not None:
                site.invoke.arguments[parameter.name] = code
        if name not in block.required:
            self._optional(walker, draft, name, parameter, scope, everywhere=everywhere)
        return ast.Name(parameter.name, ast.Load())

    def _optional(
        self,
        walker: Walker,
        draft: Draft,
        name: str,
        parameter: Parameter,
        scope: Scope,
        *,
        everywhere: bool,
    ) -> None:
        partly = any(
            self._given(site, name) and any(c.arguments.get(name) is None for c in site.calls)
            for site in draft.sites
        )
        parameter.default = default_code(draft.block, name)
        default = draft.block.defaults[name]
        if parameter.default is not None or (everywhere and not partly):
            return
        if isinstance(default, Constant):
            raise Split([call.arguments.get(name) is None for call in draft.calls])
        scope.here = next(iter(scope.inputs.values()))
        code = walker.code(default, scope)
        if code is None:
            raise Split([call.arguments.get(name) is None for call in draft.calls])
        parameter.default = ast.Constant(None)
        absent = ast.Compare(ast.Name(parameter.name, ast.Load()), [ast.Is()], [ast.Constant(None)])
        draft.unit.body.append(Branch(absent, [Local(parameter.name, code)]))

    def _given(self, site: Site, name: str) -> bool:
        return any(call.arguments.get(name) is not None for call in site.calls)

    def _codes(self, draft: Draft, name: str) -> list[Code | None]:
        """The code of an arg at each site that gives it. Raises `Split` where one has none."""
        codes: list[Code | None] = []
        for site in draft.sites:
            if not self._given(site, name):
                codes.append(None)
                continue
            code = site.codes.get(name)
            if code is None:
                code = agreed([_bound(call, name) for call in site.calls])
            if code is None:
                raise Split([str(_bound(call, name)) for call in draft.calls])
            codes.append(code)
        return codes


def body_of(walker: Walker, block: Block, calls: list[Call], scope: Scope) -> Flow:
    """The steps of a block in a scope that has its args and inputs."""
    bodies = [call.body for call in calls if call.body is not None]
    flow = walker.walk(bodies, tuple(scope.inputs.values()), scope)
    if not block.outputs:
        return flow
    return tuple(
        walker.resolve(value, [(call.result[index],) for call in calls], scope)[0]
        for index, value in enumerate(block.outputs)
    )


def _bound(call: Call, name: str) -> object:
    assert call.body is not None
    return call.body.frame.args[name]


def agreed(values: list[Any]) -> Code | None:
    """The literal that all values are, or None."""
    try:
        codes = {ast.dump(constant_code(value)): value for value in values}
    except NoCode:
        return None
    return constant_code(values[0]) if len(codes) == 1 else None


def safe(name: str) -> str:
    """An arg's name as a parameter: never one that the emitted file has a meaning for."""
    made = identifier(name, "arg_") if not name.isascii() else name
    return f"{made}_" if made in RESERVED or made in PARTS else made


def unused(name: str, taken: set[str]) -> str:
    """A name that is not taken, which then is."""
    made = fresh(name, taken)
    taken.add(made)
    return made
