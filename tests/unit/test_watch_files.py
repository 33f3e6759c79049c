"""The files that a spec is made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.api import parse_setting
from archc.resources import specs_folder
from archc.source.locate import Place, locate_spec
from archc.spec import spec_files


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def files(path: Path, *settings: str, search: tuple[Path, ...] = ()) -> tuple[Path, ...]:
    parsed = tuple(parse_setting(text) for text in settings)
    return spec_files(Place(path, path.parent), parsed, search)


def there(*arguments, **keywords) -> set[Path]:
    return {path for path in files(*arguments, **keywords) if path.exists()}


def test_of_the_zoo() -> None:
    found = spec_files(locate_spec("resnet101"))
    names = {path.relative_to(specs_folder()).as_posix() for path in found if path.exists()}
    assert names == {"resnet101.yaml", "resnet50.yaml", "blocks/residual.yaml", "blocks/conv.yaml"}


def test_bases_and_libraries_of_libraries(write) -> None:
    net = write("net.yaml", "extends: base.yaml@wide\nuse: [a.yaml]\n")
    base, a, b = (
        write("base.yaml", "use: [b.yaml]\n"),
        write("a.yaml", "use: [b.yaml]\n"),
        write("b.yaml", ""),
    )
    assert files(net) == (net, base, a, b)


def test_missing_files_are_where_they_would_be_found(write, tmp_path: Path) -> None:
    net, further = write("net.yaml", "use: [parts/a.yaml]\n"), tmp_path / "further"
    places = [tmp_path, further, specs_folder()]
    assert files(net, search=(further,)) == (net, *(place / "parts/a.yaml" for place in places))
    found = write("further/parts/a.yaml", "")
    assert files(net, search=(further,)) == (net, tmp_path / "parts/a.yaml", found)


def test_of_settings(write) -> None:
    net, a, b = write("net.yaml", "use: []\n"), write("a.yaml", ""), write("b.yaml", "")
    assert there(net, "use=[a.yaml]") == {net, a}
    assert there(net, "use[0]=b.yaml") == {net, b}


@pytest.mark.parametrize(
    "text",
    ["use: [", "", "- 1", "use: 3", "extends: {x: y}", "use: [{a: b}, /etc/passwd, 7, null]"],
)
def test_wrong_specs_name_what_they_can(write, text: str) -> None:
    net = write("net.yaml", text)
    assert files(net) == (net,)


def test_circles_end(write) -> None:
    net = write("net.yaml", "extends: net.yaml\nuse: [a.yaml]\n")
    a = write("a.yaml", "use: [a.yaml, b.yaml]\n")
    b = write("b.yaml", "use: [a.yaml]\n")
    assert there(net) == {net, a, b}


def test_a_spec_that_is_gone(tmp_path: Path) -> None:
    assert files(tmp_path / "net.yaml") == (tmp_path / "net.yaml",)
