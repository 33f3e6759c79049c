"""Layers of Keras as the template sees them: constructors, their arguments, their names."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from archc.emission.plan import Code
from archc.emission.printing import call_arguments, expression, spell
from archc.emission.symbols import code_of, is_literal
from archc.targets.keras.lowering import Constant, KerasCall

_STYLE = frozenset(
    {
        "center",
        "depthwise_initializer",
        "epsilon",
        "kernel_initializer",
        "momentum",
        "padding",
        "pointwise_initializer",
        "scale",
        "use_bias",
    }
)
"""Arguments that a network keeps the same throughout: what the language calls its style."""

_SHORT = {
    "BatchNormalization": "BatchNorm",
    "GroupNormalization": "GroupNorm",
    "LayerNormalization": "LayerNorm",
}

_ENOUGH_USES = 3


@dataclass(frozen=True, slots=True)
class Alias:
    """`name = partial(constructor, arguments)`; `shared` are the names of the arguments."""

    name: str
    constructor: str
    arguments: str
    shared: frozenset[str]


def find_aliases(calls: Iterable[KerasCall], taken: Collection[str]) -> dict[str, Alias]:
    """The aliases worth having, by the class of Keras: those whose every use shares its style."""
    uses: defaultdict[str, list[KerasCall]] = defaultdict(list)
    for call in calls:
        if not call.custom:
            uses[call.constructor].append(call)
    found = [
        _alias(constructor, same) for constructor, same in uses.items() if len(same) >= _ENOUGH_USES
    ]
    kept = [alias for alias in found if alias.shared and alias.name not in taken]
    return {alias.constructor.removeprefix("layers."): alias for alias in kept}


def _alias(constructor: str, uses: list[KerasCall]) -> Alias:
    common = set.intersection(*(_style(call) for call in uses))
    # The order of a class's own arguments, not that of a set.
    shared = [pair for pair in _named(uses[0]) if _spelled_pair(pair) in common]
    return Alias(
        _SHORT.get(constructor, constructor),
        f"layers.{constructor}",
        call_arguments(shared, 0, argument),
        frozenset(key for key, _ in shared),
    )


def _style(call: KerasCall) -> set[tuple[str, str]]:
    return {_spelled_pair(pair) for pair in _named(call) if pair[0] in _STYLE and _fixed(pair[1])}


def _named(call: KerasCall) -> tuple[tuple[str, object], ...]:
    return call.arguments[call.positional :]


def _spelled_pair(pair: tuple[str, object]) -> tuple[str, str]:
    return pair[0], argument(pair[1])


def _fixed(value: object) -> bool:
    return is_literal(code_of(value.value if isinstance(value, Constant) else value))


def argument(value: object) -> str:
    """An argument of a layer as source."""
    if isinstance(value, Constant):
        return f"keras.initializers.Constant({spell(value.value)})"
    return spell(value)


def constructor_and_arguments(call: KerasCall, aliases: Mapping[str, Alias]) -> tuple[str, str]:
    """How a layer is made, but for its name: `layers.Conv2D`, `64, 3, strides=2`."""
    if call.custom:
        return call.constructor, call_arguments(call.arguments, call.positional, argument)
    alias = aliases.get(call.constructor)
    if alias is None:
        constructor, left_out = f"layers.{call.constructor}", frozenset[str]()
    else:
        constructor, left_out = alias.name, alias.shared
    given = [pair for pair in call.arguments if pair[0] not in left_out]
    return constructor, call_arguments(given, call.positional, argument)


def full_name(local: Code, *, named: bool, suffix: str = "") -> str:
    """A name inside a unit as source: after the unit's own where it is `named`, parts joined."""
    parts: list[list[ast.expr]] = [
        [_inserted(ast.Name("name", ast.Load()))] if named else [],
        _pieces(local),
        [ast.Constant(suffix)] if suffix else [],
    ]
    joined: list[ast.expr] = []
    for part in parts:
        if part and joined:
            joined.append(ast.Constant("_"))
        joined += part
    assert joined, "a layer without a name"
    return expression(_folded(joined, text_alone=not isinstance(local, ast.JoinedStr) or named))


def _pieces(code: Code) -> list[ast.expr]:
    """What an f-string of this text consists of; nothing for the empty text."""
    match code:
        case ast.Constant(value=str() as text):
            return [code] if text else []
        case ast.JoinedStr(values=values):
            return [piece for value in values for piece in _pieces(value)]
        case ast.FormattedValue(value=ast.Constant(value=str() | int() as known), format_spec=None):
            return _pieces(ast.Constant(str(known)))
        case ast.FormattedValue():
            return [code]
    return [_inserted(code)]


def _inserted(code: Code) -> ast.FormattedValue:
    return ast.FormattedValue(code, conversion=-1)


def _folded(pieces: list[ast.expr], *, text_alone: bool) -> Code:
    """The pieces as a plain text or an f-string.

    `text_alone` says that an expression which is all there is gives a text by itself.
    """
    merged: list[ast.expr] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, ast.Constant) and isinstance(last, ast.Constant):
            merged[-1] = ast.Constant(str(last.value) + str(piece.value))
        else:
            merged.append(piece)
    match merged:
        case [ast.Constant() as only]:
            return only
        case [ast.FormattedValue(value=only, format_spec=None)] if text_alone:
            return only
    return ast.JoinedStr(merged)
