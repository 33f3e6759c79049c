"""JSON is what Python's own writer makes, less what can't be printed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.diagnostics.printable import json_text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(DATA)
def test_it_is_what_python_writes(data: object) -> None:
    text = json_text(data, indent=2)
    expected = json.dumps(data, indent=2, ensure_ascii=False)
    if all(line.isprintable() for line in expected.split("\n")):
        assert text == expected
    assert all(line.isprintable() for line in text.split("\n"))
    assert json.dumps(json.loads(text)) == json.dumps(json.loads(expected))


def test_control_characters_are_escapes() -> None:
    assert json_text({"a\x1b": "\u202e\n"}, indent=1) == '{\n "a\\u001b": "\\u202e\\n"\n}'


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        json_text({"a": [object()]}, indent=2)
