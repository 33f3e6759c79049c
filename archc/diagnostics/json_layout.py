"""JSON with an item a line, as `json.dumps` lays it out with an indent, but several times faster.

Python's own is fast for one line alone; the costs of a large network are millions of lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring
from math import isfinite


def laid_out(data: object, step: str) -> str:
    """Plain data as JSON; each level is indented by `step` more.

    Letters beyond ASCII stand as they are; control characters, and those that change the
    direction of writing, as escapes. Raises `TypeError` for what JSON does not know.
    """
    return _laid_out(data, "\n", step)


def json_escaped(line: str) -> str:
    """A line of JSON with escapes for what can't be printed."""
    if line.isprintable():
        return line
    return "".join([c if c.isprintable() else json.dumps(c)[1:-1] for c in line])


def _laid_out(value: object, line: str, step: str) -> str:
    written = _SCALARS.get(type(value))
    if written is not None:
        return written(value)
    inner = line + step
    if isinstance(value, dict) and value:
        # A number is written where it stands: a call for each would double the time.
        items = [
            f"{_key(key)}: {item if type(item) is int else _laid_out(item, inner, step)}"
            for key, item in value.items()
        ]
        return f"{{{inner}{f',{inner}'.join(items)}{line}}}"
    if isinstance(value, list | tuple) and value:
        items = [str(i) if type(i) is int else _laid_out(i, inner, step) for i in value]
        return f"[{inner}{f',{inner}'.join(items)}{line}]"
    return json.dumps(value)


@lru_cache(maxsize=1024)
def _key(key: object) -> str:
    """A key as JSON; the same few stand in every item of a list."""
    if not isinstance(key, str):
        raise TypeError(f"expected a text as a key, found {key!r}")
    return _text(key)


def _text(text: object) -> str:
    assert isinstance(text, str)
    return json_escaped(encode_basestring(text))


def _number(number: object) -> str:
    # NaN and the infinities are no words of Python's.
    return repr(number) if isinstance(number, float) and isfinite(number) else json.dumps(number)


_SCALARS: dict[type, Callable[[object], str]] = {
    str: _text,
    int: str,
    float: _number,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
}
