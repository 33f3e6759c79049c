"""The Python interface: load a spec, change it, elaborate it, build it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from archc.analyses import check_contracts
from archc.diagnostics import CompileError, Diagnostic, SourceText
from archc.elaborate import elaborate, renamed, weight_rules
from archc.graph import Graph
from archc.source import compose, locate
from archc.spec import Assembled, Family, Library, Setting, assemble, load_family

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Spec:
    """A network's spec: a file, a variant of it, and settings on top. Immutable.

    Nothing is elaborated until `graph()` or `build()` is called.
    """

    family: Family
    chosen: str | None = None
    settings: tuple[Setting, ...] = ()
    search: tuple[Path, ...] = ()

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of the spec's variants; the first is taken where none is chosen."""
        return self.family.variants

    @property
    def variant(self) -> str:
        """The name of the variant at hand; empty where the spec has none."""
        return self.assembled.variant

    @cached_property
    def assembled(self) -> Assembled:
        """The documents of the spec and its libraries. Raises `CompileError`."""
        return assemble(self.family, self.chosen, self.settings, self.search)

    @property
    def digest(self) -> str:
        """The SHA-256, in hexadecimal, of all that makes the network: the text of every file of
        the spec, the variant, the settings.
        """
        import hashlib

        texts = [source.text for source in self.family.places]
        texts += [library.document.origin.span.source.text for library in _all(self.assembled)]
        texts.append(self.assembled.variant)
        texts += [f"{path}={value.span.source.text}" for path, value in self.settings]
        parts = (hashlib.sha256(text.encode()).digest() for text in texts)
        return hashlib.sha256(b"".join(parts)).hexdigest()

    def at(self, variant: str) -> Spec:
        """The same spec at another variant."""
        return replace(self, chosen=variant)

    def with_(self, settings: Mapping[str, object] | None = None, /, **args: object) -> Spec:
        """The spec with values set: `with_({"learner.groups[2].blocks": 23}, classes=10)`.

        A keyword, and a path that starts with an arg's name, sets that arg. A spec that was
        changed is no longer held against its own `expect:`. Raises `CompileError`
        (`setting-path`) when it is elaborated, if a path leads nowhere.
        """
        given = {**(settings or {}), **args}
        added = tuple(setting(path, _yaml(value)) for path, value in given.items())
        return replace(self, settings=(*self.settings, *added))

    def graph(self, *, features: bool = False) -> Graph:
        """The elaborated network; with `features` its outputs are those of its groups.

        Shapes are without the batch axis, channels last. Raises `CompileError` with all that is
        wrong, and one with `exit_code` 1 where the network breaks the spec's `expect:`.
        """
        graph = elaborate(self.assembled, features=features)
        if not features:
            self.check_contracts(graph)
        return graph

    def check_contracts(self, graph: Graph) -> None:
        """Hold the spec's graph against its `expect:`; a changed spec has none but what was set.

        Raises `CompileError` with `exit_code` 1 where the graph breaks it.
        """
        expect = self.assembled.document.expect
        if expect is not None:
            check_contracts(graph, expect)

    def build(self, *, seed: int | None = None, features: bool = False) -> keras.Model:
        """The Keras model, with random initial weights: the same for the same `seed`.

        Raises `CompileError`, also where Keras lacks what a layer asks for.
        """
        from archc.targets.keras import build as build_graph

        return build_graph(self.graph(features=features), seed=seed)

    def weight_rules(self, source: str) -> list[tuple[str, str]]:
        """The rules, a regular expression and its replacement each, that lead in order from
        archc's layer names to those of a weight file of `source`, such as `keras`.
        """
        return weight_rules(self.assembled, source)

    def weight_names(self, source: str) -> dict[str, str]:
        """archc's name of every layer with weights → its name in a weight file of `source`."""
        graph = self.graph()
        names = [node.name for node in graph if graph.weights(node)]
        return renamed(names, self.weight_rules(source))


def _all(assembled: Assembled) -> list[Library]:
    """The spec's libraries and those that they use, each once, in the order of their use."""
    found: dict[int, Library] = {}
    waiting = list(reversed(assembled.libraries))
    while waiting:
        library = waiting.pop()
        if id(library) not in found:
            found[id(library)] = library
            waiting += reversed(library.uses)
    return list(found.values())


def load(
    reference: str,
    *,
    search: Sequence[str | Path] = (),
    settings: Mapping[str, object] | None = None,
) -> Spec:
    """The spec of a file or of the zoo, at a variant if it says one: `efficientnet@b0`.

    `search` are folders where libraries and specs to extend may lie, beside the spec's own.
    Raises `CompileError` where a file can't be read.
    """
    name, variant = split_reference(reference)
    folders = tuple(Path(folder) for folder in search)
    spec = Spec(load_family(name, folders), variant, (), folders)
    return spec.with_(settings) if settings else spec


def build(reference: str, *, seed: int | None = None, **args: object) -> keras.Model:
    """The Keras model of a spec: `archc.build("resnet50", classes=10)`."""
    return load(reference).with_(**args).build(seed=seed)


def zoo() -> tuple[str, ...]:
    """The names of the specs that ship with archc."""
    return tuple(locate.zoo())


def split_reference(reference: str) -> tuple[str, str | None]:
    """`efficientnet@b0` → the file or the zoo's name, and the variant."""
    name, at, variant = reference.rpartition("@")
    if not at or locate.is_there(Path(reference)):
        return reference, None
    return name, variant


def setting(path: str, text: str) -> Setting:
    """A setting from text as the command line has it. Raises `CompileError`."""
    source = SourceText(f"--set {path}", text or "null")
    return path, compose(source)


def parse_setting(text: str) -> Setting:
    """`learner.groups[2].blocks=23` → the path and the value. Raises `CompileError`."""
    path, equals, value = text.partition("=")
    if not equals or not path:
        message = f"expected a setting such as `classes=10`, found `{text}`"
        raise CompileError([Diagnostic("setting-path", message)])
    return setting(path.strip(), value)


def _yaml(value: object) -> str:
    """A Python value as YAML flow text; JSON is a part of YAML."""
    import json

    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    """NumPy's scalars and arrays, and any other sequence, as JSON knows them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"a setting is a number, a text, a list or a mapping, not {value!r}")
