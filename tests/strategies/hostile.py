"""Texts that want to be more than text, and specs that have them in every place for a name."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.strategies.naive_parts import Data

PROOF = "ARCHC_PROOF_OF_EXECUTION"
"""The variable of the environment that hostile code would set."""

_RUN = f'__import__("os").environ.__setitem__("{PROOF}", "1")'
QUOTES = ("'", '"', '"""', "'''", '\\"""', "a\"b'c", "\\", "ends with \\", '\\\\"', '"' * 7)
LINES = ("a\nimport os", "a\r\nb", "\n", "\x0b", "\x0c", "\x85", "a\u2028import os", "tab\there")
CODE = (
    f'"""\n{_RUN}\n"""',
    f"'); {_RUN}; ('",
    f'"); {_RUN}; ("',
    f"\n    {_RUN}\n",
    f"{{{_RUN}}}",
    f"$({_RUN})",
    f"={_RUN}",
    f"x = {_RUN}",
    f"\\N{{BULLET}}{{{_RUN}}}",
    *("{x}", "{{x}}", "{name!r}", "{0.__class__}", "{", "}}", "%s %n", "${HOME}", "`id`", "$(id)"),
    *("{{ 7 * 7 }}", "{% raw %}", "{%- import 'x' -%}", "{# x #}", "{{ self.__init__ }}", "{%"),
    *("# noqa", "# fmt: off", "# type: ignore", "# -*- coding: utf-7 -*-", "x # y", "\\u0022"),
)
ODD = (
    *("\x00", "a\x00b", "\x1b[31m", "\u202eabc", "\u2066x\u2069", "a\u200bb", "\ufeff"),
    "\U0001f600",
    *("ｅｖａｌ", "сlass", "ﬁlters", "\u212a", "é", "µ", "²", "ªb", "·", "a\u0301", "__ｉmport__"),
)
LONG = ("a" * 100, "a" * 101, '"' * 3000, "word " * 2000, "x" * 5000, "{" * 400, "\\" * 999)
WORDS = (
    *keyword.kwlist,
    *("match", "case", "type", "_", "__", "self", "super", "name", "inputs", "x", "y", "outputs"),
    *("keras", "layers", "Input", "Model", "nn", "F", "torch", "os", "sys", "math", "divisible"),
    *("forward", "train", "eval", "half", "parameters", "children", "call", "build", "training"),
    *("__init__", "__class__", "__dict__", "__name__", "__builtins__", "__import__", "__main__"),
    *("stem", "learner", "task", "group", "block", "groups", "main", "model", "input", "args"),
    *(name for name in dir(builtins) if name.islower()),
)


def hostile_texts() -> st.SearchStrategy[str]:
    """A text that a careless emitter would take for code, or for another name."""
    piece = st.sampled_from((*QUOTES, *LINES, *CODE, *ODD))
    return st.one_of(
        st.sampled_from(WORDS),
        piece,
        st.sampled_from(LONG),
        st.lists(piece, min_size=2, max_size=4).map("".join),
        st.tuples(st.sampled_from(WORDS), piece).map("".join),
        st.text(max_size=12).filter(_can_be_written),
    )


def _can_be_written(text: str) -> bool:
    return all(not 0xD800 <= ord(character) <= 0xDFFF for character in text)


HARMLESS: Mapping[str, str] = {
    "file": "plain",
    "name": "plain_name",
    "about": "what it is",
    "variant": "first",
    "input": "image",
    "other input": "mask",
    "knob": "width",
    "knob text": "left",
    "block": "unit",
    "block about": "what a unit is",
    "block arg": "deep",
    "block text": "right",
    "block input": "entering",
    "id": "entry",
    "scope": "scoped",
    "inner id": "inside",
    "group id": "stage",
    "row text": "one",
    "path": "short",
    "tag": "tapped",
    "output": "scores",
    "row key": "label",
}
"""Every place for a name or a text, with one that does no harm."""


@dataclass(frozen=True)
class Hostile:
    """The words of a spec, by their places."""

    words: Mapping[str, str]

    @property
    def stem(self) -> str:
        """The name of the spec's file, which is the network's where the spec has none."""
        return self.words["file"]

    @property
    def data(self) -> Data:
        """The spec with the words in their places."""
        w = self.words
        unit: Data = {
            "about": w["block about"],
            "inputs": [w["block input"]],
            "args": {w["block arg"]: "required", "mode": w["block text"]},
            "steps": [
                {"id": w["inner id"], "conv": {"filters": f"={w['block arg']}", "kernel": 3}},
                {"relu": None, "when": f"=mode == {w['block text']!r}"},
                {"add": {w["path"]: [], "deep": ["batch_norm"]}},
            ],
        }
        stem = [
            {"concat": {"a": [], "b": [{"from": w["other input"]}]}},
            {"id": w["id"], "conv": {"filters": f"={w['knob']}", "kernel": 1}},
            {"id": w["scope"], "steps": ["relu", {w["block"]: {w["block arg"]: 4}}]},
        ]
        rows = [
            {w["block arg"]: 4, w["row key"]: w["row text"], "blocks": 2},
            {w["block arg"]: 6, w["row key"]: "two"},
        ]
        learner: Data = {
            "block": w["block"],
            "id": f"{w['group id']}_$(row.{w['row key']})_$(block.index)",
            "groups": rows,
        }
        ends = [
            {"id": w["tag"], "global_avg_pool": None},
            {"dense": 3, "when": f"=mood == {w['knob text']!r}"},
            {"id": w["output"], "from": w["tag"], "dense": 2},
        ]
        named = {} if w["name"] == "" else {"name": w["name"]}
        return {
            **named,
            "about": w["about"],
            "args": {w["knob"]: 4, "mood": w["knob text"]},
            "variants": {w["variant"]: {w["knob"]: 6}},
            "input": {w["input"]: [8, 8, 3], w["other input"]: [8, 8, 1]},
            "define": {w["block"]: unit},
            "stem": stem,
            "learner": learner,
            "task": ends,
            "outputs": [w["output"], w["id"]],
        }


def hostile_specs() -> st.SearchStrategy[Hostile]:
    """Specs with a hostile text in one place, or in some."""
    places = st.sampled_from(sorted(HARMLESS))
    one = st.tuples(places, hostile_texts()).map(lambda pair: {pair[0]: pair[1]})
    some = st.dictionaries(places, hostile_texts(), min_size=1, max_size=4)
    return st.one_of(one, one, some).map(lambda words: Hostile({**HARMLESS, **_named(words)}))


def _named(words: dict[str, str]) -> dict[str, str]:
    """A hostile name of the file counts where the spec has no name of its own."""
    return {"name": "", **words} if "file" in words else words
