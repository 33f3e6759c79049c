"""`weights:` the rules that lead from archc's layer names to those of other weight files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from time import monotonic

from archc.diagnostics import CompileError, Diagnostic, Findings, one_of
from archc.elaborate.elaborate import spec_frame
from archc.elaborate.values import compile_text
from archc.expressions import shared_steps
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
    findings = Findings()
    rules = []
    rows = node.get(source)
    with shared_steps():
        frame = spec_frame(assembled)
        for pattern, entry in rows.entries.items() if isinstance(rows, Mapping) else ():
            replacement = str(compile_text(entry.value, pattern).evaluate(frame))
            findings.extend(_problems(pattern, replacement, entry))
            rules.append((pattern, replacement))
    findings.raise_if_any()
    return rules


NUMBER = "#"
"""What stands in a replacement for the number of a layer that has no name but its number."""


_SUM = re.compile(r"<(\d{1,9})([+-]\d{1,9})>", re.ASCII)

MAX_PATTERN = 1_000
"""Characters of a pattern."""

MAX_REPLACEMENT = 200
"""Characters of a replacement, which may repeat what was found once for every two of them."""

MAX_NAME = 1_000
"""Characters of a name that rules make."""

MAX_SECONDS = 2.0
"""For all rules and names of a network: a pattern may take time exponential in a name."""

SECONDS_PER_NAME = 0.0005
"""What each name adds to that: ten times what it takes."""


def renamed(names: Iterable[str], rules: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each name → what the rules make of it, all of them in turn.

    A `#` in a replacement numbers those that come out alike as Keras numbers layers without a
    name, in the order of the names: nothing for the first, then `_1`, `_2`, … `<3-1>`, as
    `<\\1-1>` makes it, is the number 2: others may count from 0.

    Raises `CompileError` (`bad-pattern`) where a rule takes too long or makes names too long.
    """
    all_names = list(names)
    deadline = monotonic() + MAX_SECONDS + SECONDS_PER_NAME * len(all_names)
    ordered = [_Rule(pattern, replacement, deadline) for pattern, replacement in rules]
    made: Counter[tuple[str, str]] = Counter()
    found = {}
    for name in all_names:
        result = name
        for rule in ordered:
            result, times = rule.applied(result)
            if times and NUMBER in result:
                count = made[rule.pattern, result]
                made[rule.pattern, result] += 1
                result = result.replace(NUMBER, f"_{count}" if count else "")
        found[name] = result
    return found


class _Rule:
    """A rule, compiled once for all names that it is held against. Raises `CompileError`."""

    def __init__(self, pattern: str, replacement: str, deadline: float) -> None:
        # Unlike `re` it can be told to stop: the patterns may be a stranger's.
        import regex

        self.pattern = pattern
        self._replacement = replacement
        self._deadline = deadline
        self._problems = (regex.error, RecursionError, MemoryError, IndexError)
        try:
            self._compiled = regex.compile(pattern)
        except self._problems as problem:
            raise _refused(pattern, f"can't be used: {problem}") from None

    def applied(self, name: str) -> tuple[str, int]:
        """What the rule makes of a name, and how often it was found in it."""
        left = max(self._deadline - monotonic(), 0.001)
        try:
            result, times = self._compiled.subn(self._replacement, name, timeout=left)
            result = _SUM.sub(_sum, result)
        except TimeoutError:
            raise _refused(self.pattern, f"takes too long on `{name}`") from None
        except self._problems as problem:
            raise _refused(self.pattern, f"fails on `{name}`: {problem}") from None
        if len(result) > MAX_NAME:
            message = f"makes a name of {len(result):,} characters, and {MAX_NAME:,} are the most"
            raise _refused(self.pattern, message)
        return result, times


def _sum(found: re.Match[str]) -> str:
    return str(int(found[1]) + int(found[2]))


def _refused(pattern: str, what: str) -> CompileError:
    return CompileError([Diagnostic("bad-pattern", f"the rule of weights `{pattern}` {what}")])


def _problems(pattern: str, replacement: str, entry: Entry) -> Iterator[Diagnostic]:
    too_long = _too_long(pattern, replacement)
    if too_long:
        yield Diagnostic("bad-pattern", too_long, entry.key_span)
        return
    try:
        # This matches any text, and so fails on a replacement that names a group it has not.
        harmless = re.compile(f"{pattern}|")
    except (re.error, RecursionError, OverflowError) as problem:
        said = problem.msg if isinstance(problem, re.error) else str(problem)
        message = f"expected a regular expression, found `{pattern}`: {said}"
        yield Diagnostic("bad-pattern", message, entry.key_span)
        return
    try:
        harmless.sub(replacement, "", count=1)
    except (re.error, IndexError) as problem:
        message = f"expected a replacement that the pattern allows, found `{replacement}`"
        reason = (str(problem),)
        yield Diagnostic("bad-pattern", message, entry.value.span, notes=reason)


def _too_long(pattern: str, replacement: str) -> str:
    if len(pattern) > MAX_PATTERN:
        return f"expected a pattern of at most {MAX_PATTERN:,} characters, found {len(pattern):,}"
    if re.search(r"\{[^}]*\d{4}", pattern):
        return "expected counts below 1,000 in a pattern, found a greater one"
    if len(replacement) > MAX_REPLACEMENT:
        most, found = MAX_REPLACEMENT, len(replacement)
        return f"expected a replacement of at most {most:,} characters, found {found:,}"
    return ""
