"""Plans as PyTorch source: how it reads, that it runs, and what it holds."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archc.diagnostics import CompileError
from archc.emission.formatting import formatted
from archc.emission.plan import Branch, CountLoop, Local, Plan, Table, TableLoop
from archc.emission.reserved import RESERVED
from archc.emission.variables import identifier
from archc.resources import templates_folder
from archc.targets.torch.emit import CannotPrint, emit, main_class, reserved
from archc.targets.torch.emit_attributes import MODULE_ATTRIBUTES
from archc.targets.torch.lowering.call import TorchCall
from tests import torch_plans
from tests.conftest import Golden
from tests.torch_plans import (
    ADD,
    RELU,
    Body,
    Layers,
    code,
    conv,
    invoke,
    layer,
    network,
    norm,
    unit,
)

torch = pytest.importorskip("torch")
from torch import nn

from tests.torch_meaning import meant, weighted

GOLDENS = Path(__file__).parents[1] / "emission_goldens"

CHECKED = ("F", "E", "W", "I", "N", "B", "C4", "SIM", "UP")

Plans = pytest.mark.parametrize("make", torch_plans.PLANS, ids=lambda make: make.__name__)

MakePlan = Callable[[], Plan[TorchCall]]


def model_of(plan: Plan[TorchCall], **knobs: object) -> nn.Module:
    """The model that the source of a plan makes."""
    namespace: dict[str, object] = {"__name__": "emitted"}
    exec(emit(plan, ""), namespace)
    made = namespace[main_class(plan)]
    assert isinstance(made, type)
    model = made(**knobs)
    assert isinstance(model, nn.Module)
    return model


def source_of(*units: Layers, **knobs: str) -> str:
    """The source of a network that applies units one after the other."""
    main: Body = [invoke("x", made, "x", **{k: k for k in knobs}) for made in units]
    return emit(network("made", main, list(units), knobs=knobs), "")


def entering(plan: Plan[TorchCall]) -> list[torch.Tensor]:
    """Inputs that differ everywhere, by the shapes that the plan says last to first."""
    known = {knob.name: ast.literal_eval(knob.default) for knob in plan.knobs if knob.default}
    made = []
    for entry in plan.entries:
        *sides, channels = eval(ast.unparse(entry.shape), known)
        generator = torch.Generator().manual_seed(len(made))
        made.append(torch.randn(2, channels, *sides, generator=generator))
    return made


@Plans
def test_source_reads_as_it_should(make: MakePlan, golden: Golden) -> None:
    source = emit(make(), f"The plan `{make.__name__}`.")
    golden.check(GOLDENS / f"torch_{make.__name__}.py", source)


@Plans
def test_a_model_gives_what_its_plan_says(make: MakePlan) -> None:
    plan = make()
    inputs = entering(plan)
    found = weighted(model_of(plan))(*inputs)
    given = found if isinstance(found, tuple) else (found,)
    for one, expected in zip(given, meant(plan, *inputs), strict=True):
        assert expected.std() > 0
        torch.testing.assert_close(one, expected)


def test_the_comparison_sees_a_wrong_kernel() -> None:
    plan = torch_plans.residual()
    inputs = entering(plan)
    (expected,) = meant(plan, *inputs)
    stem = plan.units[0]
    stem.body[0] = layer("x", conv(3, 16, 7, stride=2, padding=2), "x", "conv1_conv", "conv")
    assert not torch.allclose(weighted(model_of(plan))(*inputs), expected)


def test_linters_find_nothing() -> None:
    files = sorted(GOLDENS.glob("torch_*.py"))
    assert len(files) == len(torch_plans.PLANS)
    rules = ["--select", ",".join(CHECKED), "--ignore", "N812,E501"]
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", *rules, *files]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    for file in files:
        text = file.read_text("utf-8")
        assert formatted(text) == text


def test_a_file_runs_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "several.py"
    file.write_text(emit(torch_plans.several(), ""), "utf-8")
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
    # By hand: 3·8·9 + 8, 1·8·9 + 8, and 16·5 + 5.
    shapes = "(1, 5), (1, 16, 16, 16), (1, 8, 16, 16)"
    assert done.stdout == f"Several: 389 parameters, 389 trainable\noutputs {shapes}\n"


def test_modules_are_called_after_their_ids() -> None:
    model = model_of(torch_plans.residual())
    modules = dict(model.named_modules())
    assert {
        "stem.conv1_conv",
        "learner.group1.block1.conv_bn0.conv",
        "learner.group1.block2.bn2",
        "learner.group2.block3.conv1",
        "task.predictions",
    } <= modules.keys()
    assert "learner.group2.block4" not in modules
    assert "learner.group1.block1.conv_bn1.bn.weight" in model.state_dict()


def test_knobs_are_parameters_of_the_main_class() -> None:
    model = model_of(torch_plans.residual(), classes=3)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 3)
    with pytest.raises(TypeError, match="resolution"):
        model_of(torch_plans.residual(), resolution=64)


def test_all_that_a_module_has_is_known() -> None:
    has = {name for name in dir(nn.Sequential()) if not name.startswith("_")}
    assert has <= MODULE_ATTRIBUTES


def test_ids_that_become_alike_stay_apart() -> None:
    """`conv1` beside `1`, which is `conv1`, beside what a loop computes."""
    names = [name for name, _ in model_of(torch_plans.nasty())[0].named_children()]
    assert len(names) == len(set(names)) == 12
    assert "conv1" in names
    assert "conv2" in names


def test_a_class_needs_no_prefix_that_all_its_ids_have() -> None:
    parts: Body = [
        layer("x", conv(3, 3, 1), "x", code('f"group{n}_conv1"'), "conv"),
        layer("x", RELU, "x", code('f"group{n}_relu"'), "relu"),
    ]
    source = source_of(unit("group", parts, parameters="n=2"))
    assert "self.conv1 = " in source
    assert "self.relu = " in source
    assert "def __init__(self):" in source


def test_ids_whose_prefixes_differ_keep_them() -> None:
    parts: Body = [
        layer("x", conv(3, 3, 1), "x", code('f"a{n}_conv"'), "conv"),
        layer("x", RELU, "x", code('f"b{n}_conv"'), "relu"),
    ]
    source = source_of(unit("group", parts, parameters="n=2"))
    assert 'self.add_module(f"a{n}_conv", ' in source
    assert 'self.add_module(f"b{n}_conv", ' in source


def test_numbers_that_nothing_needs_are_left_out() -> None:
    parts: Body = [
        Local("unused", code("filters + other")),
        Branch(code("other"), [Local("unused", code("unused + 1"))]),
        layer("x", conv(3, "filters", 1), "x", "conv", "conv"),
    ]
    source = source_of(unit("block", parts, parameters="filters=3 other=1"), other="1")
    assert "unused" not in source
    assert "other" not in source


def test_a_constructor_that_is_always_called_in_one_style_gets_a_short_name() -> None:
    source = source_of(*[unit(f"n{n}", [layer("x", norm(3), "x", "bn", "norm")]) for n in range(3)])
    assert "BatchNorm = partial(nn.BatchNorm2d, eps=1.001e-5, momentum=0.01)" in source
    assert source.count("nn.BatchNorm2d") == 1
    twice = source_of(*[unit(f"n{n}", [layer("x", norm(3), "x", "bn", "norm")]) for n in range(2)])
    assert "partial" not in twice


def test_a_short_name_is_none_of_a_class_that_the_file_has() -> None:
    """`modules.py` has a `BatchNorm` of its own."""
    own = TorchCall("BatchNorm", (("channels", 3), ("scale", False)), 1)
    layers: Body = [layer("x", norm(3), "x", f"bn{n}", "norm") for n in range(3)]
    plan = network(
        "made",
        [invoke("x", made := unit("block", [*layers, layer("x", own, "x", "own", "norm")]), "x")],
        [made],
    )
    source = emit(plan, "")
    assert "BatchNorm2d = partial(nn.BatchNorm2d" in source
    assert "self.own = BatchNorm(3, scale=False)" in source
    assert model_of(plan)(torch.zeros(1, 3, 4, 4)).shape == (1, 3, 4, 4)


def test_only_what_is_used_is_imported() -> None:
    source = source_of(unit("block", [layer("x", conv(3, 3, 1), "x", "conv", "conv")]))
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert imports == ["import torch", "from torch import nn"]


def test_functions_that_a_table_calls_stand_before_it() -> None:
    table = Table("WIDTHS", ("width",), ((code("divisible(30)"),), (code("divisible(60)"),)))
    widen = layer("x", conv("channels", "width", 1), "x", code('f"conv{width}"'), "conv")
    loop = TableLoop(table, None, 1, [widen, Local("channels", code("width"))])
    made = unit("block", [Local("channels", code("3")), loop])
    plan = network(
        "made", [invoke("x", made, "x")], [made], tables=[table], functions=("divisible",)
    )
    source = emit(plan, "")
    assert source.index("def divisible") < source.index("WIDTHS = ")
    # The multiples of 8 nearest to 30 and 60.
    modules = dict(model_of(plan).named_modules())
    assert modules["block.conv32"].out_channels == 32
    assert modules["block.conv64"].in_channels == 32
    assert modules["block.conv64"].out_channels == 64


def test_what_the_source_imports_or_copies_is_reserved() -> None:
    assert {"torch", "nn", "F", "partial", "self", "Conv2dSame", "divisible"} <= reserved()


def test_no_tensor_is_called_as_what_the_source_needs() -> None:
    """Tensors go by ids of the spec, made identifiers."""
    assert {name for name in reserved() if identifier(name) == name} <= RESERVED


def test_classes_that_python_or_the_source_knows_say_what_they_are() -> None:
    units = [unit(name, [layer("x", RELU, "x", "relu", "relu")]) for name in ("true", "nn", "f")]
    source = emit(network("f", [invoke("x", made, "x") for made in units], units), "")
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    assert names == ["TrueBlock", "Nn", "FBlock", "FModel"]


def test_a_tensor_called_as_what_the_source_needs_is_refused() -> None:
    made = unit("block", [layer("x", RELU, "torch", "relu", "relu")], inputs="torch")
    with pytest.raises(CannotPrint, match="torch"):
        emit(network("made", [invoke("x", made, "x")], [made]), "")


def test_a_tensor_that_only_some_rounds_of_a_loop_give_is_refused() -> None:
    once = Branch(code("n > 1"), [layer("y", conv(3, 3, 1), "x", "conv", "conv")])
    both = [once, layer("x", ADD, "x y", "add", "add")]
    made = unit("block", [CountLoop("n", code("1"), code("3"), both)])
    with pytest.raises(CannotPrint, match="first value"):
        emit(network("made", [invoke("x", made, "x")], [made]), "")


def test_a_template_of_the_user_takes_the_place_of_one(tmp_path: Path) -> None:
    ours = (templates_folder() / "torch" / "file.jinja").read_text("utf-8")
    theirs = ours.replace('if __name__ == "__main__":', "def _run():")
    (tmp_path / "file.jinja").write_text(theirs, "utf-8")
    source = emit(torch_plans.several(), "", tmp_path)
    assert "def _run():\n    model = Several().eval()\n" in source
    assert "__main__" not in source


def test_templates_that_give_no_python_are_told(tmp_path: Path) -> None:
    (tmp_path / "file.jinja").write_text("x = 1\nclass {{ file.classes[0].name }}\n", "utf-8")
    with pytest.raises(CompileError) as raised:
        emit(torch_plans.several(), "", tmp_path)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "template-error"
    assert diagnostic.span is not None
    assert diagnostic.span.text.strip() == "class Join"
