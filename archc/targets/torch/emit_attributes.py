"""Attributes of emitted classes, after the ids of the spec."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Sequence
from keyword import iskeyword

from archc.emission.plan import Code
from archc.targets.torch.emit_names import checked, fresh, numbered

_ATTRIBUTES = """
    T_destination add_module append apply bfloat16 buffers call_super_init children compile cpu cuda
    double dump_patches eval extend extra_repr float forward get_buffer get_extra_state
    get_parameter get_submodule half insert ipu load_state_dict modules mtia named_buffers
    named_children named_modules named_parameters parameters pop register_backward_hook
    register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
    set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
"""

MODULE_ATTRIBUTES = frozenset(_ATTRIBUTES.split())
"""What `nn.Module` and `nn.Sequential` have themselves."""

_NOT_A_NAME = re.compile(r"\W+", re.ASCII)

_NUMBER_FIRST = re.compile(r"([0-9]+)_([A-Za-z]\w*)", re.ASCII)


class Attributes:
    """The attributes of one class, each taken once.

    `computed` are the names that the class computes for modules. Each name has a source: names of
    one source are different from each other; empty for a name of its own kind.
    """

    def __init__(self, computed: Iterable[tuple[Code, str]] = ()) -> None:
        self._taken = set(MODULE_ATTRIBUTES)
        self._computed = [(re.compile(_pattern(code)), source) for code, source in computed]

    def part(self, local: str, verb: str, suffix: str = "", source: str = "") -> str:
        """The attribute for a part of the network by its id or label."""
        stem = _stem(local, verb)
        same = source if stem == local else ""
        others = [pattern for pattern, of in self._computed if not same or of != same]
        while any(pattern.fullmatch(stem) for pattern in others):
            stem += "_"
        return self.word(f"{stem}_{suffix}" if suffix else stem)

    def word(self, wish: str) -> str:
        """An attribute that is no part of the network."""
        name = checked(fresh(_plain(wish), self._taken))
        self._taken.add(name)
        return name


def readable(local: str, verb: str) -> str:
    """An id as an identifier: `1` → `conv_bn1`, `0_bn` → `bn0`, `lambda` → `lambda_`."""
    return _plain(_stem(local, verb))


def _stem(local: str, verb: str) -> str:
    text = _NOT_A_NAME.sub("_", local).strip("_") or verb
    number_first = _NUMBER_FIRST.fullmatch(text)
    if number_first:
        return numbered(number_first[2], number_first[1])
    return numbered(verb, text) if text[0].isdigit() else text


def _plain(name: str) -> str:
    return f"{name}_" if iskeyword(name) or name in MODULE_ATTRIBUTES else name


def text_of(code: Code) -> str | None:
    """The text that a name is, if nothing in it is computed."""
    pieces = _pieces(code)
    return "".join(map(_text, pieces)) if all(map(_is_text, pieces)) else None


def starts_with_text(code: Code) -> bool:
    return _is_text(_pieces(code)[0])


def words(code: Code) -> str:
    """What a computed name says apart from what is inserted: `conv{n}_bn` → `conv_bn`."""
    parts = [_text(piece).strip("_") for piece in _pieces(code) if _is_text(piece)]
    return "_".join(part for part in parts if part)


def split_prefix(code: Code, fixed: Collection[str]) -> tuple[Code, Code] | None:
    """`conv{n}_block{i}` as `conv{n}_` and `block{i}`, if `fixed` are all names that come first.

    Nothing where no inserted value, or no text, is in front.
    """
    pieces = _pieces(code)
    names = [{n.id for n in ast.walk(p) if isinstance(n, ast.Name)} for p in pieces]
    end = next((i for i, used in enumerate(names) if used.difference(fixed)), len(pieces))
    while end and _is_text(pieces[end - 1]):
        end -= 1
    if not end or end == len(pieces):
        return None
    before, underscore, after = _text(pieces[end]).partition("_")
    rest = _merged([ast.Constant(after), *pieces[end + 1 :]])
    if not underscore or not rest:
        return None
    front = [*pieces[:end], ast.Constant(f"{before}_")]
    return ast.JoinedStr(front), ast.JoinedStr(rest)


def computed_name(local: Code, verb: str, numbers: Sequence[str], suffix: str) -> ast.JoinedStr:
    """The name of a module: its id, which is computed, or a text with the numbers of loops."""
    text = text_of(local)
    if text is None:
        pieces = _letter_first(_pieces(local), verb)
    else:
        stem = _stem(text, verb)
        first = ast.Constant(f"{stem}_" if stem[-1].isdigit() else stem)
        pieces = [first, *_between([_inserted(ast.Name(n, ast.Load())) for n in numbers])]
    return ast.JoinedStr(_merged([*pieces, ast.Constant(f"_{suffix}" if suffix else "")]))


def _letter_first(pieces: list[ast.expr], verb: str) -> list[ast.expr]:
    """`{number}` → `block{number}`, `{number}_conv` → `conv{number}`."""
    if _is_text(pieces[0]):
        return pieces
    if len(pieces) == 1:
        return [ast.Constant(numbered(verb, "")), *pieces]
    if len(pieces) == 2 and re.fullmatch(r"_[A-Za-z]\w*[A-Za-z]", _text(pieces[1]), re.ASCII):
        return [ast.Constant(_text(pieces[1])[1:]), pieces[0]]
    return [ast.Constant(f"{verb}_"), *pieces]


def _between(pieces: list[ast.expr]) -> list[ast.expr]:
    separated = [part for piece in pieces for part in (ast.Constant("_"), piece)]
    return separated[1:]


def _merged(pieces: list[ast.expr]) -> list[ast.expr]:
    """The pieces of an f-string without two texts in a row, or empty ones."""
    merged: list[ast.expr] = []
    for piece in pieces:
        if merged and _is_text(piece) and _is_text(merged[-1]):
            merged[-1] = ast.Constant(_text(merged[-1]) + _text(piece))
        elif not _is_text(piece) or _text(piece):
            merged.append(piece)
    return merged


def _pieces(code: Code) -> list[ast.expr]:
    """What an f-string of this text consists of: texts and inserted values."""
    match code:
        case ast.Constant(value=str() | int() as known):
            return [ast.Constant(str(known))]
        case ast.JoinedStr(values=values):
            return _merged([piece for value in values for piece in _pieces(value)])
        case ast.FormattedValue(value=ast.Constant() as known, conversion=-1, format_spec=None):
            return _pieces(known)
        case ast.FormattedValue():
            return [code]
    return [_inserted(code)]


def _inserted(code: Code) -> ast.FormattedValue:
    return ast.FormattedValue(code, conversion=-1)


def _is_text(piece: ast.expr) -> bool:
    return isinstance(piece, ast.Constant)


def _text(piece: ast.expr) -> str:
    return str(piece.value) if isinstance(piece, ast.Constant) else ""


def _pattern(code: Code) -> str:
    return "".join(re.escape(_text(p)) if _is_text(p) else r"\w*[^\W_]" for p in _pieces(code))
