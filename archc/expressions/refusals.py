"""What Python has and the language does not, in words, with what to write instead."""

from __future__ import annotations

import ast

_REFUSALS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lambda: ("a function of its own", ""),
    ast.Dict: ("a mapping", "use a list, or keys of a row"),
    ast.Set: ("a set", "use a list `[…]`, and `unique` to drop what is there twice"),
    ast.DictComp: ("a mapping", "use a list comprehension `[… for … in …]`"),
    ast.SetComp: ("a set", "use a list comprehension `[… for … in …]`"),
    ast.GeneratorExp: ("a generator", "put the comprehension in brackets: `[… for … in …]`"),
    ast.JoinedStr: (
        "a formatted text",
        "outside an expression a text interpolates with `$(expression)`",
    ),
    ast.NamedExpr: ("an assignment", "use `==` to compare"),
    ast.Starred: ("a `*`", "join lists with `+`"),
    ast.Constant: ("a constant that is neither a number nor a text", ""),
    ast.Is: ("`is`", "use `==`"),
    ast.IsNot: ("`is not`", "use `!=`"),
    ast.BitAnd: ("`&`", "use `and`"),
    ast.BitOr: ("`|`", "use `or`"),
    ast.BitXor: ("`^`", "use `**` for a power"),
    ast.Invert: ("`~`", "use `not`"),
    ast.LShift: ("`<<`", "use `* 2 ** n`"),
    ast.RShift: ("`>>`", "use `// 2 ** n`"),
    ast.MatMult: ("`@`", "use `*`"),
}


def refusal(kind: type[ast.AST]) -> tuple[str, tuple[str, ...]]:
    """What to call a part of Python's syntax that is refused, and the helps."""
    what, help_text = _REFUSALS.get(kind, ("a part of Python that expressions do not have", ""))
    return what, (help_text,) if help_text else ()
