"""The names of a spec for the variants of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from archc.elaborate.program import Groups
from archc.elaborate.scope import Frame
from archc.elaborate.values import Listed, Value, compile_value
from archc.explore.dependencies import names_in
from archc.explore.learnt import LearntValue, is_computed
from archc.graph import Instance
from archc.spec import Assembled

Maker: TypeAlias = Callable[[Mapping[str, object], dict[str, object]], Frame]


Lists: TypeAlias = dict[Groups, dict[str, object]]
"""What stands beside groups, by its key."""


class Shared(NamedTuple):
    """The args of a variant, and what stands beside groups, that were evaluated so far; `counts`
    are the numbers of groups where all of the latter is known.
    """

    args: dict[str, object]
    lists: Lists
    counts: dict[Groups, int]


class Frames:
    """Makes frames; `knobs` are the args that vary, and `values` what they are at first.

    Raises `CompileError` where an arg has no value with these.
    """

    def __init__(
        self, assembled: Assembled, knobs: Sequence[str], values: Sequence[object]
    ) -> None:
        document = assembled.document
        self._all_learnt: list[LearntValue] = []
        self._span = document.origin.span
        self._args = {name: compile_value(node, name) for name, node in document.args.items()}
        self._learnt = {name: self.learnt(value) for name, value in self._args.items()}
        self._behind = {name: names_in(node) for name, node in document.args.items()}
        self._knobs = tuple(knobs)
        self._variant: Sequence[object] | None = None
        self._shared = Shared({}, {}, {})
        self._first: dict[str, object] = {"variant": assembled.variant}
        given = dict(zip(knobs, values, strict=True))
        first = self._frame(self._first)
        for name, value in self._args.items():
            self._first[name] = given[name] if name in given else value.evaluate(first)

    @property
    def args(self) -> frozenset[str]:
        """The names of all args."""
        return frozenset(self._args)

    def varying(self) -> list[LearntValue]:
        """The args that are computed from knobs, lists item by item."""
        written = [value for name, value in self._args.items() if name not in self._knobs]
        parts = [part for v in written for part in (v.items if isinstance(v, Listed) else (v,))]
        return [self.learnt(part) for part in parts if self.hangs_on_knobs(part.free_names)]

    def behind(self, names: frozenset[str]) -> frozenset[str]:
        """These names and all that they hang on, through args that hang on others."""
        felt, waiting = set(names), list(names)
        while waiting:
            more = self._behind.get(waiting.pop(), frozenset()) - felt
            felt |= more
            waiting += more
        return frozenset(felt)

    def hangs_on_knobs(self, names: frozenset[str]) -> bool:
        """Whether any of these names varies."""
        return not self.behind(names).isdisjoint(self._knobs)

    def written(self, arg: str) -> Value | None:
        """The value of an arg as the spec writes it; None for a knob, and for no arg."""
        return None if arg in self._knobs else self._args.get(arg)

    def first(self) -> Frame:
        """The spec's names with the knobs' first values."""
        return self._frame(dict(self._first))

    def shared(self, values: Sequence[object]) -> Shared:
        """What the parts of one variant have found out so far."""
        if self._variant is not values:
            self._variant, self._shared = values, Shared({}, {}, {})
        return self._shared

    def learnt(self, value: Value) -> LearntValue:
        """A value of args alone, which is learnt."""
        made = LearntValue(value)
        self._all_learnt.append(made)
        return made

    def is_computed(self, value: Value) -> bool:
        """Whether args alone decide a value, and it is computed from knobs."""
        if not value.free_names <= self.args:
            return False
        behind = self.behind(value.free_names)
        varying = [name for name in behind if self.hangs_on_knobs(frozenset({name}))]
        computed = [is_computed(self._args[name]) for name in varying if name not in self._knobs]
        return bool(varying) and (is_computed(value) or any(computed))

    @property
    def contradicted(self) -> bool:
        """Whether anything that was learnt of a value ever turned out to be wrong."""
        return any(value.contradicted for value in self._all_learnt)

    def maker(self, felt: frozenset[str], *, learns: bool) -> Maker:
        """Makes the frame of a part that feels these names, from the values of its knobs and
        what was found out of the other args, which it adds to.

        Args that the part does not feel are as they were at first. Only one that `learns` may be
        asked often, and only for plain values. The maker raises `CompileError`.
        """
        computed = [
            (name, self._learnt[name] if learns else value)
            for name, value in self._args.items()
            if name in felt - {*self._knobs} and self.hangs_on_knobs(frozenset({name}))
        ]

        def make(knobs: Mapping[str, object], known: dict[str, object]) -> Frame:
            frame = self._frame({**self._first, **knobs})
            for name, value in computed:
                if name not in known:
                    known[name] = value.evaluate(frame)
                frame.args[name] = known[name]
            return frame

        return make

    def _frame(self, args: dict[str, object]) -> Frame:
        return Frame(args, {}, "", Instance("model", "", "", self._span), ())
