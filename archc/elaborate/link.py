"""Documents → Program: blocks declared file by file, then every body linked.

Everything that can be told without a tensor is told here, for all files at once.
"""

from __future__ import annotations

from pathlib import Path

from archc.diagnostics import CompileError, Diagnostic, Findings, Span
from archc.elaborate.link_defaults import DefaultsLinker
from archc.elaborate.link_steps import NOTHING, SEQUENCES, StepLinker
from archc.elaborate.names import BodyNames
from archc.elaborate.program import INPUT, Block, FileScope, Program, Step
from archc.elaborate.scope import Frame
from archc.elaborate.values import BrokenValue, Constant, Value, compile_value
from archc.layers import LAYERS, MERGES, ROLES
from archc.source import Mapping, Node, Scalar, Sequence
from archc.spec import (
    Assembled,
    BlockDocument,
    Library,
    LibraryDocument,
    SpecDocument,
    describe,
)

STYLE = frozenset({"bias", "padding", "init", "epsilon", "momentum", "scale", "center", "kind"})
"""Attributes that a spec's defaults also set inside the libraries that it uses."""

REQUIRED = "required"

WORDS = (*SEQUENCES, NOTHING)
"""Verbs that are no layers, merges or roles."""

_ALWAYS = frozenset({"input", "here"})


def link(assembled: Assembled, findings: Findings, frame: Frame | None) -> Program:
    """The program of a spec; what is wrong with it goes to `findings`.

    `frame` has the spec's args, which its defaults may use wherever they reach; it is None where
    the args are wrong.
    """
    return _ProgramLinker(assembled, findings, frame).link()


class _ProgramLinker:
    def __init__(self, assembled: Assembled, findings: Findings, frame: Frame | None) -> None:
        self._frame = frame
        self._document = assembled.document
        self._libraries = assembled.libraries
        self._findings = findings
        self._files: dict[Path, FileScope] = {}
        self._bodies: list[tuple[FileScope, Block, BlockDocument]] = []
        self._style: dict[str, dict[str, Value]] = {}

    def link(self) -> Program:
        document = self._document
        spec_names = frozenset(document.args) | {"variant"}
        own_defaults = self._evaluated(self._defaults(document, spec_names))
        self._style = {
            verb: {name: value for name, value in attributes.items() if name in STYLE}
            for verb, attributes in own_defaults.items()
        }
        used = [self._library(library) for library in self._libraries]
        file = FileScope({}, own_defaults)
        for scope in used:
            file.blocks.update(scope.blocks)
        self._declare(file, document)
        for scope, block, body in self._bodies:
            self._link_body(scope, block, body)
        return self._program(file, spec_names)

    def _evaluated(self, defaults: dict[str, dict[str, Value]]) -> dict[str, dict[str, Value]]:
        """The spec's defaults with its args put in: a block that they reach knows only its own."""
        if self._frame is None or len(self._findings):
            return defaults
        try:
            return {
                verb: {
                    name: Constant(value.evaluate(self._frame), value.span)
                    for name, value in attributes.items()
                }
                for verb, attributes in defaults.items()
            }
        except CompileError as problem:
            self._findings.extend(problem.diagnostics)
            return defaults

    def _library(self, library: Library) -> FileScope:
        known = self._files.get(library.place.path)
        if known is not None:
            return known
        used = [self._library(each) for each in library.uses]
        own = self._defaults(library.document, frozenset())
        verbs = dict.fromkeys([*own, *self._style])
        defaults = {verb: own.get(verb, {}) | self._style.get(verb, {}) for verb in verbs}
        scope = self._files[library.place.path] = FileScope({}, defaults)
        for each in used:
            scope.blocks.update(each.blocks)
        self._declare(scope, library.document)
        return scope

    def _defaults(
        self, document: SpecDocument | LibraryDocument, names: frozenset[str]
    ) -> dict[str, dict[str, Value]]:
        linker = DefaultsLinker(BodyNames(self._findings, names), self._findings)
        return linker.link(document.origin.get("defaults"))

    def _declare(self, scope: FileScope, document: SpecDocument | LibraryDocument) -> None:
        written = document.origin.get("define")
        for name, body in document.define.items():
            assert isinstance(written, Mapping)
            span = written.entries[name].key_span
            if name in LAYERS or name in MERGES or name in ROLES or name in WORDS:
                message = f"`{name}` is a word of the language: a block needs a name of its own"
                self._findings.add(Diagnostic("bad-name", message, span))
            block = self._signature(name, span, body)
            scope.blocks[name] = block
            self._bodies.append((scope, block, body))

    def _signature(self, name: str, span: Span, body: BlockDocument) -> Block:
        inputs = tuple(dict.fromkeys(body.inputs)) or (INPUT,)
        if len(inputs) < len(body.inputs):
            message = f"`{name}` has two inputs of one name"
            self._findings.add(Diagnostic("bad-name", message, _key_span(body.origin, "inputs")))
        required, defaults = [], {}
        for arg, node in body.args.items():
            if arg in inputs:
                message = f"`{arg}` is both an input and an arg of `{name}`"
                self._findings.add(Diagnostic("bad-name", message, node.span))
            if isinstance(node, Scalar) and node.value == REQUIRED:
                required.append(arg)
                continue
            try:
                defaults[arg] = compile_value(node, arg)
            except CompileError as error:
                self._findings.extend(error.diagnostics)
                defaults[arg] = BrokenValue(node.span)
        return Block(name, span, inputs, tuple(required), defaults, tuple(body.args))

    def _link_body(self, scope: FileScope, block: Block, body: BlockDocument) -> None:
        known = _ALWAYS | frozenset(block.inputs)
        seen: set[str] = set(block.required)
        for arg in block.arguments:
            names = BodyNames(self._findings, known | seen)
            if arg in block.defaults:
                block.defaults[arg] = names.check(block.defaults[arg])
            seen.add(arg)
        names = BodyNames(
            self._findings,
            known | frozenset(block.arguments),
            inputs=frozenset(block.inputs),
            body=body.steps,
        )
        linker = StepLinker(scope, names, self._findings)
        block.steps = linker.steps(body.steps)
        block.outputs = _outputs(body.origin, names)

    def _program(self, file: FileScope, spec_names: frozenset[str]) -> Program:
        document = self._document
        inputs = frozenset(document.input.entries) if isinstance(document.input, Mapping) else ()
        learner = document.learner
        listed = list(learner.items) if isinstance(learner, Sequence) else []
        names = BodyNames(
            self._findings,
            _ALWAYS | spec_names | frozenset(inputs),
            inputs=frozenset(inputs),
            body=[*document.stem, *listed, *document.task],
        )
        linker = StepLinker(file, names, self._findings)
        stem = linker.steps(document.stem)
        if isinstance(learner, Mapping):
            body = linker.learner(learner)
        else:
            body = (
                linker.steps(listed) if learner is None or listed else self._not_a_learner(learner)
            )
        task = linker.steps(document.task)
        spans = {key: _key_span(document.origin, key) for key in ("stem", "learner", "task")}
        parts = (("stem", stem), ("learner", body), ("task", task))
        components = tuple((name, steps, spans[name]) for name, steps in parts if steps)
        return Program(components, file, _outputs(document.origin, names))

    def _not_a_learner(self, node: Node) -> tuple[Step, ...]:
        if not isinstance(node, Sequence):
            message = "expected a list of steps, or a mapping of `block`, `groups`, …"
            found = f"{message}, found {describe(node)}"
            self._findings.add(Diagnostic("wrong-type", found, node.span))
        return ()


def _outputs(origin: Mapping, names: BodyNames) -> tuple[Value, ...]:
    """The ids of `outputs:` with their places; those that there are not are broken."""
    node = origin.get("outputs")
    items = node.items if isinstance(node, Sequence) else ()
    return tuple(
        names.check_reference(Constant(item.text, item.span))
        for item in items
        if isinstance(item, Scalar)
    )


def _key_span(origin: Mapping, key: str) -> Span:
    entry = origin.entries.get(key)
    return entry.key_span if entry else origin.span
