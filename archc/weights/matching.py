"""Which arrays are missing, have another shape, or are not asked for: all told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from archc.diagnostics import CompileError, Diagnostic, close_matches
from archc.layers import TensorShape
from archc.weights.arrays import MISMATCH

Shapes = Mapping[str, tuple[int, ...]]

_MOST = 20
"""Findings of one comparison that are told: of two networks that differ, each array differs."""


def mismatches(
    expected: Shapes, found: Shapes, where: str, archc_names: Mapping[str, str] | None = None
) -> list[Diagnostic]:
    """What keeps the arrays `found` in `where` from being those that are expected.

    First those that are missing or have another shape, in the order of `expected`, then those
    that are not expected. `archc_names` are the graph's names of those that have others there.
    """
    missing = [name for name in expected if name not in found]
    strangers = [name for name in found if name not in expected]
    wrong = [name for name in expected if found.get(name) != expected[name]]
    told = [
        _told(name, expected, found, where, strangers if name in expected else missing)
        for name in [*wrong, *strangers][:_MOST]
    ]
    named = [_named(name, diagnostic, archc_names or {}) for name, diagnostic in told]
    return _and_more(named, len(wrong) + len(strangers) - len(named))


def refuse(diagnostics: Iterable[Diagnostic]) -> None:
    """Raise a `CompileError` of the findings, if there are any."""
    found = list(diagnostics)
    if found:
        raise CompileError(found)


def _told(
    name: str, expected: Shapes, found: Shapes, where: str, others: list[str]
) -> tuple[str, Diagnostic]:
    if name not in expected:
        message = f"expected no `{name}` in {where}, found one of shape {_shown(found[name])}"
        return name, Diagnostic(
            MISMATCH, message, helps=_meant(name, found[name], others, expected)
        )
    wanted = f"expected `{name}` of shape {_shown(expected[name])} in {where}"
    if name in found:
        return name, Diagnostic(MISMATCH, f"{wanted}, found {_shown(found[name])}")
    helps = _meant(name, expected[name], others, found)
    return name, Diagnostic(MISMATCH, f"{wanted}, found none", helps=helps)


def _meant(name: str, shape: tuple[int, ...], others: list[str], shapes: Shapes) -> tuple[str, ...]:
    """A help that names the arrays of the other side that nothing matches, if any is alike."""
    alike = close_matches(name, [other for other in others if shapes[other] == shape])
    return (f"did you mean {' or '.join(f'`{match}`' for match in alike)}?",) if alike else ()


def _named(name: str, diagnostic: Diagnostic, archc_names: Mapping[str, str]) -> Diagnostic:
    if archc_names.get(name, name) == name:
        return diagnostic
    return replace(diagnostic, notes=(f"it holds `{archc_names[name]}` of the graph",))


def _and_more(diagnostics: list[Diagnostic], more: int) -> list[Diagnostic]:
    if not more:
        return diagnostics
    *others, last = diagnostics
    return [*others, replace(last, notes=(*last.notes, f"{more} more arrays do not fit"))]


def _shown(shape: tuple[int, ...]) -> str:
    return str(TensorShape(shape)) or "()"
