"""`archc summary --cost` and `archc diff` as a user calls them."""

from __future__ import annotations

import csv
import json
from dataclasses import fields
from io import StringIO

import pytest

import archc
from archc.analyses import Costs
from archc.analyses.diff import Survival, diff
from archc.cli.boundary import run
from archc.cli.diff_report import diff_record
from archc.cli.report import costs_record
from archc.cli.units import count, memory
from tests.unit.test_rooms import HEAVY, command, run_and_list_modules


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str, code: int = 0) -> str:
        assert run(list(arguments)) == code
        return capsys.readouterr().out

    return call


def test_text_says_each_number_and_its_convention(printed) -> None:
    text = printed("summary", "resnet50", "--cost")
    assert "FLOPs = 2 × MACs" in text
    total = next(line for line in text.splitlines() if line.startswith("total"))
    assert " ".join(total.split()[1:]) == "174 1000 25.6 M 3.86 G 9.19 MiB 76.6 MiB 483 32 18.7"
    assert "weights 97.8 MiB, gradients 97.6 MiB" in text
    assert "sgd 0 B, momentum 97.6 MiB, adam 195 MiB" in text


def test_json_and_csv_hold_the_same_exact_numbers(printed) -> None:
    arguments = ("summary", "resnet50", "--cost", "--layers", "--batch", "8", "--dtype", "mixed")
    data = json.loads(printed(*arguments, "--format", "json"))
    rows = list(csv.DictReader(StringIO(printed(*arguments, "--format", "csv"))))
    assert (data["batch"], data["dtype"], data["optimizer"]) == (8, "mixed", "adam")
    assert data["macs"] == 8 * 3_857_973_248 == sum(int(row["macs"]) for row in rows)
    assert data["training_memory"] == sum(int(row["training_memory"]) for row in rows)
    assert data["activation_memory"] == max(int(row["activation_memory"]) for row in rows)
    assert [row["name"] for row in rows] == [node["name"] for node in data["nodes"]]
    assert data["receptive_field"] == [483, 483]
    assert rows[1]["receptive_field"] == "7×7"


def test_csv_of_parts_has_one_kind_of_row(printed) -> None:
    rows = list(csv.DictReader(StringIO(printed("summary", "resnet50", "--format", "csv"))))
    assert rows[2]["blocks"] == "1 projection_block + 2 identity_block"
    assert sum(int(row["parameters"]) for row in rows if row["level"] == "0") == 25_636_712


def test_markdown_is_a_table(printed) -> None:
    lines = printed("summary", "resnet50", "--cost", "--format", "markdown").splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert table[1].startswith("| --- | ---: |")
    assert len(table) == 2 + 7 + 1


def test_markdown_of_names_that_mean_something_there(printed) -> None:
    text = printed(
        "diff", "resnet50", "--to-set", "learner.groups[2].blocks=7", "--format=markdown"
    )
    assert text.startswith("**resnet50 → resnet50 learner.groups\\[2\\].blocks=7**")


def test_diff_of_two_networks(printed) -> None:
    text = printed("diff", "resnet50", "resnet101")
    assert "14×14×1024  7.13 M → 26.2 M  1.39 G → 5.10 G" in text
    assert "107 of 209 layers with weights" in text
    assert "100 % of the first network's, 57.3 % of the second's" in text


def test_diff_of_nothing(printed) -> None:
    assert printed("diff", "resnet50", "resnet50") == "no difference\n"
    assert printed("diff", "resnet50", "resnet50", "--exit-code") == "no difference\n"
    assert json.loads(printed("diff", "vgg", "vgg@vgg16", "--format", "json"))["same"] is True


def test_diff_tells_by_its_exit_code_if_asked(printed) -> None:
    changed = ("diff", "resnet50", "--to-set", "classes=10")
    printed(*changed)
    printed(*changed, "--exit-code", code=1)
    printed(*changed, "--set", "classes=20", "--from-set", "classes=10", "--exit-code", code=0)
    printed("diff", "resnet50", code=2)
    printed("diff", "resnet50", "resnet51", code=2)


def test_json_of_a_difference(printed) -> None:
    data = json.loads(printed("diff", "resnet50", "--to-set", "classes=10", "--format", "json"))
    parts = {part["name"]: part for part in data["parts"]}
    assert not data["same"]
    assert parts["learner"]["same"]
    assert parts["task"]["changed"] == ["predictions"]
    assert parts["task"]["before"]["parameters"] == 2_049_000
    assert parts["task"]["after"]["parameters"] == 20_490
    assert data["weights"]["reshaped"] == ["predictions"]


def test_no_cost_is_left_out() -> None:
    graph = archc.load("resnet18").graph()
    names = ["parameters", *Costs._fields[1:]]
    assert list(costs_record(archc.analyse(graph).costs())) == names
    weights = diff_record(diff(graph, graph), "", "")["weights"]
    assert isinstance(weights, dict)
    assert list(weights) == [field.name for field in fields(Survival)]


@pytest.mark.parametrize(
    "arguments", [("summary", "resnet50", "--cost"), ("diff", "resnet50", "resnet101")]
)
def test_nothing_heavy_is_loaded(arguments: tuple[str, ...]) -> None:
    exit_code, loaded = run_and_list_modules(command(*arguments))
    assert exit_code == 0
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999, "999"), (1_000, "1.00 k"), (999_499, "999 k"), (999_600, "1.00 M"),
     (25_636_712, "25.6 M"), (3_857_973_248, "3.86 G"), (9_994, "9.99 k"), (9_996, "10.0 k")],
)  # fmt: skip
def test_counts(number: int, shown: str) -> None:
    assert count(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (1_023, "1023 B"), (1_024, "1.00 KiB"), (102_546_848, "97.8 MiB")],
)
def test_memory(number: int, shown: str) -> None:
    assert memory(number) == shown
