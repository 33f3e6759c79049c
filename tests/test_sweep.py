"""`archc sweep` and `archc solve` as commands: what they print and write."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import archc
from archc.analyses import analyse
from archc.cli.boundary import run

VARY = ["--vary", "learner.groups[2].blocks=4..6", "--vary", "classes=10,1000"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sweep(*arguments: str) -> int:
    return run(["sweep", "resnet50", *VARY, *arguments])


def total(spec: archc.Spec) -> tuple[int, int, int]:
    found = analyse(spec.graph()).total
    return found.params, found.trainable, found.macs


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--sort", "-params", "--top", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    head = "blocks  classes      params   trainable           macs          flops  output  front"
    assert lines[0] == head
    best = ["6", "1000", "25,636,712", "25,583,592", "3,857,973,248", "7,715,946,496", "1000", "*"]
    assert lines[2].split() == best
    assert len(lines) == 6
    assert lines[-1].startswith("6 variants, ")


def test_a_csv_file_says_how_to_make_each_row() -> None:
    assert sweep("-o", "table.csv") == 0
    with Path("table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    spec = archc.load("resnet50")
    for row in rows:
        costs = [int(row.pop(name)) for name in ("params", "trainable", "macs")]
        assert int(row.pop("flops")) == 2 * costs[2]
        assert row.pop("output") == row["classes"]
        assert row.pop("front") in ("true", "false")
        settings = tuple(archc.api.parse_setting(f"{path}={v}") for path, v in row.items())
        again = archc.Spec(spec.family, None, settings)
        assert total(again) == tuple(costs)


def test_formats_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--format", "json", "--sort", "macs", "--where", "macs > 3.5G") == 0
    data = json.loads(capsys.readouterr().out)
    assert sweep("--format", "csv", "--sort", "macs", "--where", "macs > 3.5G") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert sweep("--format", "markdown", "--sort", "macs", "--where", "macs > 3.5G") == 0
    lines = capsys.readouterr().out.splitlines()
    assert (data["points"], data["left_out"], data["infeasible"]) == (6, 2, 0)
    found = [record["macs"] for record in data["rows"]]
    assert found == sorted(found) == [int(row["macs"]) for row in rows]
    assert [f"{macs:,}" in line for macs, line in zip(found, lines[2:], strict=True)] == [True] * 4


def test_values_of_every_kind_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    vary = ["depths=[1,1,1,1],[2,1,1,1]", "defaults.batch_norm.epsilon=1e-3,null"]
    vary += [
        "stem[0].conv.padding=same,'valid'",
        "define.dense_layer.steps[0].concat.new[1].relu=null",
    ]
    options = [option for text in vary for option in ("--vary", text)]
    assert run(["sweep", "densenet", *options, "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)["rows"][0]["knobs"]
    assert list(first.values()) == [[1, 1, 1, 1], 0.001, "same", None]


def test_infeasible_variants_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sweep", "resnet50", "--vary", "classes=-1..2"]) == 0
    told = capsys.readouterr()
    assert "4 variants, 2 infeasible, 2 on the front" in told.out
    assert "2 variants are infeasible" in told.err
    assert "classes=-1: `units`: expected a whole number of at least 1, found -1" in told.err


def test_no_variant_is_feasible(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sweep", "resnet50", "--vary", "classes=0", "--format", "csv"]) == 0
    told = capsys.readouterr()
    assert told.out == "classes,params,trainable,macs,flops,output,front\n"
    assert "1 variant is infeasible" in told.err


def test_a_sample_of_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    vary = [f"learner.groups[{group}].blocks=1..1000" for group in range(4)]
    options = [option for text in vary for option in ("--vary", text)]
    command = ["sweep", "resnet50", *options, "--sample", "7", "--seed", "1", "--format", "csv"]
    assert run(command) == 0
    first = capsys.readouterr().out
    assert len(first.splitlines()) == 8
    assert run(command) == 0
    assert capsys.readouterr().out == first


def test_a_long_table_is_cut_on_stdout_only(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["sweep", "resnet50", "--vary", "classes=1..1500", "-o", "all.csv"]
    assert run(command) == 0
    out = capsys.readouterr().out
    assert "… and 500 rows more: `-o FILE.csv` writes all" in out
    assert len(Path("all.csv").read_text("utf-8").splitlines()) == 1501


def test_specs_stand_by_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--emit-specs", "specs", "--where", "blocks != 5") == 0
    assert "wrote 4 specs to specs" in capsys.readouterr().out
    found = {path.name: total(archc.load(str(path))) for path in Path("specs").iterdir()}
    spec = archc.load("resnet50")
    assert found == {
        f"resnet50_blocks-{blocks}_classes-{classes}.yaml": total(
            spec.with_({"learner.groups[2].blocks": blocks}, classes=classes)
        )
        for blocks in (4, 6)
        for classes in (10, 1000)
    }
    assert run(["check", *[f"specs/{name}" for name in found]]) == 0
    text = Path("specs/resnet50_blocks-4_classes-10.yaml").read_text("utf-8")
    assert "  - {filters: 256, blocks: 4}\n" in text
    assert "# group 1 keeps its size, each later group halves it" in text


@pytest.mark.parametrize(
    ("reference", "settings"),
    [
        ("efficientnet@b3", {"width": 1.3}),
        ("efficientnet", {"learner.groups[2].kernel": 3, "depth": 2.0}),
        ("densenet@densenet169", {"depths[2]": 20, "growth": 24}),
        ("mobilenet_v3@large", {"args.rows[0].kernel": 5}),
        ("nasnet", {"filters": 36}),
        ("resnet101", {"learner.groups[2].blocks": 20, "learner.groups[0].stride": 2}),
        ("vit@s16", {"heads": 4, "stem[0].conv.bias": False}),
    ],
)
def test_specs_of_families(reference: str, settings: dict[str, object]) -> None:
    options = []
    for path, value in settings.items():
        options += ["--vary", f"{path}={str(value).lower()}"]
    assert run(["sweep", reference, *options, "--emit-specs", "."]) == 0
    expected = archc.load(reference).with_(settings)
    (path,) = Path().glob("*.yaml")
    assert total(archc.load(str(path))) == total(expected)
    assert run(["check", str(path)]) == 0


def test_files_of_others_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("table.csv", "front.svg", "resnet50_blocks-4_classes-10.yaml"):
        Path(name).write_text("mine", encoding="utf-8")
    assert sweep("-o", "table.csv") == 2
    assert sweep("--emit-specs", ".") == 2
    assert "`--force` overwrites it" in capsys.readouterr().err
    assert Path("table.csv").read_text("utf-8") == "mine"
    assert Path("resnet50_blocks-4_classes-10.yaml").read_text("utf-8") == "mine"
    assert sweep("-o", "table.csv", "--emit-specs", ".", "--force") == 0
    assert sweep("-o", "table.csv", "--emit-specs", ".") == 0
    assert Path("table.csv").read_text("utf-8") != "mine"


def test_plots() -> None:
    pytest.importorskip("matplotlib")
    assert sweep("--plot", "front.svg") == 0
    first = Path("front.svg").read_bytes()
    assert b"<svg" in first
    assert sweep("--plot", "front.svg") == 0
    assert Path("front.svg").read_bytes() == first
    assert sweep("--plot", "front.png", "--front", "params,-macs") == 0
    assert sweep("--plot", "front.png") == 0
    assert Path("front.png").read_bytes().startswith(b"\x89PNG")


def test_a_plot_without_matplotlib(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archc.cli.sweeping.plot.find_spec", lambda _: None)
    assert sweep("--plot", "front.svg") == 2
    assert "pip install 'archc[plot]'" in capsys.readouterr().err


def test_a_spec_that_would_not_find_its_library(capsys: pytest.CaptureFixture[str]) -> None:
    Path("own").mkdir()
    block = "define: {one: {args: {filters: 8}, steps: [{conv: {filters: =, kernel: 3}}]}}\n"
    Path("own/lib.yaml").write_text(block, encoding="utf-8")
    spec = "use: [lib.yaml]\nargs: {n: 8}\ninput: [8, 8, 3]\nstem: [{one: {filters: =n}}]\n"
    Path("own/net.yaml").write_text(spec, encoding="utf-8")
    assert run(["sweep", "own/net.yaml", "--vary", "n=1,2", "--emit-specs", "other"]) == 2
    assert "uses `lib.yaml`, which is not found from other" in capsys.readouterr().err
    assert not Path("other").exists()
    assert run(["sweep", "own/net.yaml", "--vary", "n=1,2", "--emit-specs", "own"]) == 0
    assert total(archc.load("own/net_n-2.yaml"))[0] == 2 * (3 * 9 + 1)


def test_solve(capsys: pytest.CaptureFixture[str]) -> None:
    vary = ["--vary", "learner.groups[2].blocks=1..36"]
    assert run(["solve", "resnet50", *vary, "--target", "macs=6G", "-o", "deep.yaml"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("--set 'learner.groups[2].blocks=15'\n")
    assert total(archc.load("deep.yaml"))[2] <= 6_000_000_000
    assert "  - {filters: 256, blocks: 15}\n" in Path("deep.yaml").read_text("utf-8")
    assert run(["check", "deep.yaml"]) == 0


def test_solve_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["solve", "resnet50", "--vary", "learner.groups[*].filters=0.5..1.0"]
    command += ["--target", "macs=2G", "--divisor", "16", "--format", "json"]
    assert run(command) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(data["set"]) == [f"learner.groups[{group}].filters" for group in range(4)]
    assert all(value % 16 == 0 for value in data["set"].values())
    assert data["macs"] <= 2_000_000_000
    assert {rounded["path"] for rounded in data["rounded"]} <= set(data["set"])
