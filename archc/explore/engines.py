"""The engines of a sweep: one for each choice of the knobs that only linking can feel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from archc.api import Spec, setting
from archc.diagnostics import CompileError, SourceText
from archc.explore.dependencies import names_in
from archc.explore.engine import Engine
from archc.explore.forms import told_apart
from archc.explore.knobs import Knob, arg_name
from archc.explore.walk import Point, Walk
from archc.source import Mapping, Node, compose
from archc.spec import Assembled

MAX_ENGINES = 32
"""Engines that are kept; those that were made first are forgotten first."""

_VARIABLE = frozenset({"args", "input", "stem", "learner", "task"})
"""Keys of a spec below which an expression may stand that knows the spec's args."""

_NAMES = frozenset({"id", "from"})
"""Keys of a step that name tensors: other names may be another network."""


class Engines:
    """Costs the variants of a spec; a variant that no engine can cost has none.

    A knob is fixed where its value is a part of how the spec is linked: below `defaults` or
    `define`, an id, an arg that reaches one of these; where a value is `null`, which counts as
    not written; where it is itself an expression; and where Python takes values for one another
    (1 and `true`). Each choice of the fixed knobs has an engine, in which the others are args.
    """

    def __init__(self, spec: Spec, knobs: Sequence[Knob]) -> None:
        self._spec = spec
        self._knobs = tuple(knobs)
        self._args = spec.assembled.document.args
        names = self._linked_names
        self._fixed = [axis for axis, knob in enumerate(knobs) if self._is_fixed(knob, names)]
        self._free = [axis for axis in range(len(knobs)) if axis not in self._fixed]
        self._walks: dict[tuple[object, ...], Walk | None] = {}
        self._unverified: set[Walk] = set()
        self._latest: Walk | None = None
        self._tries: dict[tuple[object, ...], int] = {}
        self._key: tuple[object, ...] | None = None

    def step(self, values: tuple[object, ...], axis: int | None) -> Point | None:
        """The variant of these values, which agrees with the one before up to the knob at `axis`.

        None where no engine can tell. Raises `CompileError` where the spec, or a path, is wrong
        whatever the values.
        """
        if self._fixed or self._key is None:
            key = tuple([told_apart(values[at]) for at in self._fixed])
            if key != self._key:
                self._key, self._latest, axis = key, self._walk(key, values), None
        if self._latest is None:
            self._latest, axis = self._try_again(values), None
        if self._latest is None:
            return None
        point = self._latest.step(values, axis)
        if not point.exact:
            return None
        if self._unverified and not point.problems and self._latest in self._unverified:
            return point if self._verify(self._latest, values) else None
        return point

    def _verify(self, walk: Walk, values: tuple[object, ...]) -> bool:
        """Whether no two layers have one name, which a first feasible variant shows."""
        self._unverified.discard(walk)
        paths = [knob.path for knob in self._knobs]
        try:
            self._spec.with_(dict(zip(paths, values, strict=True))).graph()
        except CompileError:
            assert self._key is not None
            self._latest = self._walks[self._key] = None
            return False
        return True

    def _walk(self, key: tuple[object, ...], values: tuple[object, ...]) -> Walk | None:
        if key not in self._walks:
            if len(self._walks) >= MAX_ENGINES:
                oldest = next(iter(self._walks))
                self._tries.pop(oldest, None)
                self._unverified -= {self._walks.pop(oldest)}
            walk = self._walks[key] = self._new_walk(values)
            if walk is None:
                # The spec as it is says whether the fault is in it or in the way it is varied.
                self._spec.graph()
                first = {knob.path: knob.values[0] for knob in self._knobs}
                self._spec.with_(first).assembled  # noqa: B018
                self._tries[key] = 1
        return self._walks[key]

    def _try_again(self, values: tuple[object, ...]) -> Walk | None:
        """Where the first variant could not be linked another may, but it is seldom tried."""
        assert self._key is not None
        if self._key not in self._tries:
            return None
        tries = self._tries[self._key] = self._tries[self._key] + 1
        if tries & (tries - 1):
            return None
        walk = self._walks[self._key] = self._new_walk(values)
        if walk is not None:
            del self._tries[self._key]
        return walk

    def _new_walk(self, values: tuple[object, ...]) -> Walk | None:
        fixed = {self._knobs[at].path: values[at] for at in self._fixed}
        spec = self._spec.with_(fixed) if fixed else self._spec
        free = [self._knobs[at] for at in self._free]
        names = [self._name(knob, at) for at, knob in enumerate(free)]
        try:
            assembled = _with_knobs(spec, free, names)
            engine = Engine(assembled, names, [values[at] for at in self._free])
        except CompileError:
            return None
        walk = Walk(engine, self._free, len(self._knobs))
        self._unverified.add(walk)
        return walk

    def _name(self, knob: Knob, number: int) -> str:
        """The arg that stands for a knob: itself where it is one."""
        return arg_name(knob.path, self._args) or f"knob_{number}"

    def _is_fixed(self, knob: Knob, linked: frozenset[str]) -> bool:
        if len(set(knob.values)) < len(knob.values) or any(map(_is_computed, knob.values)):
            return True
        if (arg := arg_name(knob.path, self._args)) is not None:
            return arg in linked
        keys = [part.partition("[")[0] for part in knob.path.split(".")]
        inside = keys[1:2] if keys[0] == "args" else keys[:1]
        is_linked = inside[0] in linked if inside[0] in self._args else keys[0] not in _VARIABLE
        return is_linked or keys[-1] in _NAMES or None in knob.values

    @cached_property
    def _linked_names(self) -> frozenset[str]:
        """The args that reach what is linked, through others."""
        document = self._spec.assembled.document
        nodes = [node for node in (document.name, document.about) if node is not None]
        nodes += document.defaults.values()
        nodes += _ids([*document.stem, *document.task, document.learner])
        felt = frozenset[str]().union(*map(names_in, nodes))
        while True:
            more = felt.union(*(names_in(self._args[name]) for name in felt & self._args.keys()))
            if more == felt:
                return felt
            felt = more


def _is_computed(value: object) -> bool:
    """Whether a value, or one inside a list, is an expression or a text with one in it."""
    if isinstance(value, tuple):
        return any(map(_is_computed, value))
    return isinstance(value, str) and (value.startswith("=") or "$(" in value)


def _ids(nodes: Sequence[Node | None]) -> list[Node]:
    """Every `id` and `from` of a tree."""
    found: list[Node] = []
    waiting = [node for node in nodes if node is not None]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            found += [entry.value for key, entry in node.entries.items() if key in _NAMES]
            waiting += [entry.value for entry in node.entries.values()]
        else:
            waiting += getattr(node, "items", ())
    return found


def _with_knobs(spec: Spec, knobs: Sequence[Knob], names: Sequence[str]) -> Assembled:
    """The spec with an arg of its own for each knob, and its use where the path leads."""
    given = spec.assembled.document.args
    paths = {knob.path: name for knob, name in zip(knobs, names, strict=True) if name not in given}
    settings = tuple([setting(path, f"={name}") for path, name in paths.items()])
    assembled = replace(spec, settings=(*spec.settings, *settings)).assembled
    nothing = compose(SourceText("--vary", "null"))
    added: dict[str, Node] = dict.fromkeys(paths.values(), nothing)
    args = {**added, **assembled.document.args}
    document = assembled.document.model_copy(update={"args": args})
    return replace(assembled, document=document)
