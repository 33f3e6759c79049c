"""`defaults:` of a file: attributes of layers that its steps need not repeat."""

from __future__ import annotations

from archc.diagnostics import CompileError, Diagnostic, Findings, one_of, renaming
from archc.elaborate.names import BodyNames
from archc.elaborate.values import Value, compile_value
from archc.layers import LAYERS, ROLES
from archc.source import Entry, Mapping, Node, Scalar


class DefaultsLinker:
    """Compiles a `defaults:` section; its expressions see the spec's args."""

    def __init__(self, names: BodyNames, findings: Findings) -> None:
        self._names = names
        self._findings = findings
        self._section: dict[str, Entry] = {}

    def link(self, section: Node | None) -> dict[str, dict[str, Value]]:
        entries = section.entries if isinstance(section, Mapping) else {}
        self._section = entries
        return {verb: self._verb(entry) for verb, entry in entries.items()}

    def _verb(self, entry: Entry) -> dict[str, Value]:
        verb, node = entry.key, entry.value
        if verb not in LAYERS and verb not in ROLES:
            self._unknown_layer(entry)
            return {}
        main = "kind" if verb in ROLES else LAYERS[verb].main
        if isinstance(node, Mapping):
            return self._table(verb, node)
        if isinstance(node, Scalar) and node.value is None:
            return {}
        if main is None:
            message = f"expected a mapping of attributes of `{verb}`"
            self._findings.add(Diagnostic("wrong-type", message, node.span))
            return {}
        return self._compiled({main: node})

    def _table(self, verb: str, node: Mapping) -> dict[str, Value]:
        known = ("kind",) if verb in ROLES else LAYERS[verb].attributes
        for key, entry in node.entries.items():
            if key not in known:
                self._unknown(verb, entry, known, node)
        return self._compiled({k: e.value for k, e in node.entries.items() if k in known})

    def _compiled(self, nodes: dict[str, Node]) -> dict[str, Value]:
        values = {}
        for key, node in nodes.items():
            try:
                values[key] = self._names.check(compile_value(node, key))
            except CompileError as error:
                self._findings.extend(error.diagnostics)
        return values

    def _unknown_layer(self, entry: Entry) -> None:
        known = [*LAYERS, *ROLES]
        help_line = one_of(entry.key, known, "layers")
        message = f"`defaults` has no layer `{entry.key}`"
        fix = renaming(entry.key_span, entry.key, known, self._section)
        self._findings.add(
            Diagnostic("unknown-verb", message, entry.key_span, helps=(help_line,), fix=fix)
        )

    def _unknown(self, verb: str, entry: Entry, known: tuple[str, ...], table: Mapping) -> None:
        help_line = one_of(entry.key, known, f"attributes of `{verb}`")
        message = f"`{verb}` has no attribute `{entry.key}`"
        fix = renaming(entry.key_span, entry.key, known, table.entries)
        self._findings.add(
            Diagnostic("unknown-attribute", message, entry.key_span, helps=(help_line,), fix=fix)
        )
