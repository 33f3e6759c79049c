"""The rooms of the package import one way, and no framework is loaded before it is needed."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import archc

PACKAGE = Path(archc.__file__).parent
SPECS = PACKAGE.parent / "specs"

SURFACE = "surface"
"""The modules that stand directly in `archc` and are named nowhere below."""

# A room imports itself and the rooms of smaller numbers.
LEVELS = {
    "atomic": 0,
    "resources": 0,
    "diagnostics": 0,
    "source": 1,
    "expressions": 2,
    "spec": 3,
    "layers": 4,
    "format": 5,
    "graph": 5,
    "elaborate": 6,
    "analyses": 7,
    "passes": 7,
    "schema": 7,
    "emission": 8,
    "targets": 9,
    "weights": 10,
    SURFACE: 11,
    "emitted": 12,
    "explore": 12,
    "lint": 12,
    "prediction": 13,
    "verification": 13,
    "declared": 14,
    "language_server": 15,
    "cli": 16,
}
# The vocabulary knows nothing of the text that it is written in.
FORBIDDEN = {("layers", room) for room in ("source", "expressions", "spec")}
# These import what only some calls need inside a function, to start fast.
MAY_IMPORT_LAZILY = {SURFACE, "cli", "declared", "targets"}
FRAMEWORKS = {"keras", "tensorflow", "torch"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(parts: tuple[str, ...]) -> str:
    """The room of a module by its path under `archc`."""
    first = parts[0] if parts else ""
    if first == "__main__":
        return "cli"
    return first if first in LEVELS else SURFACE


def room_of_file(path: Path) -> str:
    return room_of(path.relative_to(PACKAGE).with_suffix("").parts)


def imports(path: Path, *, lazy: bool = True, typing: bool = True) -> Iterator[tuple[str, ...]]:
    """The modules that a file imports, split at the dots.

    `lazy`: those inside functions too; `typing`: those under `if TYPE_CHECKING:` too.
    """
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        match node:
            case ast.Import():
                yield from (tuple(alias.name.split(".")) for alias in node.names)
            case ast.ImportFrom():
                module = tuple((node.module or "").split("."))
                yield from ((*module, alias.name) for alias in node.names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not lazy:
                pass
            case ast.If(test=ast.Name(id="TYPE_CHECKING")) if not typing:
                pending.extend(node.orelse)
            case _:
                pending.extend(ast.iter_child_nodes(node))


def test_every_module_stands_in_a_known_room() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders <= LEVELS.keys()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    room = room_of_file(path)
    for name in imports(path, lazy=room not in MAY_IMPORT_LAZILY):
        if name[0] != "archc":
            continue
        imported = room_of(name[1:])
        assert imported == room or LEVELS[imported] < LEVELS[room], f"imports {'.'.join(name)}"
        assert (room, imported) not in FORBIDDEN, f"imports {'.'.join(name)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_framework_is_imported_by_its_target_alone(path: Path) -> None:
    imported = {name[0] for name in imports(path, typing=False)} & FRAMEWORKS
    folder = path.relative_to(PACKAGE).parent.as_posix()
    # Verification runs emitted source, whatever it is for, but builds through the targets.
    allowed = {
        "targets/keras": {"keras", "tensorflow"},
        "targets/torch": {"torch"},
        "verification": {"torch"},
    }
    assert imported <= allowed.get(folder, set())


def run_and_list_modules(
    code: str, environment: Mapping[str, str] | None = None
) -> tuple[int, set[str]]:
    """Run `code` in a Python of its own; its exit code, and the top-level modules it loaded."""
    inherited = {
        name: value for name, value in os.environ.items() if name != "PYDANTIC_DISABLE_PLUGINS"
    }
    script = f"""
import json, sys
code = 0
try:
{"".join(f"    {line}" for line in code.splitlines(keepends=True))}
except SystemExit as stop:
    code = stop.code or 0
names = sorted({{name.partition('.')[0] for name in sys.modules}})
print('\\n' + json.dumps([code, names]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=inherited | dict(environment or {}),
    )
    exit_code, names = json.loads(done.stdout.splitlines()[-1])
    return exit_code, set(names)


def command(*arguments: str) -> str:
    return f"from archc.cli import main\nsys.argv = {['archc', *arguments]!r}\nmain()\n"


HEAVY = {"tensorflow", "keras", "torch", "jinja2", "numpy"}
# What pydantic would look for plug-ins with.
SCAN = {"email", "zipfile"}
UNEMITTED = HEAVY - {"jinja2"} | {"rich"}
RESNET50 = str(SPECS / "resnet50.yaml")


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        pytest.param("import archc\n", HEAVY | {"rich", "click"}, id="import archc"),
        pytest.param("import archc.cli\n", HEAVY | {"rich"}, id="import archc.cli"),
        pytest.param(command("check", RESNET50), HEAVY | SCAN | {"rich"}, id="check"),
        pytest.param(command("summary", RESNET50, "--cost"), HEAVY | SCAN, id="summary"),
        pytest.param(command("list"), HEAVY | SCAN, id="list"),
        pytest.param(command("emit", RESNET50), UNEMITTED, id="emit"),
        pytest.param(command("emit", RESNET50, "--to", "torch"), UNEMITTED, id="emit to torch"),
    ],
)
def test_nothing_heavy_is_loaded(code: str, absent: set[str]) -> None:
    exit_code, loaded = run_and_list_modules(code)
    assert exit_code == 0
    assert "archc" in loaded
    assert loaded & absent == set()


@pytest.mark.parametrize(
    ("environment", "loaded"),
    [({}, False), ({"PYDANTIC_DISABLE_PLUGINS": "mine"}, True)],
    ids=["not set", "set by the user"],
)
def test_plugins_are_looked_for_where_the_user_chose_some(
    environment: dict[str, str], loaded: bool
) -> None:
    code = command("check", RESNET50)
    assert ("email" in run_and_list_modules(code, environment)[1]) is loaded


def test_a_pydantic_that_wants_more_of_its_loader_gets_it() -> None:
    code = """from archc.cli import main
try:
    main(['--version'])
except SystemExit:
    pass
from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP, get_plugins
assert PYDANTIC_ENTRY_POINT_GROUP == 'pydantic' and not get_plugins()
"""
    assert run_and_list_modules(code)[0] == 0
