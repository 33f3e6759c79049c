"""Specs with a word changed here and there: archc says what comes of it, and has no fault."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from archc.cli.boundary import run
from tests.golden import CASES

WORD = re.compile(r"[\w.]+|\s+|[^\w\s]")
ODD = (
    *("=", "==", "null", "true", "-1", "0", "1e9", "[]", "{}", "[", "]", "{", "}", ":", "- ", '"'),
    *("=input", "=here", "=group", "=row", "=block", "=variant", "=row.filters", "=learner.count"),
    *("=repeat.index", "=[1,2]", '="a"', "=1/0", "=2**62", "=range(5)", ".inf", ".nan", "$(", "*a"),
    *("&a ", "!x ", "|", "from", "id", "when", "repeat", "steps", "groups", "add", "stride", "use"),
)
LONGEST = 3_000
"""Characters of a spec that is worth changing: in longer ones most changes are alike."""


def specs() -> list[str]:
    """The specs of all golden cases, those with no text left out."""
    texts = [
        path.read_bytes().decode("utf-8", "replace") for path in sorted(CASES.glob("*/*/*.yaml"))
    ]
    return [text for text in texts if 0 < len(text) < LONGEST]


def mutated(text: str, chance: random.Random, words: list[str]) -> str:
    """The text with one or two of its words deleted, replaced, added, or moved."""
    parts = WORD.findall(text)
    for _ in range(chance.randint(1, 2)):
        place = chance.randrange(len(parts))
        if not parts[place].strip():
            continue
        match chance.randrange(4):
            case 0:
                parts[place] = ""
            case 1:
                parts[place] = chance.choice(words)
            case 2:
                parts.insert(place, chance.choice(words))
            case _:
                other = chance.randrange(len(parts))
                parts[place], parts[other] = parts[other], parts[place]
    return "".join(parts)


@pytest.mark.parametrize("seed", range(8))
def test_mutations(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARCHC_DEBUG", raising=False)
    chance = random.Random(seed)
    texts = specs()
    words = sorted({word for text in texts for word in WORD.findall(text) if word.strip()})
    for _ in range(50):
        text = mutated(chance.choice(texts), chance, [*words, *ODD * 10])
        Path("spec.yaml").write_text(text, encoding="utf-8")
        code = run(["check", "spec.yaml"])
        told = capsys.readouterr().err
        assert code in (0, 1, 2), f"{text}\n{told}"
        assert (code == 0) == (told == ""), f"{text}\n{told}"
        assert told == "" or told.startswith("error["), f"{text}\n{told}"
