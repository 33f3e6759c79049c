"""The Keras printer: plans made by hand, their source, and the models that the source makes."""

from __future__ import annotations

import ast
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruff.__main__ import find_ruff_bin

from archc.diagnostics import CompileError
from archc.emission.plan import (
    Apply,
    Branch,
    CountLoop,
    Entry,
    Invoke,
    Local,
    Move,
    Parameter,
    Plan,
    Table,
    TableLoop,
    Unit,
)
from archc.emission.symbols import symbolic
from archc.targets.keras.emit import emit, reserved
from archc.targets.keras.lowering import Constant, KerasCall
from archc.targets.keras.lowering.call import call
from tests.conftest import Golden

GOLDENS = Path(__file__).parent.parent / "emission_goldens"
HOSTILE = 'It says """ and \\N{BULLET}\nimport os\r\u202e \0'
RULES = "F,E,W,I,N,B,C4,SIM,UP"


def code(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def symbol(value: object, text: str) -> Any:
    return symbolic(value, code(text))


def layer(
    result: str, made: KerasCall | tuple[KerasCall, ...], inputs: str, local: str
) -> Apply[KerasCall]:
    """One layer; `local` is Python's source of a text, or plain text."""
    calls = (made,) if isinstance(made, KerasCall) else made
    name = code(local) if local.startswith("f'") else ast.Constant(local)
    return Apply(result, calls, tuple(inputs.split()), name, "verb")


def invoke(
    results: str, unit: Unit[KerasCall], inputs: str, local: str | None = None, **arguments: str
) -> Invoke[KerasCall]:
    given = {name: code(text) for name, text in arguments.items()}
    name = None if local is None else code(local)
    return Invoke(tuple(results.split()), unit, tuple(inputs.split()), given, name, "label")


def conv(filters: object, kernel: object, stride: object = 1, suffix: str = "") -> KerasCall:
    strides = () if stride == 1 else (("strides", stride),)
    shape = (("filters", filters), ("kernel_size", kernel))
    return KerasCall("Conv2D", (*shape, *strides, ("padding", "same")), 2, suffix)


NORM = call("BatchNormalization", optional=(("epsilon", 1.001e-5, 1e-3),))
RELU = call("ReLU")


def resnet50() -> Plan[KerasCall]:
    """The network of `keras.applications.ResNet50`, with the names that its layers have there."""
    filters, stride = symbol(64, "filters"), symbol(2, "stride")
    block: Unit[KerasCall] = Unit("bottleneck", "block", ("x",), ("x",), named=True)
    block.about = "Two 1×1 convolutions around a 3×3 one."
    block.parameters = [
        Parameter("stride", code("1")),
        Parameter("filters"),
        Parameter("project", code("False")),
    ]
    block.body = [
        Move("shortcut", code("x")),
        Branch(
            code("project"),
            [
                layer("shortcut", conv(filters * 4, 1, stride), "shortcut", "0_conv"),
                layer("shortcut", NORM, "shortcut", "0_bn"),
            ],
        ),
        layer("residual", conv(filters, 1, stride), "x", "1_conv"),
        layer("residual", NORM, "residual", "1_bn"),
        layer("residual", RELU, "residual", "1_relu"),
        layer("residual", conv(filters, 3), "residual", "2_conv"),
        layer("residual", NORM, "residual", "2_bn"),
        layer("residual", RELU, "residual", "2_relu"),
        layer("residual", conv(4 * filters, 1), "residual", "3_conv"),
        layer("residual", NORM, "residual", "3_bn"),
        layer("x", call("Add", feed="list"), "shortcut residual", "add"),
        layer("x", RELU, "x", "out"),
    ]
    group: Unit[KerasCall] = Unit("group", "group", ("x",), ("x",), named=True)
    group.parameters = [Parameter("filters"), Parameter("blocks"), Parameter("stride")]
    first = {"filters": "filters", "stride": "stride", "project": "True"}
    group.body = [
        invoke("x", block, "x", "'block1'", **first),
        CountLoop(
            "number",
            code("2"),
            code("blocks + 1"),
            [invoke("x", block, "x", "f'block{number}'", filters="filters")],
        ),
    ]
    rows = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
    table = Table(
        "GROUPS",
        ("filters", "blocks", "stride"),
        tuple(tuple(ast.Constant(number) for number in row) for row in rows),
    )
    given = {name: name for name in table.columns}
    learner: Unit[KerasCall] = Unit("learner", "component", ("x",), ("x",))
    learner.body = [
        TableLoop(table, "number", 2, [invoke("x", group, "x", "f'conv{number}'", **given)])
    ]
    stem: Unit[KerasCall] = Unit("stem", "component", ("x",), ("x",))
    pool = (
        call("ZeroPadding2D", ("padding", 1), suffix="pad"),
        call("MaxPooling2D", ("pool_size", 3), optional=(("strides", 2, 3),), suffix="pool"),
    )
    stem.body = [
        layer("x", call("ZeroPadding2D", ("padding", 3)), "x", "conv1_pad"),
        layer("x", call("Conv2D", *STEM_CONV, optional=STRIDE_2), "x", "conv1_conv"),
        layer("x", NORM, "x", "conv1_bn"),
        layer("x", RELU, "x", "conv1_relu"),
        layer("x", pool, "x", "pool1"),
    ]
    task: Unit[KerasCall] = Unit("task", "component", ("x",), ("x",))
    task.parameters = [Parameter("classes")]
    units = call(
        "Dense",
        ("units", symbol(1000, "classes")),
        optional=(("activation", "softmax", None),),
    )
    task.body = [
        layer("x", call("GlobalAveragePooling2D"), "x", "avg_pool"),
        layer("x", units, "x", "predictions"),
    ]
    return Plan(
        name="resnet50",
        identifier="resnet50",
        about="",
        knobs=[Parameter("classes", code("1000"))],
        entries=[Entry("inputs", "input_layer", code("(224, 224, 3)"))],
        outputs=("x",),
        main=[
            invoke("x", stem, "inputs"),
            invoke("x", learner, "x"),
            invoke("x", task, "x", classes="classes"),
        ],
        units=[stem, learner, group, block, task],
        tables=[table],
    )


STEM_CONV = (("filters", 64), ("kernel_size", 7))
STRIDE_2 = (("strides", 2, 1),)


def everything() -> Plan[KerasCall]:
    """All that a plan can hold besides, and texts that must not become code."""
    dense = call("Dense", ("units", symbol(64, "hidden")))
    mlp: Unit[KerasCall] = Unit("mlp", "block", ("x",), ("x",), named=True)
    mlp.about = HOSTILE
    mlp.parameters = [
        Parameter("width"),
        Parameter("act"),
        Parameter("gated"),
        Parameter("rate", code("1e-05")),
    ]
    mlp.body = [
        Local("hidden", code("divisible(width * math.sqrt(2), d=8)")),
        layer("x", (dense, call("LeakyReLU", ("negative_slope", 0.3), suffix="leaky")), "x", ""),
        layer("x", call("Activation", ("activation", symbol("gelu", "act"))), "x", "f'{act}1'"),
        Branch(
            code("gated"),
            [
                Local("channels", code("x.shape[-1]")),
                layer("gate", call("Dense", ("units", symbol(64, "channels"))), "x", "gate"),
                layer("x", call("Multiply", feed="list"), "x gate", "multiply"),
            ],
        ),
        layer("x", call("Dropout", ("rate", symbol(0.1, "rate"))), "x", "dropout"),
    ]
    scale = call(
        "DepthwiseConv1D",
        ("kernel_size", 1),
        optional=(("depthwise_initializer", Constant(1e-6), None),),
    )
    attend = KerasCall("MultiHeadAttention", (("num_heads", 4), ("key_dim", 8)), 2, feed="twice")
    encoder: Unit[KerasCall] = Unit("encoder", "component", ("image",), ("x", "skip"))
    table = Table("KINDS", ("act",), ((code("'gelu'"),), (code("'relu'"),)))
    encoder.body = [
        layer("x", call("PaddedMaxPooling", *POOLING, custom=True), "image", "pool"),
        layer("x", call("Reshape", ("target_shape", (-1, 3))), "x", "f'tokens{1}'"),
        layer("x", call("ClassToken", custom=True), "x", "class_token"),
        layer("x", call("Dense", ("units", 32)), "x", "embed"),
        layer("skip", call("LayerNormalization"), "x", "norm"),
        layer("attended", attend, "skip", "attention"),
        layer("attended", scale, "attended", "scale"),
        layer("x", call("Add", feed="list"), "x attended", "add"),
        TableLoop(
            table,
            None,
            0,
            [invoke("x", mlp, "x", "f'mlp_{act}'", width="32", act="act", gated="act == 'gelu'")],
        ),
        Local("total", code("0")),
        CountLoop("number", code("0"), code("2"), [Local("total", code("total + len(KINDS)"))]),
    ]
    head: Unit[KerasCall] = Unit("head", "component", ("x", "skip", "mask"), ("tokens", "mask"))
    head.parameters = [Parameter("units"), Parameter("deep")]
    again = {"width": "32", "act": "'relu'", "gated": "None", "rate": "0.2"}
    head.body = [
        invoke("tokens", mlp, "x", "'mlp'", **again),
        Move("tokens", code("tokens if deep else skip")),
        layer("tokens", call("Dense", ("units", symbol(7, "units"))), "tokens", "logits"),
        layer("mask", call("Flatten"), "mask", "flat"),
        layer("mask", call("Dense", ("units", 3)), "mask", "mask_logits"),
    ]
    return Plan(
        name="every-thing.2",
        identifier="every_thing_2",
        about="",
        knobs=[Parameter("units", code("10")), Parameter("deep", code("True"))],
        entries=[
            Entry("image", "image", code("(8, 8, 3)")),
            Entry("mask", "mask", code("(4, 1)")),
        ],
        outputs=("tokens", "spots"),
        main=[
            invoke("x skip", encoder, "image"),
            invoke("tokens spots", head, "x skip mask", units="units", deep="deep"),
        ],
        units=[encoder, mlp, head],
        tables=[table],
        functions=("divisible",),
    )


POOLING = (("pool_size", 3), ("strides", 2), ("padding", 1))

PLANS = {
    "resnet50": (resnet50, "Deep residual learning for image recognition (He et al., 2015)"),
    "everything": (everything, HOSTILE),
}


def emitted(name: str) -> str:
    make, docstring = PLANS[name]
    return emit(make(), docstring)


@pytest.mark.parametrize("name", PLANS)
def test_source(name: str, golden: Golden) -> None:
    golden.check(GOLDENS / f"{name}_keras.py", emitted(name))


@pytest.mark.parametrize("name", PLANS)
def test_linters_find_nothing(name: str, tmp_path: Path) -> None:
    file = tmp_path / "emitted.py"
    file.write_text(emitted(name), "utf-8")
    for command in (["check", "--select", RULES, "--ignore", "E501"], ["format", "--check"]):
        done = subprocess.run(
            [find_ruff_bin(), *command, "--isolated", "--no-cache", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_texts_of_the_spec_stay_texts() -> None:
    source = emitted("everything")
    tree = ast.parse(source)
    assert ast.get_docstring(tree, clean=False) == HOSTILE
    assert not set(source) & {"\u202e", "\0", "\r"}
    imported = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported == {"math", "keras", "Input", "Model", "layers", "ops"}


def test_a_constructor_is_aliased_where_all_its_uses_share_a_literal() -> None:
    plan = resnet50()
    assert "BatchNorm = partial(layers.BatchNormalization, epsilon=1.001e-5)" in emit(plan, "")
    odd = layer("x", call("BatchNormalization"), "x", "last_bn")
    plan.units[-1].body.append(odd)
    source = emit(plan, "")
    assert "partial" not in source
    assert 'layers.BatchNormalization(epsilon=1.001e-5, name="conv1_bn")' in source


def test_an_argument_that_is_no_literal_is_never_in_an_alias() -> None:
    plan = resnet50()
    epsilon = symbol(1.001e-5, "classes / 1e8")
    plan.units[-1].body += [
        layer("x", call("LayerNormalization", optional=(("epsilon", epsilon, 1e-3),)), "x", local)
        for local in ("a", "b", "c")
    ]
    assert "LayerNorm =" not in emit(plan, "")


@pytest.mark.parametrize("name", ["BatchNorm", "x"])
def test_an_alias_takes_no_name_of_the_plan(name: str) -> None:
    plan = resnet50()
    plan.units[0].name = name
    assert ("BatchNorm = partial" in emit(plan, "")) == (name != "BatchNorm")


@pytest.mark.parametrize("name", ["x y", "lambda", "naïve", "layers", "divisible", "ClassToken"])
def test_a_name_that_cannot_be_is_an_internal_error(name: str) -> None:
    plan = resnet50()
    plan.units[0].name = name
    with pytest.raises(AssertionError):
        emit(plan, "")


def test_code_that_is_no_identifier_cannot_slip_in() -> None:
    plan = resnet50()
    plan.knobs[0].default = ast.Name("print('harm')", ast.Load())
    with pytest.raises(AssertionError, match="harm"):
        emit(plan, "")


def test_functions_stand_before_the_tables_that_call_them() -> None:
    plan = resnet50()
    plan.functions = ("divisible",)
    assert emit(plan, "").index("def divisible") > emit(plan, "").index("GROUPS = ")
    plan.tables[0].rows = ((code("divisible(60)"), code("3"), code("1")),)
    assert emit(plan, "").index("def divisible") < emit(plan, "").index("GROUPS = ")


def test_a_model_that_needs_an_argument_is_not_run() -> None:
    plan = resnet50()
    plan.knobs.append(Parameter("width"))
    source = emit(plan, "")
    assert "def resnet50(width, classes=1000):" in source
    assert "__main__" not in source


def test_variables_of_loops_that_nothing_reads_are_marked() -> None:
    plan = resnet50()
    (loop,) = plan.units[1].body
    assert isinstance(loop, TableLoop)
    loop.body = [invoke("x", plan.units[2], "x", "'g'", filters="64", blocks="blocks", stride="1")]
    assert "for _filters, blocks, _stride in GROUPS:" in emit(plan, "")


@pytest.mark.parametrize(
    ("named", "local", "name"),
    [
        (True, "''", "name"),
        (True, "f'{kind}{1}'", 'f"{name}_{kind}1"'),
        (True, "kind", 'f"{name}_{kind}"'),
        (True, "'{}'", 'f"{name}_{{}}"'),
        (False, "kind", "kind"),
        (False, "f'{number}'", 'f"{number}"'),
        (False, "f'{number:g}'", 'f"{number:g}"'),
        (False, "f'{1}{\"st\"}'", '"1st"'),
        (False, "'it\\'s'", '"it\'s"'),
    ],
)
def test_names_of_layers(named: bool, local: str, name: str) -> None:
    plan = resnet50()
    statement = Apply("x", (RELU,), ("x",), code(local), "relu")
    unit: Unit[KerasCall] = Unit("unit", "block", ("x",), ("x",), named=named, body=[statement])
    plan.units.append(unit)
    assert f"x = layers.ReLU(name={name})(x)" in emit(plan, "")


def test_an_input_of_the_model_is_never_assigned_again() -> None:
    plan = resnet50()
    plan.main.append(Move("inputs", code("x")))
    with pytest.raises(AssertionError):
        emit(plan, "")


def test_what_the_source_imports_or_copies_is_reserved() -> None:
    assert {"keras", "partial", "PaddedMaxPooling", "_pads", "divisible", "name"} <= reserved()


def test_a_template_of_the_user_takes_the_place_of_one(tmp_path: Path) -> None:
    (tmp_path / "statements.jinja").write_text(
        "{% macro body(paths) %}\nx = ops.abs(math.pi)\n{% endmacro %}\n", "utf-8"
    )
    source = emit(resnet50(), "", templates=tmp_path)
    assert source.count("x = ops.abs(math.pi)") == 6
    # What they use is imported.
    assert source.startswith("import math\n")
    assert "from keras import Input, Model, layers, ops\n" in source


def test_templates_that_give_no_python_are_told(tmp_path: Path) -> None:
    (tmp_path / "statements.jinja").write_text("{% macro body(paths) %}\nx =\n{% endmacro %}\n")
    with pytest.raises(CompileError) as raised:
        emit(resnet50(), "", templates=tmp_path)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "template-error"
    assert diagnostic.span is not None
    assert diagnostic.span.text.strip() == "x ="


@pytest.mark.slow
def test_the_source_makes_the_resnet50_of_keras(tmp_path: Path) -> None:
    import keras
    import numpy as np

    ours = run(tmp_path, "resnet50")["resnet50"]()
    theirs = keras.applications.ResNet50(weights=None)
    assert {layer.name for layer in ours.layers} - {"input_layer"} == {
        layer.name for layer in theirs.layers if not layer.name.startswith("input_layer")
    }
    assert ours.count_params() == theirs.count_params() == 25_636_712
    for one in ours.layers:
        if one.weights:
            one.set_weights(theirs.get_layer(one.name).get_weights())
    images = np.random.default_rng(0).normal(size=(2, 224, 224, 3)).astype("float32")
    expected = theirs.predict(images, verbose=0)
    assert np.ptp(expected, axis=0).max() > 1e-6
    np.testing.assert_allclose(ours.predict(images, verbose=0), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.slow
def test_the_source_runs_with_several_inputs_and_outputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = run(tmp_path, "everything", "__main__")["model"]
    assert model.name == "every-thing.2"
    assert [tensor.name for tensor in model.inputs] == ["image", "mask"]
    assert model.output_shape == [(None, 17, 10), (None, 3)]
    names = [layer.name for layer in model.layers]
    assert [name for name in names if name.startswith("mlp_gelu")] == [
        "mlp_gelu",
        "mlp_gelu_leaky",
        "mlp_gelu_gelu1",
        "mlp_gelu_gate",
        "mlp_gelu_multiply",
        "mlp_gelu_dropout",
    ]
    printed = capsys.readouterr().out
    count = f"{model.count_params():,}"
    assert printed.startswith(f"every-thing.2: {count} parameters, {count} trainable\n")
    assert "[(None, 17, 10), (None, 3)]" in printed


def run(folder: Path, name: str, as_module: str = "emitted") -> dict[str, Any]:
    file = folder / "emitted.py"
    file.write_text(emitted(name), "utf-8")
    return runpy.run_path(str(file), run_name=as_module)
