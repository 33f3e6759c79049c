"""Values of args that are found out for every variant, learnt as functions of the args in them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from archc.elaborate.scope import Frame
from archc.elaborate.values import Computed, Listed, Named, Scope, Value
from archc.explore.forms import opened, refilled, varies
from archc.explore.learner import Function, Learner
from archc.explore.recipes import Recipe, asked, compiled
from archc.explore.traced import Number, Recording, is_traced, plain, traced


class LearntValue:
    """A value that args alone decide."""

    def __init__(self, value: Value) -> None:
        self.free_names = value.free_names
        self._value = value
        self._names = tuple(sorted(value.free_names))
        self._is_computed = is_computed(value)
        self._learner: Learner[object] = Learner()

    @property
    def contradicted(self) -> bool:
        """Whether anything that was learnt ever turned out to be wrong."""
        return self._learner.contradicted

    def evaluate(self, frame: Frame) -> object:
        """The value with plain args. Raises `CompileError`."""
        if not self._is_computed or self._learner.has_given_up:
            return self._value.evaluate(frame)
        if not self.free_names <= frame.args.keys():
            # Only evaluating it tells whether it gets as far as that name.
            return self._value.evaluate(frame)
        numbers: list[Number] = []
        given = tuple([frame.args[name] for name in self._names])
        form = opened(given, varies, numbers)
        known = self._learner.recall(form, numbers)
        if known is not None:
            return known
        found = self._value.evaluate(frame)
        if numbers:
            self._learner.learn(form, numbers, found, partial(self._trace, given, numbers))
        return found

    def _trace(
        self, given: tuple[object, ...], numbers: Sequence[Number]
    ) -> tuple[Function[object], object | None]:
        recording = Recording()
        inputs = traced(recording, numbers, "k")
        others = iter(inputs.values())
        known = [refilled(value, varies, others) for value in given]
        result = self._value.evaluate(_Args(dict(zip(self._names, known, strict=True))))
        open_numbers: list[Number] = []
        opened(result, is_traced, open_numbers)
        learnt = _ValueTrace(compiled(recording, tuple(inputs), open_numbers), result)
        answer = learnt.result([plain(number) for number in numbers])
        return learnt, None if answer is None else answer[0]


def is_computed(value: Value) -> bool:
    """Whether finding out a value takes longer than asking whether it is known."""
    if isinstance(value, Listed):
        return any(map(is_computed, value.items))
    return isinstance(value, Computed) and not isinstance(value, Named)


class _ValueTrace(Function[object]):
    """A value as a function of numbers."""

    __slots__ = ("_recipe", "_result")

    def __init__(self, recipe: Recipe, result: object) -> None:
        super().__init__()
        self._recipe, self._result = recipe, result

    def result(self, numbers: Sequence[Number]) -> tuple[object, bool] | None:
        found = asked(self._recipe, numbers)
        if found is None:
            return None
        return refilled(self._result, is_traced, iter(found)), True


class _Args(Scope):
    """Args alone."""

    def __init__(self, args: dict[str, object]) -> None:
        self._args = args

    def lookup(self, name: str) -> object:
        return self._args[name]

    def names(self) -> list[str]:
        return list(self._args)
