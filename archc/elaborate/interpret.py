"""Program → nodes: an interpreter of steps, blocks, merges and layers.

A step that fails reports why and gives a poisoned tensor; what hangs on that tensor is still
checked as far as it can be, and says nothing more about it. So independent errors are all told
in one run, and none twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from archc.diagnostics import CompileError, Diagnostic, Findings, Related, Span
from archc.elaborate.limits import MAX_DEPTH, MAX_NODES, MAX_STEPS
from archc.elaborate.link_steps import id_problem
from archc.elaborate.program import (
    Block,
    BlockCall,
    FileScope,
    Groups,
    LayerCall,
    MergeCall,
    RoleCall,
    Step,
    Steps,
)
from archc.elaborate.report import error, invalid_attributes, located, merge_error, shape_error
from archc.elaborate.scope import POISON, POISONED, Frame, Poisoned, Position, Stream, Tensor
from archc.elaborate.values import Constant, Value
from archc.graph import Instance, InstanceKind, Node
from archc.layers import (
    ACTIVATIONS,
    LAYERS,
    NORMS,
    ROLES,
    InvalidAttributes,
    Layer,
    ShapeError,
    make,
)
from archc.diagnostics import one_of

NO_LAYER = {"activation": "linear", "norm": "none"}
"""The kind of a role that makes no layer."""


class TooLarge(Exception):
    """A limit is passed: the rest of the network is not elaborated."""


class Interpreter:
    """Carries out steps; nodes, findings and the tree of instances grow as it goes."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.nodes: list[Node] = []
        self.names: dict[str, Span] = {}
        self.group_outputs: list[Tensor] = []
        self.learner_position = 0
        self.learner_total: Callable[[], int] | None = None
        self._steps_done = 0
        self._depth = 0

    def run_steps(self, steps: tuple[Step, ...], stream: Stream, frame: Frame) -> Stream:
        for step in steps:
            stream = self.run_step(step, stream, frame)
        return stream

    def run_step(self, step: Step, stream: Stream, frame: Frame) -> Stream:
        try:
            return self._run_step(step, stream, frame)
        except Poisoned:
            self._poison_tag(step, frame)
            return POISONED
        except CompileError as problem:
            self.report(problem, frame)
            self._poison_tag(step, frame)
            return POISONED

    def report(self, problem: CompileError, frame: Frame) -> None:
        self.findings.extend(located(each, frame.instance) for each in problem.diagnostics)

    def _poison_tag(self, step: Step, frame: Frame) -> None:
        if isinstance(step.id, Constant):
            frame.tags[str(step.id.value)] = POISONED

    def _run_step(self, step: Step, stream: Stream, frame: Frame) -> Stream:
        if step.when is not None and not self._holds(step, stream, frame):
            self._leave_out(step, frame)
            return stream
        if step.source is not None:
            stream = self.resolve(step.source, frame)
        if step.repeat is None:
            return self._run_once(step, stream, frame)
        return self._run_repeated(step, stream, frame)

    def _run_repeated(self, step: Step, stream: Stream, frame: Frame) -> Stream:
        frame.here = stream
        count = self._repeat_count(step, frame)
        outer = frame.context
        try:
            for index in range(count):
                frame.context = {**outer, "repeat": Position(index, count)}
                stream = self._run_once(step, stream, frame)
        finally:
            frame.context = outer
        return stream

    def _repeat_count(self, step: Step, frame: Frame) -> int:
        assert step.repeat is not None
        return whole(step.repeat.evaluate(frame), "repeat", step.repeat.span, least=0)

    def _holds(self, step: Step, stream: Stream, frame: Frame) -> bool:
        assert step.when is not None
        frame.here = stream
        if step.source is not None and "here" in step.when.free_names:
            frame.here = self.resolve(step.source, frame)
        value = step.when.evaluate(frame)
        if isinstance(value, str | tuple):
            message = "expected a condition that is true or false"
            raise error("wrong-type", message, step.when.span, "write `when: =stride > 1`")
        return bool(value)

    def _run_once(self, step: Step, stream: Stream, frame: Frame) -> Stream:
        self._count_step(step.span)
        frame.here = stream
        action = step.action
        identifier = self._identifier(step, frame)
        if action is None:
            result = stream
        elif isinstance(action, LayerCall):
            result = self._run_layer(action, step, identifier, stream, frame)
        elif isinstance(action, BlockCall):
            result = self._run_block_step(action, step, identifier, stream, frame)
        elif isinstance(action, MergeCall):
            result = self._run_merge(action, step, identifier, stream, frame)
        elif isinstance(action, RoleCall):
            result = self._run_role(action, step, identifier, stream, frame)
        elif isinstance(action, Steps):
            result = self._run_sequence(action, step, stream, frame)
        else:
            result = self._run_groups(action, step, stream, frame)
        if step.id is not None:
            frame.tags[identifier] = result
        return result

    def _identifier(self, step: Step, frame: Frame) -> str:
        """The step's own id, or its verb with a number; sequences have none unless they say."""
        if step.id is not None:
            if isinstance(step.id, Constant):
                return str(step.id.value)
            return self.evaluate_id(step.id, frame)
        if step.action is None or isinstance(step.action, Steps | Groups):
            return ""
        return frame.count(step.verb)

    def evaluate_id(self, value: Value, frame: Frame) -> str:
        identifier = str(value.evaluate(frame))
        problem = id_problem(identifier)
        if problem:
            raise error("bad-name", problem, value.span)
        return identifier

    def _run_layer(
        self, call: LayerCall, step: Step, identifier: str, stream: Stream, frame: Frame
    ) -> Stream:
        layer = call.ready
        if layer is None:
            layer = self.make_layer(call, step.span, frame)
        return self.add_layer(layer, frame.full(identifier), step.span, stream, frame)

    def make_layer(self, call: LayerCall, span: Span, frame: Frame) -> Layer:
        values = dict(call.defaults)
        given = {name: value.evaluate(frame) for name, value in call.defaults.items()}
        for name, value in call.attributes.items():
            result = value.evaluate(frame)
            if result is not None:
                given[name] = result
                values[name] = value
        try:
            return make(call.verb, tuple((k, v) for k, v in given.items() if v is not None))
        except InvalidAttributes as problem:
            raise CompileError(invalid_attributes(problem, values, span)) from None

    def add_layer(
        self, layer: Layer, name: str, span: Span, stream: Stream, frame: Frame
    ) -> Stream:
        """The layer as a node on the first tensor of the stream."""
        if getattr(layer, "rate", 1) == 0:
            return stream[:1]
        shape = stream[0].shape
        if shape is None:
            raise Poisoned
        try:
            result = layer.output_shape(shape)
        except ShapeError as problem:
            diagnostic = shape_error(problem, span, (shape,))
            self.findings.add(located(diagnostic, frame.instance))
            if problem.shape is None:
                return POISONED
            result = problem.shape
        return (self._add_node(Node(name, layer, (stream[0].node,), result, span, frame.instance)),)

    def _add_node(self, node: Node) -> Tensor:
        if not node.name:
            raise error("bad-name", 'a layer without a name: `id: ""` has no scope here', node.span)
        first = self.names.setdefault(node.name, node.span)
        if len(self.names) == len(self.nodes):
            related = (Related(first, "first used here"),) if first != node.span else ()
            message = f"two layers have the name `{node.name}`"
            help_line = (
                "give each an `id` of its own, such as `id: conv$(repeat.number)` in a repeat"
            )
            self.findings.add(
                Diagnostic(
                    "duplicate-name",
                    message,
                    node.span,
                    related=related,
                    trail=node.instance.trail,
                    helps=(help_line,),
                )
            )
            self.names[f"{node.name}\0{len(self.nodes)}"] = node.span
        if len(self.nodes) >= MAX_NODES:
            raise self._too_large(f"the network has more than {MAX_NODES:,} layers", node.span)
        self.nodes.append(node)
        return Tensor(len(self.nodes) - 1, node.shape)

    def _run_role(
        self, call: RoleCall, step: Step, identifier: str, stream: Stream, frame: Frame
    ) -> Stream:
        kind = call.kind.evaluate(frame) if call.kind is not None else None
        span = call.kind.span if call.kind is not None else step.span
        if kind is None:
            default = call.file.defaults.get(call.role, {}).get("kind")
            kind = default.evaluate(frame) if default is not None else ROLES[call.role]
        if kind == NO_LAYER[call.role]:
            return stream[:1]
        kinds = NORMS if call.role == "norm" else ACTIVATIONS
        if kind not in kinds:
            help_line = one_of(str(kind), (*kinds, NO_LAYER[call.role]), f"kinds of {call.role}")
            raise error("wrong-type", f"unknown {call.role} `{kind}`", span, help_line)
        defaults = call.file.defaults.get(kind, {})
        layer = self.make_layer(LayerCall(LAYERS[kind], call.attributes, defaults), span, frame)
        return self.add_layer(layer, frame.full(identifier), step.span, stream, frame)

    def _run_merge(
        self, merge: MergeCall, step: Step, identifier: str, stream: Stream, frame: Frame
    ) -> Stream:
        ends: list[Tensor] = []
        for path in merge.paths:
            run = partial(self.run_steps, path.steps, stream, frame)
            ends.append(self.within("path", path.name, frame.prefix, path.span, frame, run)[0])
        if any(end.shape is None for end in ends):
            return POISONED
        shapes = tuple(end.shape for end in ends if end.shape is not None)
        try:
            shape = merge.layer.output_shape(*shapes)
        except ShapeError as problem:
            raise CompileError([merge_error(problem, step.span, merge, shapes)]) from None
        inputs = tuple(end.node for end in ends)
        name = frame.full(identifier)
        return (self._add_node(Node(name, merge.layer, inputs, shape, step.span, frame.instance)),)

    def within(
        self,
        kind: InstanceKind,
        label: str,
        name: str,
        span: Span | None,
        frame: Frame,
        run: Callable[[], Stream],
    ) -> Stream:
        """Run something as a part of the network with a place of its own in the tree."""
        outer = frame.instance
        instance = Instance(kind, label, name, span, outer, start=len(self.nodes))
        outer.children.append(instance)
        frame.instance = instance
        try:
            result = run()
        finally:
            frame.instance = outer
            instance.stop = len(self.nodes)
        instance.output = result[0].node if result[0].shape is not None else None
        return result

    def _run_sequence(self, action: Steps, step: Step, stream: Stream, frame: Frame) -> Stream:
        if step.id is None:
            return self.run_steps(action.steps, stream, frame)
        run = partial(self.run_steps, action.steps, stream, frame)
        return self._scoped(step, frame, run)

    def _run_groups(self, groups: Groups, step: Step, stream: Stream, frame: Frame) -> Stream:
        from archc.elaborate.groups import GroupsRunner

        run = partial(GroupsRunner(self, groups, frame).run, stream)
        return run() if step.id is None else self._scoped(step, frame, run)

    def _scoped(self, step: Step, frame: Frame, run: Callable[[], Stream]) -> Stream:
        """A sequence with an id: a scope of names inside the body's scope of tensors."""
        identifier = self._identifier(step, frame)
        prefix, counters = frame.prefix, frame.counters
        frame.prefix, frame.counters = frame.full(identifier), {}
        try:
            return self.within("steps", identifier, frame.prefix, step.span, frame, run)
        finally:
            frame.prefix, frame.counters = prefix, counters

    def _run_block_step(
        self, call: BlockCall, step: Step, identifier: str, stream: Stream, frame: Frame
    ) -> Stream:
        block = call.block
        arguments: dict[str, object] = {}
        inputs: dict[str, Tensor] = {}
        for name, value in call.arguments.items():
            if name in block.inputs:
                inputs[name] = self.resolve(value, frame)[0]
            else:
                arguments[name] = value.evaluate(frame)
        label = identifier or step.verb
        return self.call_block(
            block, arguments, inputs, label, frame.full(identifier), step.span, stream, frame
        )

    def call_block(
        self,
        block: Block,
        arguments: dict[str, object],
        inputs: dict[str, Tensor],
        label: str,
        name: str,
        span: Span,
        stream: Stream,
        frame: Frame,
    ) -> Stream:
        """The block's body on the stream. `inputs` are those given by name; the others are
        taken from the stream in order. Raises `CompileError`.
        """
        self._refuse_recursion(block, span, frame)
        self._depth += 1
        instance = Instance("block", label, name, span, frame.instance, block.name, arguments)
        instance.start = len(self.nodes)
        frame.instance.children.append(instance)
        try:
            entering = self._inputs(block, inputs, span, stream)
            inner = Frame({}, entering, name, instance, stream, outer=frame)
            self._bind(block, arguments, inner, span)
            result = self.run_steps(block.steps, tuple(entering.values()), inner)
            if block.outputs:
                result = tuple([self._tag(output, inner, span)[0] for output in block.outputs])
        finally:
            self._depth -= 1
            instance.stop = len(self.nodes)
        instance.output = result[0].node if result[0].shape is not None else None
        return result

    def _inputs(
        self, block: Block, given: dict[str, Tensor], span: Span, stream: Stream
    ) -> dict[str, Tensor]:
        entering = {}
        flowing = list(stream)
        for position, name in enumerate(block.inputs):
            if name in given:
                entering[name] = given[name]
            elif position < len(flowing):
                entering[name] = flowing[position]
            elif stream[0] is POISON:
                entering[name] = POISON
            else:
                message = f"`{block.name}` needs its input `{name}`: one tensor comes in here"
                raise error("missing-input", message, span, f"give it an id: `{name}: some_id`")
        return entering

    def _bind(self, block: Block, arguments: dict[str, object], inner: Frame, span: Span) -> None:
        """Args as given, defaults where they are not: an arg that is null counts as not given."""
        for name in block.arguments:
            value = arguments.get(name)
            if value is None:
                default = block.defaults.get(name)
                if default is None:
                    message = f"`{block.name}` needs `{name}`"
                    raise error("missing-arg", message, span)
                value = default.evaluate(inner)
            inner.args[name] = value

    def _refuse_recursion(self, block: Block, span: Span, frame: Frame) -> None:
        outer: Instance | None = frame.instance
        while outer is not None:
            if outer.block == block.name and outer.kind == "block":
                message = f"`{block.name}` uses itself: blocks can't be recursive"
                help_line = "repeat steps with `repeat:`, blocks with `groups:`"
                raise error("recursion", message, span, help_line)
            outer = outer.parent
        if self._depth >= MAX_DEPTH:
            raise self._too_large(f"blocks stand more than {MAX_DEPTH} deep in one another", span)

    def resolve(self, value: Value, frame: Frame) -> Stream:
        """The tensors that `from:` or an arg for an input names."""
        found = value.evaluate(frame)
        if isinstance(found, Tensor):
            return (found,)
        if isinstance(found, str):
            return self._tag(found, frame, value.span)
        raise error("wrong-type", "expected the id of an earlier step", value.span)

    def _tag(self, name: str, frame: Frame, span: Span) -> Stream:
        if name in frame.tags:
            return frame.tags[name]
        if name in frame.inputs:
            return (frame.inputs[name],)
        if name == "input":
            return (next(iter(frame.inputs.values())),)
        if name in frame.left_out:
            message = f"the step `{name}` was left out by its `when`"
            raise error("unknown-id", message, span)
        known = sorted({"input", *frame.inputs, *frame.tags})
        help_line = one_of(name, known, "ids before this step")
        raise error("unknown-id", f"no earlier step has the id `{name}`", span, help_line)

    def _leave_out(self, step: Step, frame: Frame) -> None:
        """Count the names that a left-out step would have taken: `when` never renames others."""
        if isinstance(step.id, Constant):
            frame.left_out.add(str(step.id.value))
        if step.id is None and step.action is not None:
            if not isinstance(step.action, Steps | Groups):
                frame.count(step.verb)
        if isinstance(step.action, MergeCall):
            for path in step.action.paths:
                for inner in path.steps:
                    self._leave_out(inner, frame)
        elif isinstance(step.action, Steps) and step.id is None:
            for inner in step.action.steps:
                self._leave_out(inner, frame)

    def _count_step(self, span: Span) -> None:
        self._steps_done += 1
        if self._steps_done > MAX_STEPS:
            raise self._too_large(f"the network has more than {MAX_STEPS:,} steps", span)

    def _too_large(self, message: str, span: Span) -> TooLarge:
        self.findings.add(Diagnostic("too-large", message, span))
        return TooLarge()


def whole(value: object, name: str, span: Span, *, least: int) -> int:
    """A whole number, at least `least`; 4.0 is one, 4.5 and `true` are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        from archc.layers.invalid import spelled

        message = f"`{name}`: expected a whole number of at least {least}, found {spelled(value)}"
        raise error("wrong-type", message, span)
    return value


def resolve_verb(file: FileScope, name: object, span: Span) -> Block | str:
    """The block or the layer that a group's `block:` names."""
    if isinstance(name, str) and name in file.blocks:
        return file.blocks[name]
    if isinstance(name, str) and name in LAYERS:
        return name
    help_line = one_of(str(name), [*file.blocks, *LAYERS], "blocks")
    raise error("unknown-block", f"unknown block `{name}`", span, help_line)
