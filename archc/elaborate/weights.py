"""`weights:` the rules that lead from archc's layer names to those of other weight files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from archc.diagnostics import CompileError, Diagnostic, Findings, one_of
from archc.elaborate.elaborate import spec_frame
from archc.elaborate.values import compile_text
from archc.source import Entry, Mapping
from archc.spec import Assembled


def weight_rules(assembled: Assembled, source: str) -> list[tuple[str, str]]:
    """The ordered rules for one source, interpolated. Raises `CompileError`."""
    tables = assembled.document.weights
    node = assembled.document.origin.get("weights")
    if source not in tables or not isinstance(node, Mapping):
        if source == "keras":
            return []
        help_line = one_of(source, list(tables), "sources of weights")
        message = f"the spec has no weight rules for `{source}`"
        raise CompileError([Diagnostic("weights-unknown", message, helps=(help_line,))])
    frame = spec_frame(assembled)
    findings = Findings()
    rules = []
    rows = node.get(source)
    for pattern, entry in rows.entries.items() if isinstance(rows, Mapping) else ():
        replacement = str(compile_text(entry.value, pattern).evaluate(frame))
        findings.extend(_problems(pattern, replacement, entry))
        rules.append((pattern, replacement))
    findings.raise_if_any()
    return rules


NUMBER = "#"
"""What stands in a replacement for the number of a layer that has no name but its number."""


def renamed(names: Iterable[str], rules: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each name → what the rules make of it, all of them in turn.

    A `#` in a replacement numbers those that come out alike as Keras numbers layers without a
    name, in the order of the names: nothing for the first, then `_1`, `_2`, …
    """
    made: Counter[tuple[str, str]] = Counter()
    found = {}
    for name in names:
        result = name
        for pattern, replacement in rules:
            result, times = re.subn(pattern, replacement, result)
            if times and NUMBER in result:
                count = made[pattern, result]
                made[pattern, result] += 1
                result = result.replace(NUMBER, f"_{count}" if count else "")
        found[name] = result
    return found


def _problems(pattern: str, replacement: str, entry: Entry) -> Iterator[Diagnostic]:
    try:
        # This matches any text, and so fails on a replacement that names a group it has not.
        harmless = re.compile(f"{pattern}|")
    except re.error as problem:
        message = f"expected a regular expression, found `{pattern}`: {problem.msg}"
        yield Diagnostic("bad-pattern", message, entry.key_span)
        return
    try:
        harmless.sub(replacement, "", count=1)
    except (re.error, IndexError) as problem:
        message = f"expected a replacement that the pattern allows, found `{replacement}`"
        reason = (str(problem),)
        yield Diagnostic("bad-pattern", message, entry.value.span, notes=reason)
