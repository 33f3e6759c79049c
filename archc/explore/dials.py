"""What a solver may turn: one value, or several that are scaled together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from archc.api import Spec
from archc.diagnostics import CompileError, Diagnostic, SourceText, Span
from archc.elaborate.elaborate import spec_frame
from archc.explore.check import check_knobs
from archc.explore.knobs import Knob, arg_name, parse_knob
from archc.source import Node, Scalar
from archc.source import Sequence as List
from archc.source.edit import find

ROOM = 16
"""A value without a range is sought from a 16th to 16 times what it is."""

STEPS = 1000
"""Steps in the unit of a value that is no whole number: 0.001 where it is from 1 to 10."""


@dataclass(frozen=True)
class Dial:
    """Settings for each of its places, in order: `paths` get `settings[place]`.

    `name` is what was given to `--vary`; `exact` are the values before they were rounded, the
    same as the settings where none was.
    """

    name: str
    paths: tuple[str, ...]
    settings: tuple[tuple[object, ...], ...]
    exact: tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, slots=True)
class Rounding:
    """A value that was rounded: to the divisor, or to a whole number."""

    path: str
    exact: Fraction
    value: object


def parse_dial(spec: Spec, text: str, divisor: int | None) -> Dial:
    """`width`, `width=0.5..2`, `learner.groups[2].blocks=2..36`, `learner.groups[*].filters`.

    With `[*]` the values of all elements are scaled by one factor, each rounded to the divisor;
    a range is then one of factors. Raises `CompileError`.
    """
    path, equals, given = text.partition("=")
    path = path.strip()
    if not path:
        raise _bad(text, "expected a path such as `width`")
    if "[*]" in path:
        return _scaled(spec, path, given if equals else "", divisor)
    if equals:
        knob = parse_knob(text)
        check_knobs(spec, [knob])
        _check_numbers(knob)
        return _of_values(path, _finer(knob, given), divisor)
    check_knobs(spec, [Knob(path, (1,))])
    return _of_values(path, _around(_present(spec, path)), divisor)


def roundings(dial: Dial, place: int) -> list[Rounding]:
    """What was rounded at a place."""
    told = zip(dial.paths, dial.exact[place], dial.settings[place], strict=True)
    return [
        Rounding(path, exact, value) for path, exact, value in told if _fraction(value) != exact
    ]


def _of_values(path: str, values: tuple[object, ...], divisor: int | None) -> Dial:
    whole = all(isinstance(value, int) for value in values)
    by_setting: dict[object, Fraction] = {}
    for value in values:
        exact = _fraction(value)
        setting = _rounded(exact, divisor) if whole and divisor else value
        # Of several that are rounded to the same, the nearest stands for them.
        known = by_setting.get(setting)
        if known is None or abs(exact - _fraction(setting)) < abs(known - _fraction(setting)):
            by_setting[setting] = exact
    places = sorted(by_setting.items(), key=lambda pair: _fraction(pair[0]))
    settings = tuple((setting,) for setting, _ in places)
    return Dial(path, (path,), settings, tuple((exact,) for _, exact in places))


def _scaled(spec: Spec, path: str, given: str, divisor: int | None) -> Dial:
    """All elements of a list by one factor; of factors that give the same settings, the first."""
    paths = _matching(spec, path)
    present = [_present(spec, each) for each in paths]
    factors = _around(1.0)
    if given:
        knob = parse_knob(f"{path}={given}")
        _check_numbers(knob)
        factors = _finer(knob, given)
    found: dict[tuple[object, ...], tuple[Fraction, ...]] = {}
    for factor in factors:
        exact = tuple([_fraction(value) * _fraction(factor) for value in present])
        whole = [isinstance(value, int) for value in present]
        settings = tuple(
            [
                _rounded(e, divisor or 1) if w else float(e)
                for e, w in zip(exact, whole, strict=True)
            ]
        )
        found.setdefault(settings, exact)
    return Dial(path, tuple(paths), tuple(found), tuple(found.values()))


def _rounded(exact: Fraction, divisor: int) -> int:
    """The nearest multiple of the divisor, halves up, at least the divisor."""
    return max(divisor, divisor * int(exact / divisor + Fraction(1, 2)))


def _finer(knob: Knob, given: str) -> tuple[object, ...]:
    """The values of a knob; of a range of decimals without a step, in steps of a thousandth."""
    match = re.fullmatch(r"\s*([\d.]+?)\.\.([\d.]+)\s*", given)
    if match is None or "." not in match[1] + match[2]:
        return knob.values
    step = _step(max(map(float, match.groups())))
    return parse_knob(f"{knob.path}={given.strip()}:{step}").values


def _around(value: int | float) -> tuple[object, ...]:
    if isinstance(value, int):
        return tuple(range(1, max(4, value) * ROOM + 1))
    step = Decimal(_step(value))
    least, most = Decimal(str(value)) / ROOM, Decimal(str(value)) * ROOM
    first = (least / step).to_integral_value(ROUND_HALF_UP)
    return tuple(float(n * step) for n in range(max(1, int(first)), int(most / step) + 1))


def _step(value: float) -> str:
    """A thousandth of the power of ten of a number, as a text."""
    exponent = Decimal(str(value)).adjusted()
    return f"{Decimal(1).scaleb(exponent) / STEPS:f}"


def _matching(spec: Spec, path: str) -> list[str]:
    """The paths of all elements that `[*]` stands for, of those that have the rest."""
    before, _, after = path.partition("[*]")
    document = spec.assembled.document
    arg = arg_name(before, document.args)
    node = document.args[arg] if arg is not None else find(document.origin, before)
    if not isinstance(node, List):
        raise _bad(path, f"`{before}` is no list")
    inner = after.removeprefix(".")
    rest = [find(item, inner) if inner else item for item in node.items]
    paths = [f"{before}[{place}]{after}" for place, found in enumerate(rest) if found is not None]
    if not paths:
        raise _bad(path, f"no element of `{before}` has `{after.removeprefix('.')}`")
    return paths


def _present(spec: Spec, path: str) -> int | float:
    """The number that stands at a path. Raises `CompileError` where there is none."""
    document = spec.assembled.document
    arg = arg_name(path, document.args)
    value: object = None
    if arg is not None:
        value = spec_frame(spec.assembled).args[arg]
    else:
        node = _node(spec, path)
        value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        message = (
            f"`{path}` is no number above 0 in the spec: say its range, such as `{path}=1..64`"
        )
        raise _bad(path, message)
    return value


def _node(spec: Spec, path: str) -> Node | None:
    document = spec.assembled.document
    first = path.removeprefix("args.").partition(".")[0].partition("[")[0]
    if arg_name(first, document.args) is None:
        return find(document.origin, path)
    args = document.origin.get("args")
    return find(args, path.removeprefix("args.")) if args is not None else None


def _check_numbers(knob: Knob) -> None:
    strange = [v for v in knob.values if isinstance(v, bool) or not isinstance(v, int | float)]
    if strange:
        raise _bad(knob.path, f"expected numbers for `{knob.path}`, found `{strange[0]}`")


def _fraction(value: object) -> Fraction:
    assert isinstance(value, int | float)
    return Fraction(str(value))


def _bad(path: str, message: str) -> CompileError:
    span = Span(SourceText(f"--vary {path}", path), 0, max(1, len(path)))
    return CompileError([Diagnostic("vary", message, span)])
