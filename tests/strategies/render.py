"""Plain data → YAML text, laid out in one of several ways."""

from __future__ import annotations

import yaml
from hypothesis import strategies as st

from archc.source import resolve
from tests.strategies.naive_parts import Data

LAYOUTS: tuple[dict[str, object], ...] = (
    {"default_flow_style": None},
    {"default_flow_style": False},
    {"default_flow_style": None, "width": 60},
    {"default_flow_style": False, "allow_unicode": False},
)


class _Dumper(yaml.SafeDumper):
    """Writes what is there twice twice: anchors would hide which is which."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """A text in quotes, where YAML 1.2 would take it for something else without them."""
    quote = None if resolve(text) == text else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=quote)


_Dumper.add_representer(str, _text)


def layouts() -> st.SearchStrategy[dict[str, object]]:
    return st.sampled_from(LAYOUTS)


def rendered(data: Data, layout: dict[str, object] = LAYOUTS[0]) -> str:
    """The YAML text of a spec's data."""
    options = {"sort_keys": False, "allow_unicode": True, "width": 100_000, **layout}
    return yaml.dump(data, Dumper=_Dumper, **options)
