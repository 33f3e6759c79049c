"""A body of a plan as the two sides of a class: modules get their names, conditions their flags."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from archc.emission.plan import (
    Apply,
    Branch,
    Code,
    CountLoop,
    Invoke,
    Local,
    Move,
    Statement,
    TableLoop,
    Unit,
    statements,
)
from archc.emission.variables import substituted
from archc.targets.torch.emit_attributes import Attributes, computed_name, text_of, words
from archc.targets.torch.emit_chains import LoopForm, is_chain, loop_form, streams
from archc.targets.torch.emit_context import Place, attribute, with_flags
from archc.targets.torch.emit_flow import (
    Body,
    Loop,
    Tensors,
    alive_after_each,
    alive_in_loop,
    assigned,
    codes,
    conditions,
    loop_names,
    names_in,
    numbers_assigned,
    touched,
)
from archc.targets.torch.emit_names import fresh, plural, reserved
from archc.targets.torch.emit_parts import (
    Choose,
    Flag,
    Hold,
    Layer,
    Make,
    MakeEach,
    MakeIf,
    Making,
    RunEach,
    RunIf,
    Sides,
    Step,
)
from archc.targets.torch.emit_stages import round_of, stage
from archc.targets.torch.emit_wording import Ids, Part, first_part, stem_of, verb_of
from archc.targets.torch.lowering.call import TorchCall

MakeLayer = Callable[[TorchCall], str]
MakeUnit = Callable[[Invoke[TorchCall]], str]


class Placing:
    """The sides of one unit. `stages` are the units that its loops became."""

    def __init__(self, unit: Unit[TorchCall], make_layer: MakeLayer, make_unit: MakeUnit) -> None:
        self._unit = unit
        self._make_layer = make_layer
        self._make_unit = make_unit
        self._ids = Ids(unit)
        self._tensors = {*unit.inputs, *touched(unit.body)}
        self._numbers = [*(p.name for p in unit.parameters), *numbers_assigned(unit.body)]
        self.is_chain = is_chain(unit)
        self._attributes = Attributes(self._ids.names if self.is_chain else ())
        self._exports = [self._attributes.word(name) for name in unit.exports]
        self._known: dict[str, Code] = {}
        self.stages: list[Unit[TorchCall]] = []

    def sides(self) -> Sides:
        place = Place(silent=self.is_chain, known=set(self._unit.inputs))
        sides = self._body(self._unit.body, frozenset(self._unit.outputs), place)
        exported = zip(self._exports, self._unit.exports.values(), strict=True)
        sides.constructor += [Flag(name, code) for name, code in exported]
        return sides

    def _body(self, body: Body, alive: Tensors, place: Place) -> Sides:
        sides = Sides()
        after_each = alive_after_each(body, alive)
        for statement, after in zip(body, after_each, strict=True):
            sides.add(self._statement(statement, after, place))
            place.known.update(assigned(statement))
        return sides

    def _statement(self, statement: Statement[TorchCall], alive: Tensors, place: Place) -> Sides:
        match statement:
            case Apply():
                return self._apply(statement, alive, place)
            case Invoke():
                return self._invoke(statement, alive, place)
            case Move():
                return Sides() if place.silent else self._move(statement, alive, place)
            case Local():
                return Sides([statement])
            case Branch():
                return self._branch(statement, alive, place)
            case TableLoop() | CountLoop():
                return self._loop(statement, alive, place)

    def _apply(self, apply: Apply[TorchCall], alive: Tensors, place: Place) -> Sides:
        sides, steps = Sides(), []
        inputs = len(apply.inputs)
        for call in apply.calls:
            if call.expression and not place.silent:
                steps.append(Step(call.expression, is_module=False))
            else:
                name = self._name(apply, call.suffix, place)
                sides.constructor.append(Make(place.holder, name, self._make_layer(call)))
                steps.append(place.applied(name, inputs))
            inputs = 1
        if not place.silent:
            sides.forward.append(Layer((apply.result,), apply.inputs, tuple(steps), alive))
        return sides

    def _invoke(self, invoke: Invoke[TorchCall], alive: Tensors, place: Place) -> Sides:
        name = self._name(invoke, "", place)
        sides = Sides(self._made(invoke, name, place))
        if not place.silent:
            step = place.applied(name, len(invoke.inputs))
            sides.forward.append(Layer(invoke.results, invoke.inputs, (step,), alive))
        return sides

    def _made(self, invoke: Invoke[TorchCall], name: Code | None, place: Place) -> list[Making]:
        """The module of a part, which further modules may ask for a number."""
        given = {key: substituted(code, self._known) for key, code in invoke.arguments.items()}
        module = self._make_unit(replace(invoke, arguments=given))
        if invoke.bound is None:
            return [Make(place.holder, name, module)]
        if isinstance(name, ast.Constant) and place.holder == "self" and self._only_given(invoke):
            self._known[invoke.bound] = attribute(str(name.value))
            return [Make(place.holder, name, module)]
        made = Local(invoke.bound, ast.parse(module, mode="eval").body)
        return [made, Make(place.holder, name, invoke.bound)]

    def _only_given(self, invoke: Invoke[TorchCall]) -> bool:
        """Whether nothing but the arguments of other parts reads a part's numbers."""
        others = (s for s in statements(self._unit.body) if not isinstance(s, Invoke))
        return not any(invoke.bound in names_in(code) for s in others for code in codes(s))

    def _name(self, part: Part, suffix: str, place: Place) -> Code | None:
        """The name of a module, constant or computed; none for one in a list."""
        if not place.named:
            return None
        known = self._ids.of(part)
        text = text_of(known.code)
        if place.numbers or (text is None and self.is_chain):
            return computed_name(known.code, verb_of(part), place.numbers, suffix)
        if text is not None:
            attribute = self._attributes.part(text, verb_of(part), suffix, known.source)
        else:
            label = part.label if isinstance(part, Invoke) else ""
            attribute = self._attributes.part(label or words(known.code), verb_of(part), suffix)
        return ast.Constant(attribute)

    def _move(self, move: Move, alive: Tensors, place: Place) -> Sides:
        sides = Sides()
        for condition in conditions(move.source):
            self._flag(condition, f"changes_{move.result}", sides, place)
        source = with_flags(move.source, place.flags)
        sides.forward.append(Choose(move.result, source, alive))
        return sides

    def _flag(self, condition: Code, wish: str, sides: Sides, place: Place) -> str:
        """The attribute that holds a condition, set on the constructor's side."""
        key = ast.dump(condition)
        if key in place.flags and self._is_constant(condition):
            return place.flags[key]
        name = condition.id if isinstance(condition, ast.Name) else wish
        place.flags[key] = self._attributes.word(name)
        sides.constructor.append(Flag(place.flags[key], condition))
        return place.flags[key]

    def _is_constant(self, condition: Code) -> bool:
        """Whether a condition is the same throughout the constructor."""
        times = Counter(self._numbers)
        return all(times[name] < 2 for name in names_in(condition))

    def _is_given(self, name: str) -> bool:
        return any(parameter.name == name for parameter in self._unit.parameters)

    def _branch(self, branch: Branch[TorchCall], alive: Tensors, place: Place) -> Sides:
        inside = self._body(branch.body, alive, place.inside())
        if not inside.forward:
            return Sides([MakeIf(branch.condition, inside.constructor)])
        sides = Sides()
        flag = self._flag(branch.condition, f"has_{first_part(inside, branch)}", sides, place)
        held = attribute(flag)
        if inside.constructor:
            plain = isinstance(branch.condition, ast.Name) and self._is_given(branch.condition.id)
            made_if = branch.condition if plain else held
            sides.constructor.append(MakeIf(made_if, inside.constructor))
        sides.forward.append(RunIf(held, inside.forward))
        return sides

    def _loop(self, loop: Loop, alive: Tensors, place: Place) -> Sides:
        if place.silent:
            return self._repeated(loop, loop.body, alive, place)
        form = loop_form(loop, alive)
        if form is LoopForm.NUMBERS:
            return self._repeated(loop, loop.body, alive, place)
        stem = stem_of(loop.body)
        body = loop.body
        if form is LoopForm.CLASS:
            stem, body = "stage", self._stage(loop, alive, place)
        return self._held(loop, form, stem, body, alive, place)

    def _held(
        self, loop: Loop, form: LoopForm, stem: str, body: Body, alive: Tensors, place: Place
    ) -> Sides:
        """A loop whose modules an attribute of the class holds."""
        attribute = self._attributes.word(plural(stem))
        variable = fresh(stem, self._tensors | reserved())
        sequential = form is LoopForm.SEQUENTIAL
        inner = Place(
            holder=f"self.{attribute}",
            named=sequential,
            variable=variable,
            silent=form in (LoopForm.SEQUENTIAL, LoopForm.STREAMS),
            known=set(place.known),
        )
        inside = self._repeated(loop, body, alive, inner)
        sides = Sides([Hold(attribute, "Sequential" if sequential else "ModuleList")])
        sides.constructor += inside.constructor
        entering = streams(body)
        if sequential:
            whole = Step(f"self.{attribute}({{0}})", is_module=True)
            sides.forward.append(Layer(entering, entering, (whole,), alive))
            return sides
        if form is LoopForm.STREAMS:
            step = inner.applied(None, len(entering))
            inside.forward = [Layer(entering, entering, (step,), alive_in_loop(body, alive))]
        sides.forward.append(RunEach(variable, attribute, inside.forward))
        return sides

    def _repeated(self, loop: Loop, body: Body, alive: Tensors, place: Place) -> Sides:
        number, start = self._counted(loop)
        inner = replace(place.inside(), numbers=(*place.numbers, number))
        inside = self._body(body, alive_in_loop(body, alive), inner)
        return Sides([MakeEach(loop, number, start, inside.constructor)], inside.forward)

    def _counted(self, loop: Loop) -> tuple[str, int]:
        """The number of a loop's rounds, and where it starts; the one of a plain loop is new."""
        if isinstance(loop, CountLoop):
            return loop.variable, 0
        if loop.number is not None:
            return loop.number, loop.start
        number = fresh("number", {*self._numbers, *reserved()})
        self._numbers.append(number)
        return number, 1

    def _stage(self, loop: Loop, alive: Tensors, place: Place) -> Body:
        numbers = {*self._numbers, *loop_names(loop)}
        name = f"{self._unit.name}_stage"
        unit = stage(loop.body, name, numbers, alive, frozenset(place.known))
        self.stages.append(unit)
        return round_of(unit, loop.body)
