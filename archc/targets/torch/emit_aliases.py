"""Constructors as source, and short names for those that a file always calls in one style."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from archc.emission.printing import call_arguments, spell
from archc.emission.symbols import code_of, is_literal
from archc.targets.torch.lowering.call import TorchCall
from archc.targets.torch.view import AliasView

_STYLE = frozenset({"affine", "bias", "elementwise_affine", "eps", "momentum"})
"""Arguments that a network keeps the same throughout: what the language calls its style."""

_ENOUGH_USES = 3
_RANK = re.compile(r"[123]d$")


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias, and the names of the arguments that it knows."""

    view: AliasView
    shared: frozenset[str]


class Constructors:
    """All calls of a file that make modules; `taken` are names that no alias may have."""

    def __init__(self, calls: Iterable[TorchCall], taken: Collection[str]) -> None:
        uses: defaultdict[str, list[TorchCall]] = defaultdict(list)
        for call in calls:
            uses[call.constructor].append(call)
        self._aliases: dict[str, Alias] = {}
        names = set(taken)
        for constructor, same in uses.items():
            shared = _shared(same)
            if shared and len(same) >= _ENOUGH_USES and constructor.startswith("nn."):
                alias = _alias(constructor, shared, names)
                self._aliases[constructor] = alias
                names.add(alias.view.name)

    @property
    def names(self) -> frozenset[str]:
        return frozenset([alias.name for alias in self.aliases])

    @property
    def aliases(self) -> tuple[AliasView, ...]:
        return tuple([alias.view for alias in self._aliases.values()])

    def make(self, call: TorchCall) -> str:
        """The source that makes the module of a call."""
        alias = self._aliases.get(call.constructor)
        if alias is None:
            name, left_out = call.constructor, frozenset[str]()
        else:
            name, left_out = alias.view.name, alias.shared
        given = [pair for pair in call.arguments if pair[0] not in left_out]
        return f"{name}({call_arguments(given, call.positional)})"


def _shared(uses: list[TorchCall]) -> list[tuple[str, object]]:
    """The style that all uses have in common, in the order of the first."""
    common = set.intersection(*(set(map(_spelled, _style(call))) for call in uses))
    return [pair for pair in _style(uses[0]) if _spelled(pair) in common]


def _style(call: TorchCall) -> list[tuple[str, object]]:
    named = call.arguments[call.positional :]
    return [(key, value) for key, value in named if key in _STYLE and is_literal(code_of(value))]


def _spelled(pair: tuple[str, object]) -> tuple[str, str]:
    return pair[0], spell(pair[1])


def _alias(constructor: str, shared: list[tuple[str, object]], taken: Collection[str]) -> Alias:
    full = constructor.removeprefix("nn.")
    short = _RANK.sub("", full) if full.startswith("BatchNorm") else full
    name = next(n for n in (short, full, f"{full}_") if n not in taken)
    view = AliasView(name, constructor, call_arguments(shared, 0))
    return Alias(view, frozenset([key for key, _ in shared]))
