"""The JSON Schema: it is that of the language, takes every spec, and marks what is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from pydantic import TypeAdapter, ValidationError

import archc
from archc.cli.boundary import run
from archc.layers import LAYERS, MERGES, ROLES
from archc.layers import attributes as kinds
from archc.layers.arrangement import Axis
from archc.layers.names import FusedActivation, Initializer
from archc.layers.resizing import Interpolation
from archc.resources import specs_folder
from archc.schema import schema_of_spec, schema_of_the_language
from archc.schema.derived import from_annotation
from archc.schema.document import document
from archc.schema.file import PATH, as_text
from archc.schema.texts import read_texts
from archc.schema.values import validator_of, value
from archc.source import compose, read_source
from archc.source.locate import zoo
from archc.spec import GroupsDocument, StridePolicyDocument
from tests.conftest import Golden
from tests.fuzz import loaded
from tests.strategies import examples, is_valid, rendered, spec_data
from tests.strategies.naive_parts import Data
from tests.strategies.naive_spec import plain

jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parent.parent
SHIPPED = sorted(specs_folder().rglob("*.yaml"))
LANGUAGE = jsonschema.Draft7Validator(schema_of_the_language())

SPEC = """
name: net
use: [blocks/conv.yaml]
args: {classes: 10, depths: required}
variants:
  small: {depths: [1, 2], expect: {params: {below: 1M}}}
defaults: {conv: {bias: false}, norm: {kind: batch_norm}}
input: {image: [32, 32, 3], mask: [32, 32, 1]}
define:
  pair:
    about: two convolutions
    args: {filters: required, stride: 1}
    steps:
    - conv: {filters: =filters, kernel: 3, stride: =}
    - add: {shortcut: [], residual: [relu, {id: squash, tanh: }]}
stem:
- {id: entry, conv_bn: 8, repeat: 2}
- {norm: {kind: layer_norm}, when: true}
- relu
learner:
  block: {first: pair, rest: conv}
  blocks: =depths
  kernel: 3
  stride_policy: {first_group: 1, other_groups: 2}
  groups: [{filters: 8}, {filters: 16, blocks: 1}]
task:
- {groups: {block: pair, filters: [8], id: late}}
- dense: =classes
expect: {output: [10]}
weights: {keras: {^stem_: net_}}
"""

WRONG = "wrong_key"
CLOSED = (
    (),
    ("defaults",),
    ("defaults", "conv"),
    ("defaults", "norm"),
    ("define", "pair"),
    ("define", "pair", "steps", 0),
    ("define", "pair", "steps", 0, "conv"),
    ("define", "pair", "steps", 1),
    ("define", "pair", "steps", 1, "add", "residual", 1),
    ("define", "pair", "steps", 1, "add", "residual", 1, "tanh"),
    ("stem", 1),
    ("stem", 1, "norm"),
    ("learner", "block"),
    ("learner", "stride_policy"),
    ("task", 0),
    ("variants", "small", "expect"),
    ("variants", "small", "expect", "params"),
    ("expect",),
)
"""Where only known keys may stand, blocks known or not."""


def read(text: str) -> Any:
    from archc.diagnostics import SourceText

    return plain(compose(SourceText("spec.yaml", text)))


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for segment in path:
        data = data[segment]
    return data


def with_wrong_key(data: Any, path: tuple[str | int, ...]) -> Any:
    """The data with a key that is not known in the mapping at `path`."""
    changed = copy.deepcopy(data)
    if at(changed, path) is None:
        at(changed, path[:-1])[path[-1]] = {}
    at(changed, path)[WRONG] = 1
    return changed


def own_validator(text: str) -> Any:
    with loaded(text) as spec:
        return jsonschema.Draft7Validator(schema_of_spec(spec.assembled))


def test_the_file_is_that_of_the_language(golden: Golden) -> None:
    texts = read_texts(ROOT / "docs" / "language.md")
    golden.check(PATH, as_text(document(texts)))


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(schema_of_the_language())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_are_valid(path: Path) -> None:
    LANGUAGE.validate(plain(compose(read_source(path))))


@pytest.mark.parametrize("name", zoo())
def test_shipped_specs_are_valid_by_their_own_schema(name: str) -> None:
    schema = schema_of_spec(archc.load(name).assembled)
    jsonschema.Draft7Validator(schema).validate(plain(compose(read_source(zoo()[name]))))


@given(spec_data())
@examples(25)
def test_random_specs_are_valid(data: Data) -> None:
    assume(is_valid(data))
    LANGUAGE.validate(data)
    own_validator(rendered(data)).validate(data)


@given(spec_data())
@examples(6)
def test_a_wrong_key_beside_and_below_any_layer_is_marked(data: Data) -> None:
    for path in paths_of_layers(data):
        assert not LANGUAGE.is_valid(with_wrong_key(data, path)), path


def paths_of_layers(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The steps of layers and what stands behind them, where it is a mapping."""
    entries = node.items() if isinstance(node, dict) else ()
    items = enumerate(node) if isinstance(node, list) else entries
    # What a name below `args` looks like says nothing of it.
    for key, inner in items:
        if path[-1:] == ("args",) or key in ("args", "variants", "weights"):
            continue
        is_step = bool(path) and isinstance(path[-1], int)
        if key in LAYERS and is_step and isinstance(node, dict):
            yield path
            if isinstance(inner, dict):
                yield (*path, key)
        yield from paths_of_layers(inner, (*path, key))


@pytest.mark.parametrize("path", CLOSED, ids=lambda path: ".".join(map(str, path)) or "spec")
def test_a_wrong_key_is_marked(path: tuple[str | int, ...]) -> None:
    data = read(SPEC)
    LANGUAGE.validate(data)
    assert not LANGUAGE.is_valid(with_wrong_key(data, path))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("stem", 2), "rellu"),
        (("stem", 0), {"conv_bnn": 8}),
        (("stem", 0), {"conv_bn": {"filter": 8}}),
        (("learner", "block", "first"), "pear"),
        (("variants", "small"), {"depth": [1]}),
    ],
)
def test_a_word_that_the_spec_does_not_know_is_marked(
    path: tuple[str | int, ...], wrong: object
) -> None:
    data, validator = read(SPEC), own_validator(SPEC)
    validator.validate(data)
    at(data, path[:-1])[path[-1]] = wrong
    assert LANGUAGE.is_valid(data)
    assert not validator.is_valid(data)


@pytest.mark.parametrize(
    "text",
    [
        "stem: [relu]",
        "input: [0, 3]",
        "input: [32, 32, 3]\nstem: [{conv: {filters: 8.5, kernel: 3}}]",
        "input: [32, 32, 3]\nstem: [{conv: {filters: text, kernel: 3}}]",
        "input: [32, 32, 3]\nstem: [{conv: {filters: 8, kernel: 3, padding: some}}]",
        "input: [32, 32, 3]\nstem: [{add: {one: []}}]",
        "input: [32, 32, 3]\nstem: [{id: a-b, relu: }]",
        "input: [32, 32, 3]\nstem: [{relu: , when: text}]",
        "input: [32, 32, 3]\nargs: {class: 3}",
        "input: [32, 32, 3]\ndefine: {pair: {args: {a: 1}}}",
        "input: [32, 32, 3]\nlearner: {block: conv, stride: 2}",
        "input: [32, 32, 3]\nlearner: {block: conv, stride_policy: {on: middle}}",
    ],
)
def test_what_is_wrong_otherwise_is_marked(text: str) -> None:
    assert not LANGUAGE.is_valid(read(text))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "define: {pair: {steps: [relu]}}\nuse: [blocks/conv.yaml]",
        "extends: resnet50.yaml\nargs: {classes: null}\ndefine: {pair: {args: {a: 1}}}",
        "input: =shape\nargs: {shape: [32, 32, 3]}",
        "input: [32, 32, 3]\nstem: [{id: 0, conv: {filters: =8, kernel: [=1, 3], padding: null}}]",
        "input: [32, 32, 3]\nstem: [{activation: =kind}, {conv: {padding: $(how)}}, dropout]",
        "input: [32, 32, 3]\nstem: [{from: =a if b else c}, {relu: , when: =here.height > 3}]",
    ],
)
def test_what_is_right_is_not_marked(text: str) -> None:
    LANGUAGE.validate(read(text))


SAMPLES = (
    *(-1, 0, 1, 2, 7, 0.5, 1.0, 1.5, True, False, "same", "relu", "linear", "prelu", "zeros"),
    *("nearest", "channels", "text", [], [0], [1], [2, 3], [1.5], [-1, 4], [[1, 2], 3]),
    *([[1, 2], [0, 0]], ["same"], [True], [0, 0], [1, 2, 3], {"a": 1}),
)


@pytest.mark.parametrize(
    "kind",
    [
        *("Integer", "Natural", "Count", "Number", "Positive", "Rate", "Fraction", "Flag"),
        *("Numbers", "Positives", "Sides", "Pair", "Pads", "Padding", "Shape", "Dimensions"),
        *(FusedActivation, Initializer, Interpolation, Axis),
    ],
    ids=lambda kind: kind if isinstance(kind, str) else None,
)
def test_a_kind_of_value_accepts_what_the_layers_do(kind: Any) -> None:
    annotation = getattr(kinds, kind) if isinstance(kind, str) else kind
    adapter: TypeAdapter[object] = TypeAdapter(annotation)
    validator = jsonschema.Draft7Validator(value(validator_of(annotation)))
    for sample in SAMPLES:
        assert validator.is_valid(sample) == accepts(adapter, sample), sample
    assert validator.is_valid("=anything")


def accepts(adapter: TypeAdapter[object], sample: object) -> bool:
    try:
        adapter.validate_python(as_tuples(sample))
    except ValidationError:
        return False
    return True


def as_tuples(value: object) -> object:
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def test_every_verb_is_described() -> None:
    definitions: Any = schema_of_the_language()["definitions"]
    verbs = definitions["verb"]["properties"]
    assert verbs.keys() >= {*LAYERS, *MERGES, *ROLES, "steps", "groups", "id", "from", "when"}
    for verb, schema in verbs.items():
        name = schema.get("$ref", "").removeprefix("#/definitions/")
        assert schema.get("description") or definitions[name]["description"], verb
    for layer in LAYERS.values():
        described = definitions[layer.name]["properties"]
        assert described.keys() == set(layer.attributes)
        assert all(schema["description"] for schema in described.values())


def test_a_document_without_a_schema_of_its_own_has_that_of_its_model() -> None:
    texts = read_texts(ROOT / "docs" / "language.md")
    schema = from_annotation(StridePolicyDocument | None, texts)
    assert schema["properties"].keys() == StridePolicyDocument.model_fields.keys() - {"origin"}
    validator = jsonschema.Draft7Validator(schema)
    assert validator.is_valid({"on": "last_block", "strides": [1, 2]})
    assert validator.is_valid({"on": None})
    assert not validator.is_valid({"on": "middle"})
    assert not validator.is_valid({WRONG: 1})
    described = from_annotation(GroupsDocument, texts)["properties"]
    assert described["scaling"]["description"].startswith("Expressions that transform")


def test_every_key_is_described() -> None:
    schema: Any = schema_of_the_language()
    tables = [schema, *(schema["definitions"][name] for name in ("block", "expect", "groups"))]
    for table in tables:
        assert all(entry["description"] for entry in table["properties"].values())


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    assert capsys.readouterr().out == PATH.read_text(encoding="utf-8")


def test_the_command_prints_that_of_a_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "resnet50"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["definitions"]["block projection_block"]["properties"].keys() >= {"filters"}
    assert "projection_block" in printed["definitions"]["verb"]["properties"]
    assert "classes" in printed["properties"]["args"]["properties"]


def test_a_spec_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "resnet5"]) == 2
    assert "did you mean `resnet50`" in capsys.readouterr().err
