"""`archc solve`: the setting that meets a budget."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from archc.cli.options import format_option, load_spec, spec_options
from archc.cli.sweeping.emit import check_emit, write_variant
from archc.cli.sweeping.files import check_spec, told_as_diagnostics
from archc.cli.terminal import remark, show, show_line
from archc.diagnostics.printable import json_text, printable
from archc.explore import InnerRounding, Solution, Target, parse_dial, parse_target, solve
from archc.explore.columns import TOTALS
from archc.source.spelled import spelled_value

MOST_SHOWN = 20
"""Roundings of the spec's expressions that are listed before the rest is counted."""


@click.command("solve", short_help="Find the setting that meets a budget.")
@click.argument("reference", metavar="SPEC[@VARIANT]")
@click.option(
    "--vary",
    metavar="PATH[=VALUES]",
    multiple=True,
    required=True,
    help="What to turn: width, width=0.5..2, learner.groups[*].filters (all by one factor).",
)
@click.option(
    "--target",
    metavar="COST=MOST",
    multiple=True,
    required=True,
    help="What to meet: macs=1.8G; params, trainable and flops too.",
)
@click.option(
    "--divisor", metavar="N", type=click.IntRange(min=1), help="Round whole numbers to multiples."
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the spec with its new values, comments kept.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that archc did not write.")
@format_option
@spec_options
def command(
    reference: str,
    vary: tuple[str, ...],
    target: tuple[str, ...],
    divisor: int | None,
    output: Path | None,
    force: bool,
    form: str,
    settings: tuple[str, ...],
    search: tuple[Path, ...],
) -> None:
    """Find the setting of a spec that meets a budget: the largest that does not exceed it.

    Of all settings within every target, it is the one with most of the first target's cost; of
    equals, that with the smallest values. Without a range a value is sought from a 16th to 16
    times what it is, a decimal one in steps of a thousandth of its power of ten. Up to 4,000
    settings are all tried; of more, a grid of them, and ever finer ones around its best.

    Prints the settings as `--set` takes them, what they cost, and every number that was rounded:
    values of `--vary`, and those that the spec's own expressions round.
    """
    spec = load_spec(reference, settings, search)
    targets = [parse_target(text) for text in target]
    dials = [parse_dial(spec, text, divisor) for text in vary]
    if output is not None:
        with told_as_diagnostics():
            check_spec(output, force=force)
        check_emit(spec, output.parent)
    found = solve(spec, dials, targets)
    show(_json(found) if form == "json" else _text(found, targets))
    if output is not None:
        with told_as_diagnostics():
            write_variant(spec.with_(found.settings), output, found.point.totals, force=force)
        tell = remark if form == "json" else show_line
        tell(f"wrote {output}")


def _text(found: Solution, targets: list[Target]) -> str:
    pairs = [f"{path}={spelled_value(value)}" for path, value in found.settings.items()]
    lines = [" ".join(f"--set {shlex.quote(pair)}" for pair in pairs), ""]
    budgets = {target.name: target.most for target in targets}
    costs = dict(zip(TOTALS, found.costs, strict=True))
    width = max(len(f"{cost:,}") for cost in costs.values())
    for name, cost in costs.items():
        most = budgets.get(name)
        share = f"   {cost / most:.2%} of {most:,}" if most is not None else ""
        lines.append(f"{name:10} {cost:>{width},}{share}")
    if found.roundings:
        lines += ["", "rounded:"]
        lines += [f"  {r.path}: {float(r.exact):.6g} → {r.value}" for r in found.roundings]
    lines += _inner_lines(found.inner_roundings)
    tried = "all" if found.tried == found.combinations else f"{found.tried:,} of"
    lines += ["", f"tried {tried} {found.combinations:,} settings"]
    return "\n".join(lines)


def _inner_lines(roundings: tuple[InnerRounding, ...]) -> list[str]:
    if not roundings:
        return []
    shown = [
        f"  {r.span}: {_expression(r)}: {r.exact:.6g} → {r.value:.6g}"
        for r in roundings[:MOST_SHOWN]
    ]
    more = len(roundings) - len(shown)
    return ["", "rounded by the spec:", *shown, *([f"  and {more:,} more"] if more else [])]


def _expression(rounding: InnerRounding) -> str:
    return printable(" ".join(rounding.span.text.split()))


def _json(found: Solution) -> str:
    rounded = [{"path": r.path, "exact": float(r.exact), "value": r.value} for r in found.roundings]
    inner = [
        {
            "file": r.span.path,
            "line": r.span.line,
            "column": r.span.column,
            "expression": r.span.text,
            "exact": r.exact,
            "value": r.value,
        }
        for r in found.inner_roundings
    ]
    costs = dict(zip(TOTALS, found.costs, strict=True))
    counts = {"tried": found.tried, "settings": found.combinations}
    return json_text(
        {
            "set": found.settings,
            **costs,
            "rounded": rounded,
            "rounded_by_the_spec": inner,
            **counts,
        },
        indent=2,
    )
