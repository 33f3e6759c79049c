"""A plan as the template sees it: everything is source already, and the template places it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class LineView:
    """A statement of a method. What it is made of depends on its kind:

    | kind | statement |
    |---|---|
    | `assign` | `target = value`, `target operator= value` |
    | `add_module` | `target.add_module(name, value)` |
    | `append` | `target.append(value)` |
    | `do` | `value` |
    | `if` | `if value: body` |
    | `for` | `for target in value: body` |
    | `return` | `return value` |
    """

    kind: Literal["assign", "add_module", "append", "do", "if", "for", "return"]
    target: str = ""
    value: str = ""
    name: str = ""
    operator: str = ""
    body: tuple[LineView, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassView:
    """`class name(nn.base)`, an `nn.Sequential` without `forward`. An empty docstring is none."""

    name: str
    base: Literal["Module", "Sequential"]
    docstring: str
    parameters: str
    constructor: tuple[LineView, ...]
    inputs: str
    forward: tuple[LineView, ...] | None


@dataclass(frozen=True, slots=True)
class AliasView:
    """`name = partial(constructor, arguments)`."""

    name: str
    constructor: str
    arguments: str


@dataclass(frozen=True, slots=True)
class TableView:
    """`name = [rows]`, below `comment`, lines that name the columns where they are several."""

    name: str
    comment: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunView:
    """The model made and run: its class, shapes that may enter it, how many tensors it gives."""

    class_name: str
    shapes: tuple[str, ...]
    outputs: int


@dataclass(frozen=True, slots=True)
class FileView:
    """The whole file. `functions` and `modules` are definitions as source, one text each.

    `early_functions` are those that the tables call. `run` is nothing where the class has
    parameters that must be given.
    """

    docstring: str
    standard_imports: tuple[str, ...]
    framework_imports: tuple[str, ...]
    aliases: tuple[AliasView, ...]
    early_functions: tuple[str, ...]
    tables: tuple[TableView, ...]
    functions: tuple[str, ...]
    modules: tuple[str, ...]
    classes: tuple[ClassView, ...]
    run: RunView | None
