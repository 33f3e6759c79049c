"""What is wrong with the attributes of a layer, in the words of the spec's author."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from archc.diagnostics import close_matches, one_of

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


class AttributeProblem(NamedTuple):
    """One attribute that is unknown, missing, or has a value that does not do."""

    kind: Literal["unknown", "missing", "invalid"]
    attribute: str
    message: str
    helps: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """What a text in the place of the value may have been meant to be."""


class InvalidAttributes(Exception):
    """The attributes do not make a layer; `problems` says why, at most once for each attribute."""

    def __init__(self, problems: Iterable[AttributeProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


def unknown(verb: str, attribute: str, known: tuple[str, ...]) -> AttributeProblem:
    """An attribute that the verb has not, with those it may have meant."""
    message = f"`{verb}` has no attribute `{attribute}`"
    helps = one_of(attribute, known, "attributes") if known else f"`{verb}` takes no attributes"
    return AttributeProblem("unknown", attribute, message, (helps,))


def explain(
    verb: str, error: ValidationError, strangers: tuple[AttributeProblem, ...]
) -> tuple[AttributeProblem, ...]:
    """The unknown attributes, and the problems that pydantic found with the others."""
    found = [_problem(verb, details) for details in error.errors(include_url=False)]
    missing = [problem.attribute for problem in found if problem.kind == "missing"]
    # Who wrote `kernle` knows that `kernel` is needed: one mistake, told once.
    meant = {name for stranger in strangers for name in close_matches(stranger.attribute, missing)}
    rest = [problem for problem in found if problem.attribute not in meant]
    return (*strangers, *rest)


def _problem(verb: str, details: ErrorDetails) -> AttributeProblem:
    context = details.get("ctx", {})
    attribute = context.get("attribute") or str(details["loc"][0])
    helps = tuple(context.get("helps", ()))
    if details["type"] == "missing":
        return AttributeProblem("missing", attribute, f"`{verb}` needs `{attribute}`", helps)
    message = details["msg"]
    if details["type"] == "expected":
        message = f"{message}, found {spelled(details['input'])}"
    names = tuple(context.get("names", ()))
    return AttributeProblem("invalid", attribute, message, helps, names)


def spelled(value: object) -> str:
    """A value as YAML spells it, texts in backticks, cut where it is long."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"`{value if len(value) <= 40 else value[:39] + '…'}`"
    if isinstance(value, tuple):
        items = [spelled(item) for item in value[:8]] + ["…"] * (len(value) > 8)
        return f"[{', '.join(items)}]"
    return str(value)
