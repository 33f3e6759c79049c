"""Did-you-mean: what an unknown name was probably meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

_ALIKE = 0.65
"""How alike two names must be, of 1, to be taken for one another."""

_AS_GOOD = 0.15
"""How much less alike than the best match another one may be."""

_BEGINNING = 3
"""Letters that make a beginning: `eps` may mean `epsilon`, and `convolution` `conv`."""

_LONGEST = 60
"""Letters of a name that was typed, not pasted or made up."""

_MOST = 500
"""Names that are compared: a text from a stranger may hold any number."""


def close_matches(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The known names most like `name`, best first; case and `-`/`_` do not count."""
    from difflib import SequenceMatcher

    if len(name) > _LONGEST:
        return []
    wanted = _fold(name)
    matcher = SequenceMatcher(b=wanted, autojunk=False)
    scored = []
    for candidate in list(dict.fromkeys(known))[:_MOST]:
        matcher.set_seq1(_fold(candidate))
        begins = _has_beginning(wanted, _fold(candidate))
        if begins or (matcher.real_quick_ratio() > _ALIKE and matcher.quick_ratio() > _ALIKE):
            likeness = matcher.ratio()
            scored.append((max(likeness, _ALIKE) if begins else likeness, candidate))
    least = max([_ALIKE, *(likeness - _AS_GOOD for likeness, _ in scored)])
    close = [pair for pair in scored if pair[0] >= least]
    return [candidate for _, candidate in sorted(close, key=lambda pair: -pair[0])[:limit]]


def one_slip_from(name: str, known: Iterable[str]) -> str | None:
    """The one known name that a slip of the finger makes `name` of; None for none or several.

    A slip adds, leaves out or changes one letter, or swaps two neighbours. Names that differ in
    a number or in a part of one letter are told apart on purpose: `conv1` and `conv2`.
    """
    names = list(dict.fromkeys(known))[:_MOST]
    if not _BEGINNING <= len(name) <= _LONGEST:
        return None
    found = [other for other in names if _is_slip(_fold(name), _fold(other))]
    return found[0] if len(found) == 1 and _marks(found[0]) == _marks(name) else None


def strange_letter(name: str) -> str:
    """For a message that shows a name: which letter in it only looks like one of a-z, if any."""
    letter = next((c for c in name if c.isalnum() and not c.isascii()), None)
    return f", in which `{letter}` is U+{ord(letter):04X}" if letter else ""


def _is_slip(one: str, other: str) -> bool:
    """Whether two names differ by one letter, or by two neighbours that changed places."""
    start = _same_letters(one, other)
    one, other = one[start:], other[start:]
    stop = _same_letters(one[::-1], other[::-1])
    one, other = one[: len(one) - stop], other[: len(other) - stop]
    return max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])


def _same_letters(one: str, other: str) -> int:
    """How many letters two names have in common at their beginning."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _marks(name: str) -> list[str]:
    """The numbers and the parts of one letter in a name."""
    return re.findall(r"\d+|(?<![A-Za-z])[A-Za-z](?![A-Za-z])", name)


def _has_beginning(one: str, other: str) -> bool:
    """Whether one of two names is the beginning of the other."""
    shorter = min(len(one), len(other))
    return shorter >= _BEGINNING and one[:shorter] == other[:shorter]


def one_of(name: str, known: Iterable[str], what: str = "") -> str:
    """A help line for an unknown name: its close matches, else the valid names."""
    names = list(known)
    matches = close_matches(name, names)
    if matches:
        return "did you mean " + " or ".join(f"`{match}`" for match in matches) + "?"
    if not names:
        return f"there are no {what}" if what else "there are none"
    shown = ", ".join(f"`{candidate}`" for candidate in names[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"the {what} are {shown}{more}" if what else f"one of {shown}{more}"


def _fold(name: str) -> str:
    return name.lower().replace("-", "_")
