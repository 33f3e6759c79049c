"""The spec's args as parameters of what is emitted."""

from __future__ import annotations

import ast

from archc.elaborate import Recorded
from archc.elaborate.program import Groups, Step
from archc.elaborate.values import Constant, Value, compile_value
from archc.emission.arguments import inner_steps
from archc.emission.calls import safe
from archc.emission.plan import Local, Parameter
from archc.emission.scope import Scope
from archc.emission.symbols import Code, is_literal
from archc.emission.translate import NoCode, constant_code
from archc.emission.walker import Walker
from archc.source import Mapping, Scalar
from archc.source import Sequence as Items


class Knobs:
    """Which args stay arguments, and which the file has as constants."""

    def __init__(self, recorded: Recorded, walker: Walker) -> None:
        self._recorded = recorded
        self._walker = walker

    def declare(self, scope: Scope) -> None:
        """The spec's args: parameters where they are plain, locals where they are computed."""
        frame = self._recorded.frame
        document = self._recorded.assembled.document
        folded, fixed = self._structural(), self._walker.choices.fixed
        for name, value in frame.args.items():
            node = document.args.get(name)
            scalar = isinstance(value, bool | int | float | str)
            if isinstance(value, float):
                scope.home.floats.add(safe(name))
            if node is None or name in folded or not scalar or safe(name) in fixed:
                scope.args[name] = _constant_or_none(value)
                continue
            written = compile_value(node, name)
            parameter = safe(name)
            if isinstance(written, Constant):
                scope.home.unit.parameters.append(Parameter(parameter, constant_code(value)))
                scope.args[name] = ast.Name(parameter, ast.Load())
                scope.home.own.add(parameter)
                continue
            code = self._walker.code(written, scope)
            if code is None or is_literal(code):
                scope.args[name] = _constant_or_none(value)
            else:
                scope.home.own.add(parameter)
                scope.sink.append(Local(parameter, code))
                scope.args[name] = ast.Name(parameter, ast.Load())

    def _structural(self) -> set[str]:
        """The args that the tables or the defaults hold: those are constants of the file."""
        document = self._recorded.assembled.document
        found = set(_names_in_tree(document.origin.get("defaults")))
        if self._walker.dialect.tracks_channels:
            found |= set(_names_in_tree(document.input))
        for _, steps, _ in self._recorded.program.components:
            for step in inner_steps(steps):
                for value in self._constants(step):
                    found |= value.free_names
        return self._with_sources(found)

    def _constants(self, step: Step) -> list[Value]:
        """The values of a step that its code has as literals."""
        found = [step.repeat]
        if isinstance(step.action, Groups):
            groups = step.action
            found.append(groups.computed_rows)
            for row in groups.rows or ():
                found += row.values.values()
            found += [value for value in groups.values.values() if self._is_list(value)]
            policy = groups.stride_policy
            if policy is not None:
                found += [policy.first_group, policy.other_groups]
                found += [policy.strides, policy.output_stride]
        return [value for value in found if value is not None]

    def _is_list(self, value: Value) -> bool:
        frame = self._recorded.frame
        if not value.free_names <= frame.args.keys():
            return False
        return isinstance(value.evaluate(frame), tuple)

    def _with_sources(self, names: set[str]) -> set[str]:
        """The args, and those that they are computed from."""
        document = self._recorded.assembled.document
        waiting, found = list(names), set(names)
        while waiting:
            node = document.args.get(waiting.pop())
            if node is None:
                continue
            for name in compile_value(node, "").free_names - found:
                found.add(name)
                waiting.append(name)
        return found


def _names_in_tree(node: object) -> list[str]:
    """The names that any expression in a tree reads."""
    match node:
        case Mapping():
            return [n for e in node.entries.values() for n in _names_in_tree(e.value)]
        case Items():
            return [n for item in node.items for n in _names_in_tree(item)]
        case Scalar() if isinstance(node.value, str) and ("=" in node.value or "$" in node.value):
            return list(compile_value(node, "").free_names) if node.value.strip() != "=" else []
    return []


def _constant_or_none(value: object) -> Code | None:
    try:
        return constant_code(value)
    except (NoCode, TypeError):
        return None
