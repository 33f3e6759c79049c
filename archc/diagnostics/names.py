"""Did-you-mean: what an unknown name was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable

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


def strange_letter(name: str) -> str:
    """For a message that shows a name: which letter in it only looks like one of a-z, if any."""
    letter = next((c for c in name if c.isalnum() and not c.isascii()), None)
    return f", in which `{letter}` is U+{ord(letter):04X}" if letter else ""


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
