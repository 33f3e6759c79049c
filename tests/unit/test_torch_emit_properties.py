"""Whatever a plan does, the printed class does the same."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from archc.emission.plan import (
    Apply,
    Branch,
    CountLoop,
    Invoke,
    Local,
    Move,
    Parameter,
    Plan,
    Table,
    TableLoop,
)
from archc.targets.torch.emit import CannotPrint, emit, main_class
from archc.targets.torch.lowering.call import TorchCall
from tests.torch_plans import Body, Layers, code, network, of, unit

torch = pytest.importorskip("torch")
from torch import nn

from tests.torch_meaning import meant, weighted

TABLE = Table("ROWS", ("width", "deep"), ((code("1"), code("True")), (code("2"), code("False"))))
NAMES = ("x", "y", "z")


class Drawing:
    """Draws bodies in which every tensor and number that is read has a value."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._parts = 0

    def body(self, known: set[str], numbers: list[str], loops: list[str], depth: int) -> Body:
        known, made = set(known), []
        for _ in range(self._draw(st.integers(1, 4))):
            made.append(self._statement(known, numbers, loops, depth))  # noqa: PERF401
        return made

    def _statement(self, known: set[str], numbers: list[str], loops: list[str], depth: int):  # type: ignore[no-untyped-def]
        kinds = ["module", "module", "relu", "add", "move", "choose", "local"]
        if depth:
            # Ids are unique: no loop over a table is inside of another over the same.
            kinds += ["branch", "branch", "count", *(["table"] if "width" not in loops else [])]
        kind = self._draw(st.sampled_from(kinds))
        if kind == "local":
            name = self._draw(st.sampled_from(numbers))
            return Local(name, code(f"{name} % 3 + 1"))
        if kind == "branch":
            return Branch(
                self._condition(numbers, loops), self.body(known, numbers, loops, depth - 1)
            )
        if kind == "count":
            loop = f"round{len(loops)}"
            body = self.body(known, numbers, [*loops, loop], depth - 1)
            return CountLoop(loop, code("1"), code(f"{self._number(numbers)} + 1"), body)
        if kind == "table":
            counted = f"round{len(loops)}" if self._draw(st.booleans()) else None
            inner = [*loops, "width", *([counted] if counted else [])]
            return TableLoop(TABLE, counted, 1, self.body(known, numbers, inner, depth - 1))
        return self._tensor(kind, known, numbers, loops)

    def _tensor(self, kind: str, known: set[str], numbers: list[str], loops: list[str]):  # type: ignore[no-untyped-def]
        source, other = self._read(known), self._read(known)
        if kind == "choose":
            both = ast.IfExp(self._condition(numbers, loops), ast.Name(source), ast.Name(other))
            return Move(self._write(known), both)
        if kind == "move":
            return Move(self._write(known), ast.Name(source))
        local = self._local(loops)
        if kind == "add":
            call = TorchCall(expression="{0} - 2 * {1}")
            return Apply(self._write(known), (call,), (source, other), local, "add")
        if kind == "relu":
            relu = TorchCall("nn.Softsign", expression="F.softsign({0})")
            return Apply(self._write(known), (relu,), (source,), local, "relu")
        slope = of(f"{self._number([*numbers, *loops])} / {self._parts + 2}")
        call = TorchCall("nn.LeakyReLU", (("negative_slope", slope),))  # type: ignore[arg-type]
        return Apply(self._write(known), (call,), (source,), local, "leaky_relu")

    def _local(self, loops: list[str]) -> ast.expr:
        self._parts += 1
        inserted = "_".join(f"{{{name}}}" for name in loops)
        stem = self._draw(st.sampled_from(["part{}", "{}_part", "{}"])).format(self._parts)
        if self._draw(st.booleans()):
            return code(f'f"g{{many}}_{stem}_{inserted}"')
        return code(f'f"{stem}_{inserted}"') if loops else ast.Constant(stem)

    def _condition(self, numbers: list[str], loops: list[str]) -> ast.expr:
        return code(
            self._draw(st.sampled_from(["{} > 1", "{} % 2 == 0", "{}"])).format(
                self._number([*numbers, *loops])
            )
        )

    def _number(self, numbers: list[str]) -> str:
        return self._draw(st.sampled_from(numbers))

    def _read(self, known: set[str]) -> str:
        return self._draw(st.sampled_from(sorted(known)))

    def _write(self, known: set[str]) -> str:
        name = self._draw(st.sampled_from(NAMES))
        known.add(name)
        return name


@st.composite
def plans(draw: st.DrawFn) -> Plan[TorchCall]:
    drawing = Drawing(draw)
    inputs = ("x", "y")[: draw(st.integers(1, 2))]
    body = drawing.body(set(inputs), ["few", "many"], [], 3)
    parameters = [Parameter("few"), Parameter("many", code("2"))]
    block: Layers = unit("block", body, " ".join(inputs), " ".join(inputs))
    block.parameters = parameters
    arguments = {"few": draw(st.sampled_from([code("0"), code("1"), code("3"), code("knob")]))}
    main: Body = [Invoke(inputs, block, inputs, arguments, None, "block")]
    return network(
        "drawn",
        main,
        [block],
        tables=[TABLE],
        knobs={"knob": "2"},
        inputs=dict.fromkeys(inputs, "(4,)"),
        outputs=" ".join(inputs),
    )


@settings(max_examples=300)
@given(plans())
def test_a_class_does_what_its_plan_says(plan: Plan[TorchCall]) -> None:
    inputs = [
        torch.linspace(-3 + n, 2 + n, 8, dtype=torch.float64).reshape(2, 4)
        for n, _ in enumerate(plan.entries)
    ]
    try:
        source = emit(plan, "")
    except CannotPrint:
        reject()
    namespace: dict[str, object] = {"__name__": "emitted"}
    exec(source, namespace)
    made = namespace[main_class(plan)]
    assert isinstance(made, type)
    model = made()
    assert isinstance(model, nn.Module)
    found = weighted(model)(*inputs)
    expected = meant(plan, *inputs)
    found = found if isinstance(found, tuple) else (found,)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
