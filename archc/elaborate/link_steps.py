"""Steps linked: a verb becomes a layer, a role, a merge, a block, a sequence or groups."""

from __future__ import annotations

from collections.abc import Iterable

from archc.diagnostics import CompileError, Diagnostic, Findings, Span, one_of
from archc.elaborate.names import BodyNames
from archc.elaborate.program import (
    Action,
    BlockCall,
    FileScope,
    LayerCall,
    MergeCall,
    Path,
    RoleCall,
    Step,
    Steps,
)
from archc.elaborate.report import invalid_attributes
from archc.elaborate.values import Constant, Value, compile_text, compile_value
from archc.layers import LAYERS, MERGES, NORMS, ROLES, InvalidAttributes, Layer, Verb, make
from archc.source import Entry, Mapping, Node, Scalar, Sequence

MODIFIERS = ("id", "from", "when", "repeat")


class StepLinker:
    """Links the steps of one body; names become known as they come."""

    def __init__(self, file: FileScope, names: BodyNames, findings: Findings) -> None:
        self.file = file
        self.names = names
        self.findings = findings
        self.context: frozenset[str] = frozenset()
        """Names that hold around the steps at hand: `group`, `row`, `repeat`, …"""

    def steps(self, nodes: Iterable[Node]) -> tuple[Step, ...]:
        linked = [self._step_or_report(node) for node in nodes]
        return tuple([step for step in linked if step is not None])

    def learner(self, node: Mapping) -> tuple[Step, ...]:
        """The learner written as the mapping of one `groups` step."""
        from archc.elaborate.link_groups import GroupsLinker

        try:
            return (Step(node.span, "groups", GroupsLinker(self).link(node)),)
        except CompileError as error:
            self.findings.extend(error.diagnostics)
            return ()

    def _step_or_report(self, node: Node) -> Step | None:
        try:
            return self._step(node)
        except CompileError as error:
            self.findings.extend(error.diagnostics)
            # The id is declared all the same, so that its users are not reported too.
            if isinstance(node, Mapping) and "id" in node.entries:
                identifier = node.entries["id"].value
                if isinstance(identifier, Scalar):
                    self.names.declare(Constant(identifier.text, identifier.span))
            return None

    def _step(self, node: Node) -> Step:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            nothing = Scalar(None, "", node.span)
            return Step(node.span, node.text, self._action(node.text, node.span, nothing))
        if not isinstance(node, Mapping):
            raise _error(
                "wrong-type",
                f"expected a step, found {_what(node)}",
                node.span,
                "a step is a word such as `relu`, or a mapping such as `{conv: {filters: 64}}`",
            )
        return self._modified(node)

    def _modified(self, node: Mapping) -> Step:
        entries = node.entries
        verbs = [entry for key, entry in entries.items() if key not in MODIFIERS]
        outer = self.context
        if "repeat" in entries:
            self.context = outer | {"repeat"}
        try:
            source = self._reference(entries.get("from"))
            when = self._value(entries.get("when"))
            repeat = self._value(entries.get("repeat"), outer)
            action, verb, span = None, "", node.span
            if verbs:
                entry = self._one_verb(verbs)
                verb, span = entry.key, entry.key_span
                action = self._action(entry.key, entry.key_span, entry.value)
            elif source is None:
                raise _error("step-verb", "a step needs a verb", node.span, self._verbs_help(""))
            identifier = self._id(entries.get("id"))
            return Step(span, verb, action, identifier, source, when, repeat)
        finally:
            self.context = outer

    def _one_verb(self, verbs: list[Entry]) -> Entry:
        known = [entry for entry in verbs if self._is_verb(entry.key)]
        if len(verbs) == 1:
            return verbs[0]
        if len(known) > 1:
            first, second = known[0], known[1]
            raise _error(
                "step-verb",
                f"a step has one verb, found `{first.key}` and `{second.key}`",
                second.key_span,
                "write two steps, each behind a `- ` of its own",
            )
        stranger = next(entry for entry in verbs if entry not in known)
        help_line = one_of(stranger.key, MODIFIERS, "keys beside a verb")
        if known and stranger.key in self._attributes_of(known[0].key):
            help_line = f"put it inside: `{known[0].key}: {{{stranger.key}: …}}`"
        raise _error("unknown-key", f"unknown key `{stranger.key}`", stranger.key_span, help_line)

    def _is_verb(self, word: str) -> bool:
        return (
            word in LAYERS
            or word in MERGES
            or word in ROLES
            or word in self.file.blocks
            or word in ("steps", "groups", "linear")
        )

    def _attributes_of(self, verb: str) -> tuple[str, ...]:
        if verb in LAYERS:
            return LAYERS[verb].attributes
        if verb in self.file.blocks:
            return self.file.blocks[verb].accepts
        return ()

    def _verbs_help(self, word: str) -> str:
        known = [*self.file.blocks, *LAYERS, *MERGES, *ROLES, "steps", "groups"]
        return one_of(word, known, "verbs")

    def _action(self, verb: str, span: Span, payload: Node) -> Action:
        if verb in self.file.blocks:
            return self._block_call(verb, span, payload)
        if verb in ROLES:
            return self._role_call(verb, payload)
        if verb in LAYERS:
            return self._layer_call(LAYERS[verb], span, payload)
        if verb in MERGES:
            return self._merge_call(MERGES[verb], span, payload)
        if verb == "linear":
            return Steps(())
        if verb == "steps":
            return Steps(self.steps(_items(payload, "a list of steps")))
        if verb == "groups":
            from archc.elaborate.link_groups import GroupsLinker

            return GroupsLinker(self).link(payload)
        raise _error("unknown-verb", f"unknown verb `{verb}`", span, self._verbs_help(verb))

    def _layer_call(self, verb: Verb, span: Span, payload: Node) -> LayerCall:
        attributes = self._attributes(verb.name, verb.attributes, verb.main, payload)
        defaults = self.file.defaults.get(verb.name, {})
        missing = [
            name for name in verb.required if name not in attributes and name not in defaults
        ]
        if missing:
            names = " and ".join(f"`{name}`" for name in missing)
            raise _error(
                "missing-attribute",
                f"`{verb.name}` needs {names}",
                span,
                f"write `{verb.name}: {{{', '.join(f'{name}: …' for name in missing)}}}`",
            )
        return LayerCall(verb, attributes, defaults, _ready(verb, attributes, defaults, span))

    def _role_call(self, role: str, payload: Node) -> RoleCall:
        kinds = NORMS if role == "norm" else tuple(LAYERS)
        known = dict.fromkeys(["kind", *(a for kind in kinds for a in LAYERS[kind].attributes)])
        attributes = self._attributes(role, tuple(known), "kind", payload)
        return RoleCall(role, attributes.pop("kind", None), attributes, self.file)

    def _merge_call(self, verb: Verb, span: Span, payload: Node) -> MergeCall:
        if not isinstance(payload, Mapping) or len(payload.entries) < 2:
            raise _error(
                "merge-paths",
                f"`{verb.name}` needs at least two named paths",
                span,
                f"write `{verb.name}: {{shortcut: [], residual: [...]}}`",
            )
        paths = [
            Path(name, entry.key_span, self.steps(_path_items(entry)))
            for name, entry in payload.entries.items()
        ]
        return MergeCall(verb, tuple(paths), make(verb, ()))

    def _block_call(self, name: str, span: Span, payload: Node) -> BlockCall:
        block = self.file.blocks[name]
        arguments = self._attributes(name, block.accepts, block.main, payload)
        for key in block.inputs:
            if key in arguments:
                self.names.check_reference(arguments[key])
        missing = [arg for arg in block.required if arg not in arguments]
        if missing:
            names = " and ".join(f"`{arg}`" for arg in missing)
            raise _error(
                "missing-arg",
                f"`{name}` needs {names}",
                span,
                f"write `{name}: {{{', '.join(f'{arg}: …' for arg in missing)}}}`",
            )
        return BlockCall(block, arguments)

    def _attributes(
        self, verb: str, known: tuple[str, ...], main: str | None, payload: Node
    ) -> dict[str, Value]:
        """What stands behind a verb, as compiled values; unknown ones are reported."""
        if isinstance(payload, Scalar) and payload.value is None:
            return {}
        if not isinstance(payload, Mapping):
            if main is None:
                message = f"`{verb}` takes no value, found {_what(payload)}"
                raise _error("wrong-type", message, payload.span)
            value = compile_value(payload, verb)
            self.names.check(value, self.context)
            return {main: value}
        attributes = {}
        for key, entry in payload.entries.items():
            if key not in known:
                self._unknown_attribute(verb, entry, known)
                continue
            try:
                attributes[key] = compile_value(entry.value, key)
            except CompileError as error:
                self.findings.extend(error.diagnostics)
                attributes[key] = Constant(None, entry.value.span)
                continue
            self.names.check(attributes[key], self.context)
        return attributes

    def _unknown_attribute(self, verb: str, entry: Entry, known: tuple[str, ...]) -> None:
        is_block = verb in self.file.blocks
        kind, plural = ("arg", "args") if is_block else ("attribute", "attributes")
        if known:
            help_line = one_of(entry.key, known, f"{plural} of `{verb}`")
        else:
            help_line = f"`{verb}` has no {plural}"
        if entry.key in MODIFIERS:
            help_line = f"`{entry.key}` stands beside the verb: `{{{entry.key}: …, {verb}: …}}`"
        message = f"`{verb}` has no {kind} `{entry.key}`"
        diagnostic = Diagnostic(f"unknown-{kind}", message, entry.key_span, helps=(help_line,))
        self.findings.add(diagnostic)

    def _value(self, entry: Entry | None, context: frozenset[str] | None = None) -> Value | None:
        if entry is None:
            return None
        value = compile_value(entry.value, entry.key)
        self.names.check(value, self.context if context is None else context)
        return value

    def _reference(self, entry: Entry | None) -> Value | None:
        if entry is None:
            return None
        value = compile_text(entry.value, entry.key)
        if isinstance(value, Constant):
            self.names.check_reference(value)
        else:
            self.names.check(value, self.context)
        return value

    def _id(self, entry: Entry | None) -> Value | None:
        if entry is None:
            return None
        value = compile_text(entry.value, entry.key)
        self.names.check(value, self.context)
        if isinstance(value, Constant):
            problem = id_problem(str(value.value))
            if problem:
                raise _error("bad-name", problem, value.span)
        self.names.declare(value)
        return value


def id_problem(name: str) -> str:
    """Why `name` can't be an id; empty where it can."""
    if name == "input":
        return "`input` is the tensor that enters the block and can't be an id"
    if len(name) > 100 or not all(c == "_" or (c.isascii() and c.isalnum()) for c in name):
        return f"expected an id of letters, digits and `_`, found `{name[:60]}`"
    return ""


def collect_ids(nodes: Iterable[Node]) -> dict[str, Span]:
    """The literal ids of a body, paths and sequences included, with their places."""
    found: dict[str, Span] = {}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Sequence):
            waiting.extend(node.items)
        elif isinstance(node, Mapping):
            entry = node.entries.get("id")
            if entry is not None and isinstance(entry.value, Scalar):
                found.setdefault(entry.value.text, entry.value.span)
            waiting.extend(entry.value for entry in node.entries.values())
    return found


def _ready(
    verb: Verb, attributes: dict[str, Value], defaults: dict[str, Value], span: Span
) -> Layer | None:
    """The layer, where all of its attributes are constant: a mistake in them is found at once."""
    merged = defaults | {k: v for k, v in attributes.items() if not _is_null(v)}
    if not all(isinstance(value, Constant) for value in merged.values()):
        return None
    if not all(isinstance(value, Constant) for value in attributes.values()):
        return None
    given = tuple(
        (name, value.value)
        for name, value in merged.items()
        if isinstance(value, Constant) and value.value is not None
    )
    try:
        return make(verb, given)
    except InvalidAttributes as error:
        raise CompileError(invalid_attributes(error, merged, span)) from None


def _is_null(value: Value) -> bool:
    return isinstance(value, Constant) and value.value is None


def _items(node: Node, what: str) -> tuple[Node, ...]:
    if not isinstance(node, Sequence):
        raise _error("wrong-type", f"expected {what}, found {_what(node)}", node.span)
    return node.items


def _path_items(entry: Entry) -> tuple[Node, ...]:
    """A path is a list of steps; one step may stand without its list."""
    node = entry.value
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Scalar) and node.value is None:
        raise _error(
            "merge-paths",
            f"the path `{entry.key}` is empty",
            entry.key_span,
            f"write `{entry.key}: []` for the identity",
        )
    return (node,)


def _what(node: Node) -> str:
    from archc.spec import describe

    return describe(node)


def _error(code: str, message: str, span: Span, help_line: str = "") -> CompileError:
    return CompileError([Diagnostic(code, message, span, helps=(help_line,) if help_line else ())])
