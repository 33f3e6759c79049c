"""`archc check`: everything that is wrong with some specs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from archc.analyses import analyse
from archc.api import Spec
from archc.cli.options import format_option, load_spec, spec_options
from archc.cli.terminal import show_diagnostics
from archc.diagnostics import CompileError, Diagnostic, Findings


@click.command("check", short_help="Check specs.")
@click.argument("references", metavar="SPEC[@VARIANT]...", nargs=-1, required=True)
@format_option
@spec_options
def command(
    references: tuple[str, ...], form: str, settings: tuple[str, ...], search: tuple[Path, ...]
) -> int:
    """Check specs and tell everything that is wrong with them.

    A spec with variants is checked at every variant, unless one is named. Ends with 0 where all
    is fine, 1 where only an `expect:` does not hold, 2 where a spec is wrong.
    """
    findings, code = Findings(), 0
    for reference in references:
        own = Findings()
        code = max(code, _check(reference, settings, search, own, quiet=form == "json"))
        findings.extend(own)
    if form == "json":
        _print_json(list(findings))
    elif len(findings):
        show_diagnostics(list(findings))
    return code


def _check(
    reference: str,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
    findings: Findings,
    *,
    quiet: bool,
) -> int:
    code = 0
    try:
        for spec in _variants(load_spec(reference, settings, search)):
            try:
                _check_one(reference, spec, quiet=quiet)
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
    for source in spec.assembled.document.weights:
        spec.weight_rules(source)
    if not quiet:
        shown = (
            reference if spec.chosen is None or "@" in reference else f"{reference}@{spec.chosen}"
        )
        params = analyse(graph).total.params
        click.echo(f"{shown}: {len(graph) - len(graph.inputs)} layers, {params:,} parameters")


def _print_json(diagnostics: list[Diagnostic]) -> None:
    import json

    from archc.diagnostics.render import as_record

    records = [as_record(diagnostic) for diagnostic in diagnostics]
    click.echo(json.dumps(records, indent=2, ensure_ascii=False))
