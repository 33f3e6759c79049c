"""`archc check`: everything that is wrong with some specs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from archc.analyses import analyse
from archc.api import Spec
from archc.cli.options import load_spec, spec_options
from archc.cli.terminal import show, show_diagnostics, show_line
from archc.declared import check_declared
from archc.diagnostics import CompileError, Diagnostic, Findings
from archc.diagnostics.printable import json_text

_ROUNDS = 10
"""How often `--fix` checks anew: a mistake that is mended may have hidden others."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is checked, and whether good specs are told of."""

    references: tuple[str, ...]
    settings: tuple[str, ...]
    search: tuple[Path, ...]
    quiet: bool
    lint: bool = False


@click.command("check", short_help="Check specs.")
@click.argument("references", metavar="SPEC[@VARIANT]...", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How to tell errors; `github` gives annotations of a workflow.",
)
@click.option("--fix", is_flag=True, help="Mend what is sure to be a slip, in the files.")
@click.option("--lint", is_flag=True, help="Warn of what is allowed and seldom meant, too.")
@click.option("--strict", is_flag=True, help="With --lint, end with 1 where there are warnings.")
@spec_options
def command(
    references: tuple[str, ...],
    form: str,
    fix: bool,
    lint: bool,
    strict: bool,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> int:
    """Check specs and tell everything that is wrong with them.

    A spec with variants is checked at every variant, unless one is named. Ends with 0 where all
    is fine, 1 where only an `expect:` does not hold, 2 where a spec is wrong.

    --fix changes names that are one slip away from a known one, quotes expressions that a comma
    cuts, and adds shipped libraries that `use:` lacks; comments and layout stay. It changes the
    spec and files below its folder alone.

    --lint warns of a bias before a batch norm, args that nothing reads, and the like.
    `# archc: ignore[CODE]` silences a warning in its line, or on a line of its own in the file.
    """
    request = _Request(references, settings, search, quiet=form != "text", lint=lint)
    if fix:
        _mend(replace(request, quiet=True, lint=False))
    findings, code = Findings(), 0
    for reference in references:
        own = Findings()
        code = max(code, _check(reference, request, own))
        findings.extend(own)
    _show(list(findings), form)
    warned = any(each.severity == "warning" for each in findings)
    return max(code, int(strict and warned))


def _mend(request: _Request) -> None:
    """Make the fixes of all specs, until there are none. Raises `CompileError`."""
    from archc.cli.fixes import make_fixes, show_fixes

    for reference in request.references:
        for _ in range(_ROUNDS):
            findings = Findings()
            _check(reference, request, findings)
            lines = make_fixes(reference, findings)
            show_fixes(lines)
            if not lines:
                break


def _check(reference: str, request: _Request, findings: Findings) -> int:
    code = 0
    try:
        for spec in _variants(load_spec(reference, request.settings, request.search)):
            try:
                _check_one(reference, spec, quiet=request.quiet)
                if request.lint:
                    findings.extend(_at_variant(spec, _warnings(spec)))
            except CompileError as error:
                findings.extend(_at_variant(spec, error.diagnostics))
                code = max(code, error.exit_code)
    except CompileError as error:
        findings.extend(error.diagnostics)
        code = max(code, error.exit_code)
    return code


def _variants(spec: Spec) -> Iterator[Spec]:
    if spec.chosen is not None or not spec.variants:
        yield spec
        return
    for variant in spec.variants:
        yield spec.at(variant)


def _at_variant(spec: Spec, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The diagnostics, each with the variant unless that is the first: all share its mistakes."""
    for each in diagnostics:
        later = spec.chosen in spec.variants[1:]
        note = (f"at the variant `{spec.chosen}`",) if later else ()
        yield replace(each, notes=(*each.notes, *note))


def _check_one(reference: str, spec: Spec, *, quiet: bool) -> None:
    """Raises `CompileError`."""
    graph = spec.graph()
    check_declared(spec, graph)
    if not quiet:
        shown = (
            reference if spec.chosen is None or "@" in reference else f"{reference}@{spec.chosen}"
        )
        params = analyse(graph).total.params
        show_line(f"{shown}: {len(graph) - len(graph.inputs)} layers, {params:,} parameters")


def _warnings(spec: Spec) -> tuple[Diagnostic, ...]:
    from archc.lint import lint

    return lint(spec)


def _show(diagnostics: list[Diagnostic], form: str) -> None:
    if form == "text":
        if diagnostics:
            show_diagnostics(diagnostics)
        return
    from archc.diagnostics.record import as_annotation, as_record

    if form == "github":
        for diagnostic in diagnostics:
            click.echo(as_annotation(diagnostic))
        return
    show(json_text([as_record(diagnostic) for diagnostic in diagnostics], indent=2))
