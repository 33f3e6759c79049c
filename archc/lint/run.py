"""All lints of a spec, less those that the spec silences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic, Findings
from archc.elaborate import elaborate_recorded
from archc.lint.effect import no_effect
from archc.lint.layers import bias_before_norm, filters_multiple
from archc.lint.rounding import rounded_widths
from archc.lint.subject import Subject
from archc.lint.unused import unused_args, unused_blocks
from archc.lint.windows import receptive_field, window_beyond_input

LINTS: Final[tuple[Callable[[Subject], Iterator[Diagnostic | None]], ...]] = (
    unused_args,
    unused_blocks,
    no_effect,
    rounded_widths,
    window_beyond_input,
    receptive_field,
    bias_before_norm,
    filters_multiple,
)

_IGNORE: Final = re.compile(r"(?<!\S)#\s*archc:\s*ignore\[([a-z, -]+)\]")


def lint(spec: Spec) -> tuple[Diagnostic, ...]:
    """The warnings of a spec at its variant, in reading order.

    Raises `CompileError` where the spec is wrong.
    """
    subject = Subject(spec, elaborate_recorded(spec.assembled))
    findings = Findings()
    for each in LINTS:
        found = [warning for warning in each(subject) if warning is not None]
        findings.extend(warning for warning in found if not _is_silenced(warning))
    # The order is that of errors.
    return CompileError(findings).diagnostics


def _is_silenced(diagnostic: Diagnostic) -> bool:
    span = diagnostic.span
    if span is None:
        return False
    lines = span.source.text.split("\n")
    comments = [lines[span.line - 1], _first_line(lines, span.line - 1)]
    comments += [line for line in lines if line.lstrip().startswith("#")]
    return any(diagnostic.code in _ignored(line) for line in comments)


def _first_line(lines: list[str], number: int) -> str:
    """The line with the dash of the list item that a line is a key of; "" where it is of none."""
    indent = _indent(lines[number])
    for line in reversed(lines[:number]):
        if line.strip() and _indent(line) < indent:
            return line if line.startswith("- ", indent - 2) else ""
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _ignored(line: str) -> set[str]:
    """The codes that the comment in a line silences."""
    match = _IGNORE.search(line)
    return {code.strip() for code in match[1].split(",")} if match else set()
