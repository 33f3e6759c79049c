"""What a spec or a library comes to, as far as it comes to anything: a network, errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from archc.api import Spec
from archc.declared import check_declared
from archc.diagnostics import CompileError, Diagnostic, Findings
from archc.elaborate import elaborate
from archc.elaborate.elaborate import add_inputs, learner_blocks, spec_frame
from archc.elaborate.interpret import Interpreter
from archc.elaborate.link import link
from archc.elaborate.network import TooLarge
from archc.elaborate.scope import Stream
from archc.elaborate.values import Poisoned
from archc.graph import Graph
from archc.spec import Assembled


@dataclass(frozen=True, slots=True)
class Outcome:
    """The network as far as it goes, and what is wrong."""

    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]


def outcome(spec: Spec) -> Outcome:
    """What a spec comes to at its variant. Raises nothing."""
    try:
        assembled = spec.assembled
    except CompileError as error:
        return Outcome(None, error.diagnostics)
    try:
        graph = elaborate(assembled)
    except CompileError as error:
        return Outcome(sketch(assembled), error.diagnostics)
    try:
        check_declared(spec, graph)
        spec.check_contracts(graph)
    except CompileError as error:
        return Outcome(graph, error.diagnostics)
    return Outcome(graph, ())


def sketch(assembled: Assembled) -> Graph | None:
    """The network of a spec that is wrong, less what is; None where nothing is known of it."""
    findings = Findings()
    try:
        frame = spec_frame(assembled)
    except CompileError:
        return None
    interpreter = Interpreter(findings)
    try:
        program = link(assembled, findings, frame)
        add_inputs(assembled.document, interpreter.network, frame)
        stream: Stream = (next(iter(frame.inputs.values())),)
        for name, steps, span in program.components:
            in_learner = name == "learner"
            count = partial(learner_blocks, steps, frame)
            interpreter.learner_total = count if in_learner else None
            run = partial(interpreter.run_steps, steps, stream, frame)
            stream = interpreter.within("component", name, name, span, frame, run)
    except (CompileError, Poisoned, TooLarge):
        # What was there before is kept.
        pass
    return Graph("", "", tuple(interpreter.network.nodes), (), (), frame.instance)
