"""Did-you-mean: what an unknown name was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def close_matches(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The known names most like `name`, best first; case and `-`/`_` do not count."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(_fold(candidate), candidate)
    found = get_close_matches(_fold(name), folded, n=limit, cutoff=0.6)
    return [folded[match] for match in found]


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
