"""`archc watch` itself, in a process of its own, while files are edited as editors do it.

Limits of time are those after which the command counts as hung; nothing is asserted by time.
"""

from __future__ import annotations

import json
import os
import queue
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs_examples import ROOT, blocks

LIMIT = 30.0

# conv 3→4: 3·3·3·4 + 4 = 112; 4→4: 148; 4→8: 296; dense 8→2: 18. Multiply-adds: 64 positions ×
# (108 + 144 + 288), and 16.
SPEC = """\
name: small
use: [parts/unit.yaml]
input: [8, 8, 3]
learner:
  block: unit
  groups:
  - {filters: 4, blocks: 2}
  - {filters: 8, blocks: 1}
task:
- global_avg_pool
- dense: 2
"""
LIBRARY = """\
define:
  unit:
    args: {filters: required}
    steps: [{conv: {filters: =, kernel: 3}}]
"""
PARAMETERS, MACS = 574, 34576
DEEPER = SPEC.replace("blocks: 2", "blocks: 3")
ANOTHER_BLOCK = (148, 9216)


class Watch:
    """The running command, and what it has printed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        environment = os.environ | {"PYTHONPATH": os.fspath(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "archc", "watch", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def line(self) -> str:
        """The next line of output. Fails where none comes."""
        line = self._queue.get(timeout=LIMIT)
        assert line is not None, f"ended after {self.lines}"
        self.lines.append(line)
        return line

    def update(self) -> dict:
        return json.loads(self.line())

    def until(self, wanted: Callable[[dict], object]) -> dict:
        """The first update that is as wanted; those before it may be states in between."""
        update = self.update()
        while not wanted(update):
            update = self.update()
        return update

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=LIMIT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "parts").mkdir(parents=True)
    (project / "net.yaml").write_text(SPEC)
    (project / "parts" / "unit.yaml").write_text(LIBRARY)
    return project


@pytest.fixture
def watch(folder: Path) -> Iterator[Callable[..., Watch]]:
    started: list[Watch] = []

    def start(*arguments: str, form: str = "json", at: Path = folder) -> Watch:
        started.append(Watch(at, *arguments, "--format", form))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait(timeout=LIMIT)
        assert each.process.stdout is not None
        each.process.stdout.close()


def replace(path: Path, text: str) -> None:
    """Save as editors do that write a new file and rename it."""
    new = path.with_name(f".{path.name}.swp")
    new.write_text(text)
    new.replace(path)


def by_way_of_a_backup(path: Path, text: str) -> None:
    """Save as vim does: the old file is renamed, a new one is made, the old one goes."""
    backup = path.with_name(f"{path.name}~")
    path.rename(backup)
    path.write_text(text)
    backup.unlink()


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def in_pieces(path: Path, text: str) -> None:
    """Save so that others see an empty file, then half of it."""
    with path.open("w") as file:
        file.flush()
        os.fsync(file.fileno())
        file.write(text[: len(text) // 2])
        file.flush()
        os.fsync(file.fileno())
        file.write(text[len(text) // 2 :])


SAVES = (replace, by_way_of_a_backup, in_place, in_pieces)


@pytest.mark.parametrize("save", SAVES, ids=lambda save: save.__name__)
def test_every_way_to_save(folder: Path, watch: Callable[..., Watch], save: Callable) -> None:
    watched = watch("net.yaml")
    first = watched.update()
    assert (first["spec"], first["status"], first["change"]) == ("net.yaml", "ok", None)
    assert (first["summary"]["parameters"], first["summary"]["macs"]) == (PARAMETERS, MACS)
    for text, sign in ((DEEPER, 1), (SPEC, -1), (DEEPER, 1)):
        save(folder / "net.yaml", text)
        parameters = PARAMETERS + (148 if sign > 0 else 0)
        update = watched.until(
            lambda u, p=parameters: u["summary"] and u["summary"]["parameters"] == p
        )
        assert update["status"] == "ok"
        change = update["change"]
        assert (change["parameters"], change["macs"]) == tuple(sign * n for n in ANOTHER_BLOCK)
        changed = {
            part["name"]: part["parameters"] for part in change["parts"] if part["change"] != "same"
        }
        assert changed == {"learner": sign * 148, "group 1": sign * 148}


def test_text_is_one_block_an_update(folder: Path, watch: Callable[..., Watch]) -> None:
    watched = watch("net.yaml", form="text")
    assert lines(watched, 10) == [
        "== net.yaml: 574 parameters, 34,576 MACs",
        "",
        "part       blocks    output  parameters    MACs",
        "───────────────────────────────────────────────",
        "input                8×8×3            0       0",
        "learner              8×8×8          556  34,560",
        "  group 1  2 × unit  8×8×4          260  16,128",
        "  group 2  unit      8×8×8          296  18,432",
        "task                 2               18      16",
        "total                2              574  34,576",
    ]
    assert watched.line() == ""
    replace(folder / "net.yaml", SPEC.replace("{filters: 8, blocks: 1}", "{filters: 5, blocks: 1}"))
    # conv 4→5: 3·3·4·5 + 5 = 185; dense 5→2: 12.
    assert lines(watched, 10) == [
        "== net.yaml: 457 parameters, 27,658 MACs",
        "",
        "part       blocks    output             parameters  change    MACs  change",
        "──────────────────────────────────────────────────────────────────────────",
        "input                8×8×3                       0               0",
        "learner              8×8×5 (was 8×8×8)         445    −111  27,648  −6,912",
        "  group 1  2 × unit  8×8×4                     260          16,128",
        "  group 2  unit      8×8×5 (was 8×8×8)         185    −111  11,520  −6,912",
        "task                 2                          12      −6      10      −6",
        "total                2                         457    −117  27,658  −6,918",
    ]


def lines(watched: Watch, count: int) -> list[str]:
    return [watched.line() for _ in range(count)]


def test_quick_saves_end_at_the_last(folder: Path, watch: Callable[..., Watch]) -> None:
    watched = watch("net.yaml")
    watched.update()
    for depth in range(3, 33):
        replace(folder / "net.yaml", SPEC.replace("blocks: 2", f"blocks: {depth}"))
    last = PARAMETERS + 30 * 148
    watched.until(lambda update: update["summary"]["parameters"] == last)
    assert len(watched.lines) < 1 + 30
    changes = [json.loads(line)["change"]["parameters"] for line in watched.lines[1:]]
    assert sum(changes) == 30 * 148


def test_a_mistake_and_the_change_since_the_last_good_one(
    folder: Path, watch: Callable[..., Watch]
) -> None:
    watched = watch("net.yaml")
    watched.update()
    replace(folder / "net.yaml", DEEPER.replace("filters: 8", "filtres: 8"))
    wrong = watched.update()
    assert (wrong["status"], wrong["summary"], wrong["change"]) == ("error", None, None)
    assert [each["code"] for each in wrong["diagnostics"]] == ["unknown-arg"]
    assert wrong["diagnostics"][0]["place"]["file"] == "net.yaml"
    replace(folder / "net.yaml", DEEPER)
    mended = watched.update()
    assert (mended["status"], mended["change"]["parameters"]) == ("ok", 148)


def test_a_broken_contract_has_both(folder: Path, watch: Callable[..., Watch]) -> None:
    contract = f"expect: {{params: {PARAMETERS}}}\n"
    (folder / "net.yaml").write_text(SPEC + contract)
    watched = watch("net.yaml")
    assert watched.update()["status"] == "ok"
    replace(folder / "net.yaml", DEEPER + contract)
    update = watched.update()
    assert (update["status"], update["change"]["parameters"]) == ("contract", 148)
    assert [each["code"] for each in update["diagnostics"]] == ["contract"]


def test_gone_and_back(folder: Path, watch: Callable[..., Watch]) -> None:
    watched = watch("net.yaml", form="text")
    lines(watched, 11)
    (folder / "net.yaml").unlink()
    assert lines(watched, 2) == ["== net.yaml: gone; waiting", ""]
    (folder / "net.yaml").write_text(SPEC)
    assert watched.line() == "== net.yaml: 574 parameters, 34,576 MACs; sizes unchanged"


def test_wrong_at_the_start(folder: Path, watch: Callable[..., Watch]) -> None:
    (folder / "net.yaml").write_text("learner: [\n")
    watched = watch("net.yaml")
    assert watched.update()["status"] == "error"
    replace(folder / "net.yaml", SPEC)
    update = watched.update()
    assert (update["status"], update["change"]) == ("ok", None)


def test_libraries_old_new_and_missing(folder: Path, watch: Callable[..., Watch]) -> None:
    watched = watch("net.yaml")
    watched.update()
    replace(folder / "parts" / "unit.yaml", LIBRARY.replace("kernel: 3", "kernel: 1"))
    # conv 3→4: 16; 4→4: 20; 4→8: 40; dense: 18.
    assert watched.update()["summary"]["parameters"] == 94
    replace(folder / "net.yaml", SPEC.replace("parts/unit.yaml", "more/unit.yaml"))
    missing = watched.update()
    assert "library-unknown" in [each["code"] for each in missing["diagnostics"]]
    (folder / "more").mkdir()
    replace(folder / "more" / "unit.yaml", LIBRARY)
    assert watched.until(lambda u: u["summary"])["summary"]["parameters"] == PARAMETERS
    in_place(folder / "more" / "unit.yaml", LIBRARY.replace("kernel: 3", "kernel: 1"))
    assert watched.until(lambda u: u["summary"])["summary"]["parameters"] == 94
    (folder / "more" / "unit.yaml").unlink()
    assert watched.update()["status"] == "error"


def test_base_in_another_folder(folder: Path, tmp_path: Path, watch: Callable[..., Watch]) -> None:
    bases = tmp_path / "bases"
    shutil.copytree(folder, bases)
    (folder / "own.yaml").write_text("extends: net.yaml\nname: own\n")
    (folder / "net.yaml").unlink()
    watched = watch("own.yaml", "--search-path", "../bases", "--set", "learner.groups[1].blocks=2")
    # Another conv 8→8: 584.
    assert watched.update()["summary"]["parameters"] == PARAMETERS + 584
    replace(bases / "net.yaml", DEEPER)
    assert watched.update()["change"]["parameters"] == 148
    (folder / "net.yaml").write_text(SPEC)
    assert watched.update()["change"]["parameters"] == -148, "a nearer base takes its place"


def test_folder_moves_away_and_comes_back(
    folder: Path, tmp_path: Path, watch: Callable[..., Watch]
) -> None:
    watched = watch("project/net.yaml", at=tmp_path)
    watched.update()
    folder.rename(tmp_path / "elsewhere")
    assert watched.update()["status"] == "gone"
    shutil.copytree(tmp_path / "elsewhere", folder)
    watched.until(lambda update: update["status"] == "ok")
    replace(folder / "net.yaml", DEEPER)
    assert watched.update()["change"]["parameters"] == 148


def test_current_folder_is_deleted(folder: Path, watch: Callable[..., Watch]) -> None:
    watched = watch("net.yaml")
    watched.update()
    shutil.rmtree(folder)
    watched.until(lambda update: update["status"] == "gone")
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "unit.yaml").write_text(LIBRARY)
    (folder / "net.yaml").write_text(DEEPER)
    assert watched.until(lambda u: u["status"] == "ok")["change"]["parameters"] == 148


def test_symbolic_link(folder: Path, tmp_path: Path, watch: Callable[..., Watch]) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (folder / "net.yaml").rename(real / "net.yaml")
    (folder / "net.yaml").symlink_to(real / "net.yaml")
    watched = watch("net.yaml")
    watched.update()
    replace(real / "net.yaml", DEEPER)
    assert watched.update()["change"]["parameters"] == 148


def test_variant(folder: Path, watch: Callable[..., Watch]) -> None:
    text = SPEC.replace("blocks: 2", "blocks: =depth")
    text += "args: {depth: 2}\nvariants: {shallow: {}, deep: {depth: 3}}\n"
    (folder / "net.yaml").write_text(text)
    watched = watch("net.yaml@deep")
    assert watched.update()["summary"]["parameters"] == PARAMETERS + 148
    replace(folder / "net.yaml", text.replace("depth: 3", "depth: 4"))
    assert watched.update()["change"]["parameters"] == 148
    replace(folder / "net.yaml", text.replace("deep:", "deeper:"))
    assert [each["code"] for each in watched.update()["diagnostics"]] == ["variant-unknown"]


def test_ctrl_c_is_a_good_end(watch: Callable[..., Watch]) -> None:
    watched = watch("net.yaml")
    watched.update()
    assert watched.interrupt() == 0
    assert len(watched.lines) == 1


def test_reader_that_goes_ends_it(folder: Path) -> None:
    command = [sys.executable, "-m", "archc", "watch", "net.yaml", "--format", "json"]
    environment = os.environ | {"PYTHONPATH": os.fspath(ROOT)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        replace(folder / "net.yaml", DEEPER)
        assert process.wait(timeout=LIMIT) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nets.yaml"], "error[file-missing]: expected a file, found nothing at `nets.yaml`"),
        (["resnet51"], "error[spec-unknown]: no spec `resnet51`"),
        (["net.yaml", "--set", "classes"], "error[setting-path]: expected a setting"),
    ],
)
def test_bad_command_lines(watch: Callable[..., Watch], arguments: list[str], message: str) -> None:
    watched = watch(*arguments)
    assert watched.line().startswith(message)
    assert watched.process.wait(timeout=LIMIT) == 2


def test_without_watchfiles(folder: Path) -> None:
    code = "import sys; sys.modules['watchfiles'] = None; from archc.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "watch", "net.yaml"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == 2
    message = "Error: `archc watch` needs the library watchfiles: pip install 'archc[watch]'\n"
    assert (done.stdout, done.stderr) == ("", message)


def test_documentation(folder: Path, watch: Callable[..., Watch]) -> None:
    spec, printed = blocks(ROOT / "docs" / "watch.md")
    (folder / spec.title).write_text(spec.text)
    watched = watch(spec.title, form="text")
    while watched.line():
        pass
    while watched.line():
        pass
    replace(folder / spec.title, spec.text.replace("blocks: 2", "blocks: 3", 1))
    expected = printed.text.splitlines()
    assert lines(watched, len(expected)) == expected


@pytest.mark.skipif(os.name == "nt", reason="no such terminals")
def test_a_terminal_shows_the_latest(folder: Path) -> None:
    ours, theirs = os.openpty()
    environment = os.environ | {"PYTHONPATH": os.fspath(ROOT), "TERM": "xterm"}
    command = [sys.executable, "-m", "archc", "watch", "net.yaml"]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=theirs) as process:
        os.close(theirs)
        try:
            for text, parameters in ((DEEPER, PARAMETERS), (SPEC, PARAMETERS + 148)):
                shown = read_until(ours, b"Ctrl-C ends")
                assert shown.strip().startswith(
                    f"\x1b[2J\x1b[1;1H== net.yaml: {parameters} par".encode()
                )
                assert b"2 files watched" in shown
                replace(folder / "net.yaml", text)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=LIMIT) == 0
        finally:
            # The `with` waits for its end, whatever came of the test.
            process.kill()
            os.close(ours)


def read_until(descriptor: int, end: bytes) -> bytes:
    """What a terminal shows, up to `end`. Fails where nothing more comes."""
    shown = b""
    while end not in shown:
        assert select.select([descriptor], [], [], LIMIT)[0], shown
        shown += os.read(descriptor, 65536)
    return shown


def test_loads_no_framework(folder: Path) -> None:
    code = """
import sys, watchfiles
from archc.cli.commands.watch import command
from archc.cli.watching.blocks import json_line, text_block
from archc.cli.watching.loop import looks
from archc.cli.watching.subject import subject
for look in looks(subject("net.yaml", (), ()), lambda folders: iter(())):
    text_block("", look.outcome, look.outcome.graph, colour=True)
    json_line("", look.outcome, look.outcome.graph)
print({"tensorflow", "keras", "torch", "jinja2", "numpy", "rich"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )
    assert done.stdout == "set()\n"
