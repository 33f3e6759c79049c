"""What the printers of all targets share: literals, layout, functions as source, templates."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.diagnostics import CompileError
from archc.emission.formatting import formatted
from archc.emission.functions import class_source, functions_source
from archc.emission.printing import (
    call_arguments,
    docstring_literal,
    environment,
    expression,
    names_used,
    render,
)
from archc.emission.symbols import symbolic
from archc.expressions import parse
from archc.resources import templates_folder

CUSTOM = Path(__file__).parents[2] / "archc" / "targets" / "keras" / "custom.py"

PIECES = st.sampled_from(
    [*("'", '"', '"""', "\\", "\n", "\n\n", "    ", " ", "\t"), *"\r\0\x85\u202e\ud800"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join)


@given(TEXTS)
@settings(max_examples=500)
def test_a_docstring_evaluates_to_its_text(text: str) -> None:
    literal = docstring_literal(text)
    assert literal.startswith('"""')
    assert ast.literal_eval(literal) == text
    assert all(character == "\n" or character.isprintable() for character in literal)


@given(TEXTS.filter(bool))
@settings(max_examples=100)
def test_a_docstring_survives_the_formatter(text: str) -> None:
    source = formatted(f"{docstring_literal(text)}\n\nx = 1\n")
    assert ast.get_docstring(ast.parse(source), clean=False) == text
    assert formatted(source) == source


def test_a_docstring_reads_as_its_text() -> None:
    text = 'Größe 3×3, “quoted”, a "word"\n\nand it\'s more:\n    indented'
    assert docstring_literal(text) == f'"""{text}"""'


@pytest.mark.parametrize(
    ("code", "spelled"),
    [
        ("1.001e-05", "1.001e-5"),
        ("4 * x + 1e+16", "4 * x + 1e+16"),
        ("-1e-10", "-1e-10"),
        ("(0.2, 'a\\nb', None)", r"(0.2, 'a\nb', None)"),
        ("f'{name}_{number + 1}'", "f'{name}_{number + 1}'"),
        ("not stride == 1 and not (not kind in kinds)", "stride != 1 and kind in kinds"),
        ("not (a < b) or not (a == b == c)", "not a < b or not a == b == c"),
        ("a and b and c != d and (e or f) and (g if h else i)",) * 2,
        ("a or b or (c and d == 1.5e-7)", "a or b or (c and d == 1.5e-7)"),
        ("not (a and b and c == 'x')", "not (a and b and c == 'x')"),
        ("rate == None or not rate == None", "rate is None or rate is not None"),
    ],
)
def test_an_expression(code: str, spelled: str) -> None:
    assert expression(ast.parse(code, mode="eval").body) == spelled


NAMES = st.sampled_from("abc")
CODES = st.recursive(
    st.one_of(NAMES, st.integers(0, 3).map(str), st.sampled_from(["1e-05", "None"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or", "==", "!=", "if a else"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map(lambda code: f"(not {code})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({' and '.join(parts)})"),
    ),
    max_leaves=12,
)


@given(CODES, st.lists(st.sampled_from([0, 1, 2, None, 1e-05]), min_size=3, max_size=3))
def test_an_expression_keeps_its_meaning(text: str, values: list[object]) -> None:
    given_ = dict(zip("abc", values, strict=True))
    spelled = expression(ast.parse(text, mode="eval").body)
    with warnings.catch_warnings(action="ignore"):
        assert eval(spelled, dict(given_)) == eval(text, dict(given_))


@given(st.floats(allow_nan=False))
def test_a_number_keeps_its_value(number: float) -> None:
    tree = ast.BinOp(ast.Name("x", ast.Load()), ast.Add(), ast.Constant(number))
    assert eval(expression(tree), {"x": 0.0}) == number
    assert tree.right.value == number, "the tree is left as it is"


def test_a_name_that_is_none_is_refused() -> None:
    for tree in (
        ast.Name("x; import os", ast.Load()),
        ast.Attribute(ast.Name("x", ast.Load()), "y()", ast.Load()),
    ):
        with pytest.raises(AssertionError):
            expression(tree)


def test_arguments_by_place_and_by_name() -> None:
    filters = symbolic(256, ast.parse("4 * filters", mode="eval").body)
    given_ = [("filters", filters), ("kernel", (1, 7)), ("bias", False), ("rate", 1e-6)]
    assert call_arguments(given_, 2) == "4 * filters, (1, 7), bias=False, rate=1e-6"
    assert call_arguments(given_[:1], 0, lambda value: f"<{value}>") == "filters=<4 * filters>"


def test_names_that_a_source_uses() -> None:
    assert names_used("x = math.sqrt(f'{number}')\n# keras") == {"x", "math", "number"}


def test_the_formatter_refuses_what_is_no_python() -> None:
    with pytest.raises(AssertionError, match=r"emitted\.py:2:3"):
        formatted("x = 1\nx 1\n")


def test_settings_of_a_folder_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ruff.toml").write_text("line-length = 40\n[format]\nquote-style = 'single'\n")
    monkeypatch.chdir(tmp_path)
    line = 'x = function("a long argument", "another long argument")\n'
    assert formatted(line) == line


def defined(names: list[str]) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec("\n\n".join(functions_source(names)), namespace)
    return namespace


OWN = defined(["divisible", "round_to", "letter", "unique", "count"])
NUMBERS = st.one_of(st.integers(0, 10**6), st.floats(0, 1e6))
ITEMS = st.lists(st.one_of(st.integers(0, 3), st.booleans(), st.sampled_from(["a", 1.0, (1, 2)])))


def language(text: str, **names: object) -> object:
    """What the language makes of an expression."""
    return parse(text).evaluate(lambda name: names[name])


@given(NUMBERS, st.integers(1, 64))
def test_rounding_is_the_language_s(x: float, d: int) -> None:
    for name in ("divisible", "round_to"):
        assert OWN[name](x, d) == OWN[name](x, d=d) == language(f"{name}(x, d=d)", x=x, d=d)
        assert OWN[name](x) == language(f"{name}(x)", x=x)


@given(st.integers(0, 10**6))
def test_letters_are_the_language_s(n: int) -> None:
    assert OWN["letter"](n) == language("letter(n)", n=n)


@given(ITEMS, st.integers(0, 3))
def test_lists_are_the_language_s(items: list[object], x: int) -> None:
    known = tuple(items)
    assert repr(OWN["unique"](known)) == repr(language("unique(items)", items=known))
    assert OWN["count"](known, x) == language("count(items, x)", items=known, x=x)


def test_functions_come_with_those_that_they_use_alone() -> None:
    assert [source.split("(")[0] for source in functions_source(["divisible"])] == [
        "def round_to",
        "def divisible",
    ]
    assert functions_source([]) == []
    with pytest.raises(KeyError):
        functions_source(["median"])


def test_classes_come_with_what_they_use_and_without_annotations() -> None:
    sources = class_source(CUSTOM, ["PaddedMaxPooling"])
    heads = [source.splitlines()[0] for source in sources]
    assert heads[0] == "class _PaddedPooling(keras.layers.Layer):"
    assert heads[1] == '@keras.saving.register_keras_serializable("archc")'
    assert [head[:10] for head in heads[2:]] == ["def _axes(", "def _pads(", "def _poole"]
    text = "\n\n".join(sources)
    assert "type: ignore" not in text
    assert "Any" not in names_used(text)
    assert "->" not in text
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.AnnAssign)]


def test_definitions_of_all_kinds_lose_their_annotations(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "SIZES: Final[dict[str, int]] = {'ä': 1}  # noqa: ERA001 - for a reason\n"
        "def used(é: 'int' = 3, *rest: int, key: str | None = None, **more: Any) -> list[int]:\n"
        "    total: int = SIZES['ä'] + é  # kept\n"
        "    return [total for _ in rest]\n"
        "@used\n"
        "class Kept(Base):  # type: ignore[misc]\n"
        "    size: int = 3\n"
        "    def method(self) -> None: ...\n"
        "unused = Kept\n",
        "utf-8",
    )
    assert class_source(file, ["Kept"]) == [
        "SIZES = {'ä': 1}",
        "def used(é = 3, *rest, key = None, **more) :\n"
        "    total = SIZES['ä'] + é  # kept\n"
        "    return [total for _ in rest]",
        "@used\nclass Kept(Base):\n    size = 3\n    def method(self) : ...",
    ]


def failure(folder: Path, name: str = "file.jinja", **view: object) -> Any:
    """The one diagnostic of a target whose templates are those of the folder."""
    with pytest.raises(CompileError) as raised:
        render(name, "keras", view, folder)
    (diagnostic,) = raised.value.diagnostics
    assert raised.value.exit_code == 2
    return diagnostic


@pytest.mark.parametrize(
    ("template", "line", "message"),
    [
        ("x = 1\n{% if x %}\n", 2, "Unexpected end of template"),
        ("x = 1\n\n{{ missing }}\n", 3, "'missing' is undefined"),
        ("x = 1\n{{ text.missing }}\n", 2, "has no attribute 'missing'"),
        ("{% include 'nowhere.jinja' %}\n", 1, "nowhere.jinja"),
        ("x = 1\n{{ 1 / 0 }}\n", 2, "division by zero"),
        ("x = 1\n{{ ().__class__.__mro__ }}\n", 2, "unsafe"),
        ("x = 1\n{{ items.append(1) }}\n", 2, "unsafe"),
        ("x = 1\n{% include 'file.jinja' %}\n", 2, "recursion"),
    ],
)
def test_a_template_that_fails(tmp_path: Path, template: str, line: int, message: str) -> None:
    (tmp_path / "file.jinja").write_text(template)
    found = failure(tmp_path, text="a", items=[])
    assert found.code == "template-error"
    assert message in found.message
    assert f"`file.jinja` fails in line {line}" in found.message
    assert found.span.path == str(tmp_path / "file.jinja")
    assert found.span.line == line


def test_an_error_stands_in_the_template_that_has_it(tmp_path: Path) -> None:
    (tmp_path / "file.jinja").write_text("{% include 'part.jinja' %}\n")
    (tmp_path / "part.jinja").write_text("\n\n{{ missing }}")
    found = failure(tmp_path)
    assert (Path(found.span.path).name, found.span.line) == ("part.jinja", 3)


def test_templates_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "file.jinja").write_bytes(b"\xff\xfe")
    assert str(tmp_path) in failure(tmp_path).message
    assert failure(tmp_path / "nowhere").code == "file-missing"


def test_templates_are_found_outside_of_no_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file.jinja").write_text("{% include '../secret' %}")
    assert "secret" in failure(tmp_path / "mine").message


def test_the_fault_of_a_template_of_ours_is_an_internal_error() -> None:
    with pytest.raises(Exception, match="'file' is undefined"):
        render("file.jinja", "keras", {}, None)


@pytest.mark.parametrize("target", ["keras", "torch"])
def test_the_templates_of_a_target_compile(target: str) -> None:
    made = environment(None, target)
    names = [path.name for path in (templates_folder() / target).glob("*.jinja")]
    assert "file.jinja" in names
    for name in names:
        made.get_template(name)
