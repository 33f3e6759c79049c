"""A verb with what stands behind it, linked: a layer, a role, or a block with its args."""

from __future__ import annotations

from archc.diagnostics import (
    CompileError,
    Diagnostic,
    Findings,
    Span,
    close_matches,
    one_of,
    renaming,
)
from archc.elaborate.names import BodyNames
from archc.elaborate.program import BlockCall, FileScope, LayerCall, RoleCall
from archc.elaborate.report import error, invalid_attributes
from archc.elaborate.values import BrokenValue, Constant, Value, compile_value
from archc.layers import LAYERS, NORMS, InvalidAttributes, Layer, Verb, make
from archc.source import Entry, Mapping, Node, Scalar
from archc.spec import describe

MODIFIERS = ("id", "from", "when", "repeat")


class CallLinker:
    """Links calls by the blocks and defaults of a file and the names of a body."""

    def __init__(self, file: FileScope, names: BodyNames, findings: Findings) -> None:
        self._file = file
        self._names = names
        self._findings = findings

    def layer(self, verb: Verb, span: Span, payload: Node) -> LayerCall:
        attributes = self._attributes(verb.name, verb.attributes, verb.main, payload)
        defaults = self._file.defaults.get(verb.name, {})
        given = defaults | attributes
        _refuse_missing("missing-attribute", verb.name, verb.required, given, span)
        return LayerCall(verb, attributes, defaults, _ready(verb, attributes, defaults, span))

    def role(self, role: str, payload: Node) -> RoleCall:
        kinds = NORMS if role == "norm" else tuple(LAYERS)
        known = dict.fromkeys(["kind", *(a for kind in kinds for a in LAYERS[kind].attributes)])
        attributes = self._attributes(role, tuple(known), "kind", payload)
        return RoleCall(role, attributes.pop("kind", None), attributes, self._file)

    def block(self, name: str, span: Span, payload: Node) -> BlockCall:
        block = self._file.blocks[name]
        arguments = self._attributes(name, block.accepts, block.main, payload)
        for key in block.inputs:
            if key in arguments:
                arguments[key] = self._names.check_reference(arguments[key])
        _refuse_missing("missing-arg", name, block.required, arguments, span)
        return BlockCall(block, arguments)

    def refuse_value(self, verb: str, payload: Node) -> None:
        """Raises `CompileError` where anything stands behind a verb that takes nothing."""
        if not (isinstance(payload, Scalar) and payload.value is None):
            message = f"`{verb}` takes no value, found {describe(payload)}"
            raise error("wrong-type", message, payload.span)

    def _attributes(
        self, verb: str, known: tuple[str, ...], main: str | None, payload: Node
    ) -> dict[str, Value]:
        """What stands behind a verb, as compiled values; those that won't do are broken."""
        if isinstance(payload, Scalar) and payload.value is None:
            return {}
        if isinstance(payload, Mapping):
            return self._table(verb, known, payload)
        if main is None:
            self.refuse_value(verb, payload)
            return {}
        return {main: self._names.check(compile_value(payload, verb))}

    def _table(self, verb: str, known: tuple[str, ...], payload: Mapping) -> dict[str, Value]:
        attributes: dict[str, Value] = {}
        for key, entry in payload.entries.items():
            attributes[key] = BrokenValue(entry.value.span)
            if self._findings.enough:
                break
            if key not in known:
                self._unknown_attribute(verb, entry, known, payload)
                continue
            try:
                attributes[key] = self._names.check(compile_value(entry.value, key))
            except CompileError as problem:
                self._findings.extend(problem.diagnostics)
        return attributes

    def _unknown_attribute(
        self, verb: str, entry: Entry, known: tuple[str, ...], table: Mapping
    ) -> None:
        kind = "arg" if verb in self._file.blocks else "attribute"
        help_line = f"`{verb}` has no {kind}s"
        if entry.key in MODIFIERS:
            help_line = f"`{entry.key}` stands beside the verb: `{{{entry.key}: …, {verb}: …}}`"
        elif known:
            help_line = one_of(entry.key, known, f"{kind}s of `{verb}`")
        message = f"`{verb}` has no {kind} `{entry.key}`"
        fix = renaming(entry.key_span, entry.key, known, table.entries)
        self._findings.add(
            Diagnostic(f"unknown-{kind}", message, entry.key_span, helps=(help_line,), fix=fix)
        )


def _refuse_missing(
    code: str, verb: str, required: tuple[str, ...], given: dict[str, Value], span: Span
) -> None:
    missing = [name for name in required if name not in given or _is_null(given[name])]
    # Who wrote `filter` knows that `filters` is needed: one mistake, told once.
    misspelt = [key for key, value in given.items() if isinstance(value, BrokenValue)]
    meant = {name for key in misspelt for name in close_matches(key, missing)}
    missing = [name for name in missing if name not in meant]
    if missing:
        names = " and ".join(f"`{name}`" for name in missing)
        example = ", ".join(f"{name}: …" for name in missing)
        raise error(code, f"`{verb}` needs {names}", span, f"write `{verb}: {{{example}}}`")


def _ready(
    verb: Verb, attributes: dict[str, Value], defaults: dict[str, Value], span: Span
) -> Layer | None:
    """The layer, where all of its attributes are constant: a mistake in them is found at once."""
    given = {**defaults, **{k: v for k, v in attributes.items() if not _is_null(v)}}
    if not all(isinstance(value, Constant) for value in (*given.values(), *attributes.values())):
        return None
    constants = [(name, v.value) for name, v in given.items() if isinstance(v, Constant)]
    try:
        return make(verb, tuple([(name, value) for name, value in constants if value is not None]))
    except InvalidAttributes as problem:
        raise CompileError(invalid_attributes(problem, given, span)) from None


def _is_null(value: Value) -> bool:
    return isinstance(value, Constant) and value.value is None
