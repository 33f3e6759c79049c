"""Spec → Graph: link the names, carry out the three components, keep what reaches an output."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from archc.diagnostics import CompileError, Diagnostic, Findings, Span
from archc.elaborate.collector import collector_paused
from archc.elaborate.group_values import GroupValues
from archc.elaborate.instantiate import resolve, whole
from archc.elaborate.interpret import Interpreter
from archc.elaborate.link import link
from archc.elaborate.network import Network, TooLarge
from archc.elaborate.program import INPUT, Groups, MergeCall, Program, Step, Steps
from archc.elaborate.prune import prune
from archc.elaborate.replay import ReplayingInterpreter
from archc.elaborate.report import error
from archc.elaborate.scope import POISON, Frame, Stream, Tensor
from archc.elaborate.values import Poisoned, compile_text, compile_value
from archc.expressions import shared_steps
from archc.graph import Graph, Instance, Output
from archc.layers import TensorShape, spelled
from archc.source import Mapping, Sequence
from archc.source import Node as Tree
from archc.spec import SPEC_NAME, Assembled, SpecDocument, identifier_problem

if TYPE_CHECKING:
    from archc.elaborate.record import Body


def elaborate(assembled: Assembled, *, features: bool = False) -> Graph:
    """The graph of a spec; with `features` its outputs are those of its groups.

    Raises `CompileError` with every independent error of all the spec's files.
    """
    findings = Findings()
    with collector_paused(), shared_steps():
        frame = _frame_or_report(assembled, findings)
        program = link(assembled, findings, frame)
        graph = None
        if frame is not None:
            interpreter = ReplayingInterpreter(findings)
            graph = _Elaboration(assembled, program, findings, frame, interpreter).run(features)
    findings.raise_if_any()
    assert graph is not None
    return graph


def elaborate_recorded(assembled: Assembled) -> Recorded:
    """The graph of a spec with the record of how it came about. Raises `CompileError`."""
    from archc.elaborate.record import RecordingInterpreter

    findings = Findings()
    with collector_paused(), shared_steps():
        frame = _frame_or_report(assembled, findings)
        program = link(assembled, findings, frame)
        graph = None
        if frame is not None:
            interpreter = RecordingInterpreter(findings)
            elaboration = _Elaboration(assembled, program, findings, frame, interpreter)
            graph = elaboration.run(features=False)
    findings.raise_if_any()
    assert graph is not None
    assert frame is not None
    return Recorded(graph, assembled, program, frame, interpreter.bodies, elaboration.places)


def _frame_or_report(assembled: Assembled, findings: Findings) -> Frame | None:
    try:
        return spec_frame(assembled)
    except CompileError as problem:
        findings.extend(problem.diagnostics)
        return None


class Recorded(NamedTuple):
    """A graph and how it came about.

    `bodies` are the records of the components; `places` lead from a tensor's node to its position
    in the graph, if it is there; `frame` has the spec's args, inputs and tags.
    """

    graph: Graph
    assembled: Assembled
    program: Program
    frame: Frame
    bodies: list[Body]
    places: dict[int, int]


class _Elaboration:
    def __init__(
        self,
        assembled: Assembled,
        program: Program,
        findings: Findings,
        frame: Frame,
        interpreter: Interpreter,
    ) -> None:
        self._assembled = assembled
        self._document = assembled.document
        self._program = program
        self._findings = findings
        self._interpreter = interpreter
        self.places: dict[int, int] = {}
        self._frame = frame
        self._root = frame.instance

    def run(self, features: bool) -> Graph | None:
        name = self._name()
        about = self._text("about")
        try:
            add_inputs(self._document, self._interpreter.network, self._frame)
            stream = self._run_components((next(iter(self._frame.inputs.values())),))
            outputs = self._features() if features else self._outputs(stream)
        except CompileError as problem:
            self._findings.extend(problem.diagnostics)
            return None
        except (Poisoned, TooLarge):
            return None
        if len(self._findings):
            return None
        # Without this a fault of ours could pass for a smaller network.
        assert all(tensor.shape is not None for tensor in outputs), "poisoned without a finding"
        return self._graph(name, about, outputs)

    def _name(self) -> str:
        if self._document.name is None:
            return self._assembled.place.path.stem
        name = self._text("name")
        if name and not SPEC_NAME.fullmatch(name):
            message = f"expected a name of letters, digits, `_`, `-` and `.`, found `{name[:60]}`"
            self._findings.add(Diagnostic("bad-name", message, self._document.name.span))
        return name

    def _text(self, key: Literal["name", "about"]) -> str:
        """The document's text under a key; what is wrong with it goes to the findings."""
        node: Tree | None = getattr(self._document, key)
        if node is None:
            return ""
        try:
            return str(compile_text(node, key).evaluate(self._frame))
        except CompileError as problem:
            self._findings.extend(problem.diagnostics)
            return ""

    def _run_components(self, stream: Stream) -> Stream:
        interpreter = self._interpreter
        for name, steps, span in self._program.components:
            if name == "learner":
                interpreter.learner_total = partial(self._learner_total, steps)
            run = partial(interpreter.run_steps, steps, stream, self._frame)
            stream = interpreter.within("component", name, name, span, self._frame, run)
            interpreter.learner_total = None
        return stream

    def _learner_total(self, steps: tuple[Step, ...]) -> int:
        """The number of blocks of all groups of the learner; counted once, when asked for."""
        total = learner_blocks(steps, self._frame)
        self._interpreter.learner_total = lambda: total
        return total

    def _outputs(self, stream: Stream) -> list[Tensor]:
        if not self._program.outputs:
            return [stream[0]]
        outputs: dict[Tensor, None] = {}
        for value in self._program.outputs:
            tensor = resolve(value, self._frame)[0]
            if tensor in outputs and tensor is not POISON:
                message = "two outputs are one tensor"
                raise error("duplicate-name", message, value.span, "name each output once")
            outputs[tensor] = None
        return list(outputs)

    def _features(self) -> list[Tensor]:
        if not self._interpreter.group_outputs:
            message = "`--features` taps every group's output, and the spec has no groups"
            raise error("no-groups", message, _key_span(self._document.origin))
        return list(dict.fromkeys(self._interpreter.group_outputs))

    def _graph(self, name: str, about: str, outputs: list[Tensor]) -> Graph:
        nodes = self._interpreter.network.nodes
        kept, places = prune(nodes, [tensor.node for tensor in outputs], self._root)
        self.places = places
        inputs = tuple([places[tensor.node] for tensor in self._frame.inputs.values()])
        ends = tuple(Output(nodes[t.node].name, places[t.node]) for t in outputs)
        return Graph(name, about, kept, inputs, ends, self._root)


def add_inputs(document: SpecDocument, network: Network, frame: Frame) -> None:
    """The network's inputs as nodes and as names. Raises `CompileError`."""
    node = document.input
    named: dict[str, Tree] = {INPUT: node}
    if isinstance(node, Mapping):
        named = {key: entry.value for key, entry in node.entries.items()}
    if not named:
        raise error("wrong-type", "expected at least one input", node.span)
    for name, tree in named.items():
        problem = identifier_problem(name) if name != INPUT else ""
        if problem and isinstance(node, Mapping):
            raise error("bad-name", problem, node.entries[name].key_span)
        shape = _shape(name, tree, frame)
        frame.inputs[name] = network.add_input(name, shape, tree.span, frame.instance)


def _shape(name: str, tree: Tree, frame: Frame) -> TensorShape:
    value = compile_value(tree, name).evaluate(frame)
    if not isinstance(value, tuple) or not 1 <= len(value) <= 4:
        message = f"`{name}`: expected the sides and the channels, such as `[224, 224, 3]`"
        raise error("wrong-type", f"{message}, found {spelled(value)}", tree.span)
    # Sides that an expression gives have no places of their own.
    items = tree.items if isinstance(tree, Sequence) else (tree,) * len(value)
    places = zip(value, items, strict=True)
    return TensorShape([whole(side, name, item.span, least=1) for side, item in places])


def spec_frame(assembled: Assembled) -> Frame:
    """The spec's own names: its variant, then its args in order, each seeing those before it."""
    document = assembled.document
    root = Instance("model", "", "", document.origin.span)
    frame = Frame({"variant": assembled.variant}, {}, "", root, ())
    for name, node in document.args.items():
        result = compile_value(node, name).evaluate(frame)
        if result == "required":
            variants = [variant for variant, given in document.variants.items() if name in given]
            helps = [f"choose a variant: {', '.join(variants)}"] if variants else []
            helps.append(f"give it: `--set {name}=…`")
            raise error("missing-arg", f"the spec needs its arg `{name}`", node.span, *helps)
        frame.args[name] = result
    return frame


def learner_blocks(steps: tuple[Step, ...], frame: Frame) -> int:
    """The number of blocks of all groups among the learner's steps. Raises `CompileError`."""
    return sum(_blocks(step, frame) for step in steps)


def _blocks(step: Step, frame: Frame) -> int:
    """The number of blocks of one step. What hangs on tensors counts as carried out once."""
    known = frame.args.keys()
    when, times = step.when, 1
    if when is not None and when.free_names <= known and not when.evaluate(frame):
        return 0
    if step.repeat is not None and step.repeat.free_names <= known:
        times = whole(step.repeat.evaluate(frame), "repeat", step.repeat.span, least=0)
    match step.action:
        case Groups() as groups:
            return times * sum(GroupValues(groups, frame).block_counts())
        case Steps(steps):
            return times * learner_blocks(steps, frame)
        case MergeCall(_, paths):
            return times * sum(learner_blocks(path.steps, frame) for path in paths)
        case _:
            return 0


def _key_span(origin: Mapping) -> Span:
    entry = origin.entries.get("learner")
    return entry.key_span if entry else origin.span
