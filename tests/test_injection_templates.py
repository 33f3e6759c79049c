"""Templates of strangers: they may make any text, and reach nothing while they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.cli.boundary import run
from archc.resources import templates_folder
from tests.injection import ran_code
from tests.strategies.hostile import PROOF

NET = """\
args: {classes: 5}
input: [12, 12, 3]
stem: [conv: {filters: 4, kernel: 3}]
task: [global_avg_pool, dense: =classes]
"""
SECRET = "the text of another file"
RUN = f"environ.__setitem__('{PROOF}', '1')"

REFUSED = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    f"{{{{ cycler.__init__.__globals__.os.{RUN} }}}}",
    f"{{{{ lipsum.__globals__['os'].{RUN} }}}}",
    f"{{{{ joiner.__init__.__globals__.os.{RUN} }}}}",
    f"{{{{ namespace.__init__.__globals__.os.{RUN} }}}}",
    "{{ lipsum|attr('__globals__') }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ ''['__class__'] }}",
    "{{ ''.__getattribute__('__class__') }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ '{a.__class__}'.format_map({'a': ''}) }}",
    "{% set f = '{0.__class__}'.format %}{{ f('') }}",
    "{{ ('{0.__class__}'|attr('format'))('') }}",
    "{{ (['{0.__class__}']|map('attr', 'format')|first)('') }}",
    "{{ dict.__base__.__subclasses__() }}",
    "{{ dict.mro() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ file.__class__ }}",
    "{{ file.__init__.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
    "{{ (range|attr('__call__')).__self__ }}",
    "{{ __import__('os') }}",
    "{{ open('secret').read() }}",
    "{% import 'os' as os %}{{ os.environ }}",
    "{{ [].append(1) }}",
    "{{ {}.update(a=1) }}",
    "{{ range(10 ** 9)|list }}",
    "{% for i in range(10 ** 9) %}{% endfor %}",
    "{% include '../secret' %}",
    "{% include 'up/secret' %}",
    "{% include 'linked' %}",
    "{% extends '/etc/passwd' %}",
)
"""What Jinja would have to let out of its sandbox, or read from elsewhere."""

STOPS = ("raise SystemExit(0)", "exit(3)", "raise GeneratorExit", "def f(): f()\nf()", "import sys")
"""What source does that its check must outlive."""


@pytest.fixture(autouse=True)
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for templates, with links to a file and a folder that are not in it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "secret").write_text(f"# {SECRET}\n")
    (folder / "linked").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(PROOF, raising=False)
    return folder


def emitted(templates: Path, added: str) -> int:
    """The exit code of an emission by archc's template with something at its end."""
    own = (templates_folder() / "keras" / "file.jinja").read_text("utf-8")
    (templates / "file.jinja").write_text(f"{own}\n{added}\n")
    return run(["emit", "net.yaml", "--templates", "mine", "-o", "net.py"])


@pytest.mark.parametrize("escape", REFUSED)
def test_a_template_reaches_nothing(
    escape: str, templates: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert emitted(templates, f"# {escape}") == 2
    told = capsys.readouterr()
    assert told.err.startswith("error[template-error]: ")
    assert SECRET not in told.err + told.out
    assert not ran_code()
    assert not Path("net.py").exists()


def test_a_template_may_make_any_text(templates: Path) -> None:
    assert emitted(templates, "# {{ 7 * 7 }} {% include 'net.jinja' ignore missing %}") == 0
    assert "# 49" in Path("net.py").read_text()


def test_a_link_inside_of_the_folder_is_a_template(templates: Path) -> None:
    (templates / "real").write_text("# linked")
    (templates / "here").symlink_to("real")
    Path("link").symlink_to(templates)
    assert emitted(templates, "{% include 'here' %}") == 0
    assert run(["emit", "net.yaml", "--templates", "link", "-o", "other.py"]) == 0
    assert "# linked" in Path("other.py").read_text()


@pytest.mark.parametrize("source", STOPS)
def test_source_that_ends_python_is_another_network(
    source: str, templates: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert emitted(templates, source) == 2
    assert capsys.readouterr().err.startswith("error[template-error]: expected the network")
    assert not Path("net.py").exists()
