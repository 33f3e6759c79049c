"""Steps linked: a verb becomes a layer, a role, a merge, a block, a sequence or groups."""

from __future__ import annotations

from collections.abc import Iterable

from archc.diagnostics import CompileError, Findings, Span, one_of, renaming
from archc.elaborate.ids import id_problem
from archc.elaborate.link_calls import MODIFIERS, CallLinker
from archc.elaborate.names import BodyNames
from archc.elaborate.program import Action, Broken, FileScope, MergeCall, Path, Step, Steps
from archc.elaborate.report import error
from archc.elaborate.values import Constant, Value, compile_text, compile_value
from archc.layers import LAYERS, MERGES, ROLES, Verb, make
from archc.source import Entry, Mapping, Node, Scalar, Sequence
from archc.spec import describe, library_of, using_library

SEQUENCES = ("steps", "groups")
NOTHING = "linear"
"""The activation that makes no layer is a verb as the others are."""


class StepLinker:
    """Links the steps of one body; names become known as they come."""

    def __init__(self, file: FileScope, names: BodyNames, findings: Findings) -> None:
        self.file = file
        self.names = names
        self._findings = findings
        self._calls = CallLinker(file, names, findings)

    def steps(self, nodes: Iterable[Node]) -> tuple[Step, ...]:
        return tuple([self._step_or_report(node) for node in nodes])

    def learner(self, node: Mapping) -> tuple[Step, ...]:
        """The learner written as the mapping of one `groups` step."""
        try:
            return (Step(node.span, "groups", self._action("groups", node.span, node)),)
        except CompileError as problem:
            self._findings.extend(problem.diagnostics)
            return (Step(node.span, "groups", Broken()),)

    def _step_or_report(self, node: Node) -> Step:
        if self._findings.enough:
            return Step(node.span, "", Broken())
        try:
            return self._step(node)
        except CompileError as problem:
            self._findings.extend(problem.diagnostics)
        # The id is declared all the same, so that its users are not reported too.
        written = node.get("id") if isinstance(node, Mapping) else None
        identifier = None
        if isinstance(written, Scalar):
            identifier = Constant(written.text, written.span)
            self.names.declare(identifier)
        return Step(node.span, "", Broken(), identifier)

    def _step(self, node: Node) -> Step:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            nothing = Scalar(None, "", node.span)
            return Step(node.span, node.text, self._action(node.text, node.span, nothing))
        if isinstance(node, Mapping):
            return self._modified(node)
        help_line = "a step is a word such as `relu`, or a mapping such as `{conv: {filters: 64}}`"
        raise error("wrong-type", f"expected a step, found {describe(node)}", node.span, help_line)

    def _modified(self, node: Mapping) -> Step:
        entries = node.entries
        source = self._reference(entries.get("from"))
        repeat = self._value(entries.get("repeat"))
        outer = self.names.context
        if repeat is not None:
            self.names.context = outer | {"repeat"}
        try:
            when = self._value(entries.get("when"))
            verb, span, action = "", node.span, None
            verbs = [entry for key, entry in entries.items() if key not in MODIFIERS]
            if verbs:
                entry = self._one_verb(verbs)
                verb, span = entry.key, entry.key_span
                action = self._action(verb, span, entry.value)
            elif source is None:
                raise error("step-verb", "a step needs a verb", node.span, self._verbs_help(""))
            identifier = self._id(entries.get("id"))
        finally:
            self.names.context = outer
        return Step(span, verb, action, identifier, source, when, repeat)

    def _one_verb(self, verbs: list[Entry]) -> Entry:
        if len(verbs) == 1:
            return verbs[0]
        known = [entry for entry in verbs if self._is_verb(entry.key)]
        if len(known) > 1:
            message = f"a step has one verb, found `{known[0].key}` and `{known[1].key}`"
            help_line = "write two steps, each behind a `- ` of its own"
            raise error("step-verb", message, known[1].key_span, help_line)
        stranger = next(entry for entry in verbs if entry not in known)
        help_line = one_of(stranger.key, MODIFIERS, "keys beside a verb")
        if known and stranger.key in self._attributes_of(known[0].key):
            help_line = f"put it inside: `{known[0].key}: {{{stranger.key}: …}}`"
        span, beside = stranger.key_span, [entry.key for entry in verbs]
        fix = renaming(span, stranger.key, MODIFIERS, beside) if known else None
        raise error("unknown-key", f"unknown key `{stranger.key}`", span, help_line, fix=fix)

    def _is_verb(self, word: str) -> bool:
        tables = (self.file.blocks, LAYERS, MERGES, ROLES, SEQUENCES, (NOTHING,))
        return any(word in table for table in tables)

    def _attributes_of(self, verb: str) -> tuple[str, ...]:
        if verb in LAYERS:
            return LAYERS[verb].attributes
        return self.file.blocks[verb].accepts if verb in self.file.blocks else ()

    def _verbs_help(self, word: str) -> str:
        if ":" in word:
            return "write a space after the `:`"
        library = library_of(word)
        if library is not None:
            return f"a shipped library defines it: `use: [{library}]`"
        return one_of(word, self._verbs(), "verbs")

    def _verbs(self) -> list[str]:
        return [*self.file.blocks, *LAYERS, *MERGES, *ROLES, *SEQUENCES, NOTHING]

    def _action(self, verb: str, span: Span, payload: Node) -> Action:
        if verb in self.file.blocks:
            return self._calls.block(verb, span, payload)
        if verb in ROLES:
            return self._calls.role(verb, payload)
        if verb in LAYERS:
            return self._calls.layer(LAYERS[verb], span, payload)
        if verb in MERGES:
            return self._merge(MERGES[verb], span, payload)
        if verb == NOTHING:
            self._calls.refuse_value(verb, payload)
            return Steps(())
        if verb == "steps":
            return Steps(self.steps(_items(payload)))
        if verb == "groups":
            from archc.elaborate.link_groups import GroupsLinker

            return GroupsLinker(self).link(payload)
        fix = using_library(verb, span)
        if library_of(verb) is None:
            fix = renaming(span, verb, self._verbs())
        raise error("unknown-verb", f"unknown verb `{verb}`", span, self._verbs_help(verb), fix=fix)

    def _merge(self, verb: Verb, span: Span, payload: Node) -> MergeCall:
        if not isinstance(payload, Mapping) or len(payload.entries) < 2:
            help_line = f"write `{verb.name}: {{shortcut: [], residual: [...]}}`"
            message = f"`{verb.name}` needs at least two named paths"
            raise error("merge-paths", message, span, help_line)
        paths = [self._path(entry) for entry in payload.entries.values()]
        return MergeCall(verb, tuple(paths), make(verb, ()))

    def _path(self, entry: Entry) -> Path:
        _refuse_bad_name(entry.key, entry.key_span)
        return Path(entry.key, entry.key_span, self.steps(_path_items(entry)))

    def _value(self, entry: Entry | None) -> Value | None:
        if entry is None:
            return None
        return self.names.check(compile_value(entry.value, entry.key))

    def _reference(self, entry: Entry | None) -> Value | None:
        if entry is None:
            return None
        return self.names.check_reference(compile_text(entry.value, entry.key))

    def _id(self, entry: Entry | None) -> Value | None:
        if entry is None:
            return None
        value = compile_text(entry.value, entry.key)
        if isinstance(value, Constant):
            _refuse_bad_name(str(value.value), value.span)
        self.names.declare(value)
        return self.names.check(value)


def _refuse_bad_name(name: str, span: Span) -> None:
    problem = id_problem(name)
    if problem:
        raise error("bad-name", problem, span)


def _items(node: Node) -> tuple[Node, ...]:
    if not isinstance(node, Sequence):
        raise error("wrong-type", f"expected a list of steps, found {describe(node)}", node.span)
    return node.items


def _path_items(entry: Entry) -> tuple[Node, ...]:
    """A path is a list of steps; one step may stand without its list."""
    node = entry.value
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Scalar) and node.value is None:
        help_line = f"write `{entry.key}: []` for the identity"
        raise error("merge-paths", f"the path `{entry.key}` is empty", entry.key_span, help_line)
    return (node,)
