"""Specs with something changed: bytes, words, numbers, expressions, lines, whole parts."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

import yaml

import archc
from archc.resources import specs_folder
from tests.golden import CASES

WORD = re.compile(r"[\w.]+|[ \t]+|\n|[^\w\s]")
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
EXPRESSION = re.compile(r"(?<==)[^\n,\[\]{}#]+|(?<=\$\()[^()\n]+(?=\))")
VALUE = re.compile(r"(?<=: )[^\n#]+")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML as others read it, but for a lone `=`, which is a text."""


_Loader.add_constructor("tag:yaml.org,2002:value", yaml.SafeLoader.construct_yaml_str)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ODD = (None, True, -1, 0, 1.5, "", "x", "=1/0", [], {}, [[]], {"steps": []}, ["relu"] * 3, "é")

NUMBERS = (
    *("0", "-1", "1", "2", "3", "7", "60", "61", "100", "255", "1000", "4096", "65536", "119999"),
    *("1000000000", "2147483648", "9223372036854775807", "9223372036854775808", "9" * 30),
    *("0.5", "-0.0", "1e308", "1e-308", "1e999", ".inf", "-.inf", ".nan", "0x7f", "0o17", "1_000"),
    *("true", "null", "~", "", '"8"', "[]", "{}", "[8, 8]", "2024-01-01", "1:30"),
)
EXPRESSIONS = (
    *("1/0", "1 % 0", "2 ** 63", "10 ** 10 ** 10", "-9223372036854775807 - 1", "0.1 + 0.2", "-0.0"),
    *("range(10**9)", "[0] * 10**9", "'x' * 10**9", "[[0] * 1000] * 1000", "range(100000)"),
    "sum([i * j * k for i in range(1000) for j in range(1000) for k in range(1000)])",
    "[[[0 for i in range(99)] for j in range(99)] for k in range(99)]",
    *("[1, 2][9]", "[][0]", "min([])", "{}", "()", "lambda: 0", "__import__('os')", "input()"),
    *("input.shape", "input.channels ** 9", "here.channels", "here.side", "group.index", "row"),
    *("block.index / 0", "learner.count", "learner.index", "repeat.index", "variant", "args"),
    *("row.filters", "row.nothing", "f'{x}'", "not not 1", "1 if", "a.b.c.d", "x" * 300),
    *("(" * 70 + "1" + ")" * 70, "-" * 99 + "1", " + ".join("1" * 200), "[" * 60 + "]" * 60),
    *("max(1, 2, 3)", "round(1e308, -308)", "divisible(0, 0)", "round_to(7, 0)", "len('é')"),
)
WORDS = (
    *("=", "==", "- ", ": ", "{", "}", "[", "]", ",", "'", '"', "#", "|\n", ">\n", "\t", "\r\n"),
    *("&a ", "*a", "!!python/object:os.system ", "!x ", "<<: ", "---\n", "...\n", "? ", "%YAML 1"),
    *("$(", "$()", "$(1)", "${x}", "{{ x }}", "\\", "\x00", "\x1b[31m", "\ufeff", "\u202e", "é"),
    *("from", "id", "when", "repeat", "steps", "groups", "blocks", "block", "add", "concat"),
    *("stride", "use", "extends", "define", "defaults", "variants", "args", "scaling", "before"),
    *("after", "as", "expect", "weights", "outputs", "input", "stem", "learner", "required"),
)  # fmt: skip
PARTS = (
    "repeat: 1000000000",
    "blocks: 1000000000",
    "groups: =[1] * 10**9",
    "input: [1000000000, 1000000000, 1000000000]",
    "input: {a: [8, 8, 3], b: [8, 8, 3]}",
    "extends: resnet50.yaml",
    "extends: spec.yaml",
    "use: [../../../../../../etc/passwd]",
    "use: [blocks/residual.yaml, blocks/residual.yaml]",
    "use: [spec.yaml]",
    "stem: &a [*a]",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]",
    "define: {b: {steps: [b, b]}}",
    "define: {b0: {steps: [relu]}, b1: {steps: [b0, b0]}, b2: {steps: [b1, b1]}}",
    "weights: {keras: {'(a+)+$': 'b', '(.*)*x': '\\1\\1\\1'}}",
    "expect: {params: 1, macs: 1..2, shape: [1]}",
    "variants: {a: {}, b: {width: 0}}",
    "- {repeat: 1000, steps: [{repeat: 1000, steps: [relu]}]}",
    "- {when: =range(10**9), relu: }",
    "- {id: $('x' * 2000), relu: }",
    "- {add: {a: [], b: [{conv: {filters: =10**18, kernel: 999999}}]}}",
    "- {dense: 1000000000000}",
    "- {from: nowhere, relu: }",
)


@dataclass(frozen=True)
class Sample:
    """A spec with its files, of which one is to be changed; paths are relative to one folder."""

    name: str
    main: str
    target: str
    files: Mapping[str, bytes]


def samples() -> list[Sample]:
    """Every shipped spec, every shipped library with the specs that need it, all golden cases."""
    return [*_shipped(), *_cases()]


def _shipped() -> list[Sample]:
    root = specs_folder()
    found = []
    for name in archc.zoo():
        for place in _reached(name):
            target = place.relative_to(root).as_posix()
            main = f"{name}.yaml"
            texts = {main: (root / main).read_bytes(), target: place.read_bytes()}
            found.append(Sample(f"{name}:{target}", main, target, texts))
    return found


def _reached(name: str) -> list[Path]:
    spec = archc.load(name)
    files = [place.path for place in spec.family.places.values()]
    files += [library.place.path for library in spec.assembled.libraries]
    return list(dict.fromkeys(files))


def _cases() -> list[Sample]:
    found = []
    for spec in sorted(CASES.glob("*/*/spec.yaml")):
        texts = {
            path.relative_to(spec.parent).as_posix(): path.read_bytes()
            for path in sorted(spec.parent.rglob("*.yaml"))
            if path.is_file() and path.stat().st_size < 10_000
        }
        name = f"{spec.parent.parent.name}/{spec.parent.name}"
        found += [Sample(name, "spec.yaml", target, texts) for target in texts]
    return [each for each in found if "spec.yaml" in each.files and each.files[each.target]]


@cache
def _lines() -> tuple[str, ...]:
    """Lines of the shipped specs, to be put where they do not belong."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(specs_folder().rglob("*.yaml"))]
    return tuple(sorted({line for text in texts for line in text.splitlines() if line.strip()}))


def mutated(data: bytes, chance: Random) -> bytes:
    """The data with one to four changes; the same for the same `chance`."""
    if chance.random() < 0.5:
        data = _with_tree_changed(data, chance)
        if chance.random() < 0.5:
            return data
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        if chance.random() < 0.05:
            data = _with_bytes_changed(data, chance)
        else:
            change = chance.choice(CHANGES)
            data = change(data.decode("utf-8", "replace"), chance).encode("utf-8", "replace")
    return data


def _with_tree_changed(data: bytes, chance: Random) -> bytes:
    """The data with one to four values of its tree changed; YAML stays YAML."""
    try:
        tree = yaml.load(data, _Loader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        return data
    for _ in range(chance.choice((1, 1, 2, 3, 4))):
        places = list(islice(_places(tree), 5_000))
        if places:
            _change_value(*chance.choice(places), chance)
    return yaml.dump(tree, None, _DUMPER, sort_keys=False, allow_unicode=True).encode()


def _places(node: object, depth: int = 0) -> Iterator[tuple[dict | list, object]]:
    """Every value of a tree: what holds it, and under which key."""
    if depth > 30 or not isinstance(node, dict | list):
        return
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        yield from _places(value, depth + 1)


def _change_value(holder: dict | list, key: object, chance: Random) -> None:
    value = copy.deepcopy(holder[key])
    match chance.randrange(8):
        case 0:
            del holder[key]
        case 1 | 2:
            holder[key] = copy.deepcopy(chance.choice(_values()))
        case 3:
            holder[key] = yaml.load(chance.choice(NUMBERS), _Loader)
        case 4:
            holder[key] = "=" + chance.choice(EXPRESSIONS)
        case 5:
            holder[key] = chance.choice(([value], [value, value], {"steps": value}, [value] * 9))
        case 6 if isinstance(holder, list):
            holder.insert(chance.randrange(len(holder) + 1), value)
        case 6:
            holder[chance.choice(_keys())] = value
        case _ if isinstance(holder, dict):
            holder[chance.choice(_keys())] = holder.pop(key)
        case _:
            holder.insert(chance.randrange(len(holder)), holder.pop(key))


@cache
def _trees() -> tuple[object, ...]:
    return tuple(
        yaml.load(path.read_bytes(), _Loader) for path in sorted(specs_folder().rglob("*.yaml"))
    )


@cache
def _values() -> tuple[object, ...]:
    """All values of the shipped specs, and some that do not belong into a spec."""
    return (*(holder[key] for tree in _trees() for holder, key in _places(tree)), *_ODD)


@cache
def _keys() -> tuple[str, ...]:
    """All keys of the shipped specs."""
    found = {key for tree in _trees() for holder, key in _places(tree) if isinstance(holder, dict)}
    return tuple(sorted(map(str, found)))


def _with_bytes_changed(data: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    end = min(len(data), start + chance.choice((0, 1, 1, 2, 8, 64)))
    put = chance.choice((b"", chance.randbytes(1), chance.randbytes(3), data[start:end] * 2))
    return data[:start] + put + data[end:]


def _with_word_changed(text: str, chance: Random) -> str:
    parts = WORD.findall(text) or [""]
    place, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(5):
        case 0:
            parts[place] = ""
        case 1:
            parts[place] = chance.choice((*WORDS, *NUMBERS))
        case 2:
            parts.insert(place, chance.choice(WORDS))
        case 3:
            parts[place], parts[other] = parts[other], parts[place]
        case _:
            parts[place] *= chance.choice((2, 3, 50))
    return "".join(parts)


def _with_line_changed(text: str, chance: Random) -> str:
    lines = text.split("\n")
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[place]
        case 1:
            lines.insert(other, lines[place])
        case 2:
            lines[place] = " " * chance.randrange(8) + lines[place].lstrip()
        case 3:
            lines[place], lines[other] = lines[other], lines[place]
        case _:
            lines.insert(place, chance.choice(_lines()))
    return "\n".join(lines)


def _with_part_added(text: str, chance: Random) -> str:
    lines = text.split("\n")
    place = chance.randrange(len(lines) + 1)
    near = lines[min(place, len(lines) - 1)]
    indent = " " * chance.choice((0, len(near) - len(near.lstrip())))
    part = chance.choice(PARTS).replace("\n", f"\n{indent}")
    lines.insert(place, indent + part)
    return "\n".join(lines)


def _one_replaced(pattern: re.Pattern[str], values: Sequence[str]) -> Change:
    def change(text: str, chance: Random) -> str:
        places = [match.span() for match in pattern.finditer(text)]
        if not places:
            return text
        start, end = chance.choice(places)
        return text[:start] + chance.choice(values) + text[end:]

    return change


Change = Callable[[str, Random], str]
CHANGES: tuple[Change, ...] = (
    *(_with_word_changed, _with_word_changed, _with_line_changed, _with_part_added),
    _one_replaced(NUMBER, NUMBERS),
    _one_replaced(NUMBER, NUMBERS),
    _one_replaced(EXPRESSION, EXPRESSIONS),
    _one_replaced(VALUE, [f"={text}" for text in EXPRESSIONS]),
)
