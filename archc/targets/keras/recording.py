"""The check of emitted Keras source: it is run, without Keras, and held against its graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from archc.emission.execution import STOPS, executed, explained, parsed, take_classes
from archc.emission.nonnegative import nonnegative
from archc.graph import Graph
from archc.targets.keras.lowered import LoweredNode, lower_graph
from archc.targets.keras.recording_forms import Known, Step, Steps, canonical
from archc.targets.keras.recording_signatures import bound, constructor_of
from archc.targets.keras.recording_stubs import Applied, LayerClass, Model, Tensor, modules

Names = tuple[str, ...]


def mismatches(
    source: str, graph: Graph, function: str, lowered: tuple[LoweredNode, ...] | None = None
) -> list[str]:
    """What the model that `function()` of a source makes has else than the graph; none is right.

    Layers that mean the same at the graph's sizes are no mismatch, nor are layers on which no
    output depends. Source that fails gives one mismatch: its error, with the line. `lowered` is
    the graph's `lower_graph`, where it is at hand.

    Raises `CompileError` where Keras lacks what the graph asks for.
    """
    lowered = lower_graph(graph) if lowered is None else lowered
    known = _known(graph, lowered)
    try:
        model = _model(source, known, function)
        inputs, outputs = _tensors(model.inputs), _tensors(model.outputs)
        made = _in_order([tensor.maker for tensor in (*inputs, *outputs)])
        ends = tuple([tensor.maker.name for tensor in outputs])
        found, given = canonical({applied.name: _step(applied) for applied in made}, ends, known)
    except STOPS as error:  # whatever the source raises, and whatever cannot be read in it
        return [explained(error)]
    expected, wanted = canonical(*_reference(graph, lowered), known)
    entries = tuple([graph.nodes[position].name for position in graph.inputs])
    return [
        *_repeated(made),
        *_differences(expected, found),
        *_ends("inputs", entries, tuple([tensor.maker.name for tensor in inputs]), model.inputs),
        *_ends("outputs", wanted, given, model.outputs),
        *([] if model.name == graph.name else [f"name: expected {graph.name}, found {model.name}"]),
    ]


def _known(graph: Graph, lowered: tuple[LoweredNode, ...]) -> Known:
    flags = nonnegative(graph)
    shapes = {call.name(made.node.name): made.node.shape for made in lowered for call in made.calls}
    gives = [_output(made) for made in lowered]
    return Known(
        shapes,
        frozenset([name for name, flag in zip(gives, flags, strict=True) if flag]),
        frozenset(graph.by_name),
    )


def _output(made: LoweredNode) -> str:
    """The name of the layer of Keras that gives what the node gives."""
    return made.calls[-1].name(made.node.name)


def _model(source: str, known: Known, function: str) -> Model:
    tree = parsed(source)
    # The only classes are copies of the layers that Keras lacks.
    own = take_classes(tree, lambda _name: True)
    given = {name: LayerClass(name, known.shapes.get) for name in own}
    namespace = executed(tree, modules(known.shapes.get), given)
    make = namespace.get(function)
    model = make() if callable(make) else None
    if not isinstance(model, Model):
        raise TypeError(f"`{function}()` makes no model")
    return model


def _tensors(given: object) -> list[Tensor]:
    tensors = given if isinstance(given, list) else [given]
    found = [tensor for tensor in tensors if isinstance(tensor, Tensor)]
    if len(found) != len(tensors):
        raise TypeError(f"a model has {given!r} for inputs or outputs")
    return found


def _in_order(ends: list[Applied]) -> list[Applied]:
    """All that the ends depend on, each once, after what it depends on itself."""
    made: dict[Applied, None] = {}
    pending = list(reversed(ends))
    while pending:
        applied = pending[-1]
        missing = [source for source in applied.inputs if source not in made]
        if missing and applied not in made:
            pending += reversed(missing)
        else:
            made.setdefault(pending.pop())
    return list(made)


def _step(applied: Applied) -> Step:
    return Step(
        applied.constructor,
        bound(applied.constructor, applied.positional, applied.keywords),
        applied.feed,
        tuple([source.name for source in applied.inputs]),
    )


def _reference(graph: Graph, lowered: tuple[LoweredNode, ...]) -> tuple[Steps, Names]:
    """The layers of the builder, and the names of those that give the outputs."""
    needed = {*graph.inputs, *[output.node for output in graph.outputs]}
    for position in range(len(graph) - 1, -1, -1):
        if position in needed:
            needed.update(graph.nodes[position].inputs)
    steps: Steps = {}
    for made in [made for position, made in enumerate(lowered) if position in needed]:
        inputs = tuple([_output(lowered[source]) for source in made.node.inputs])
        for call in made.calls:
            name, constructor = call.name(made.node.name), constructor_of(call)
            fed = inputs * 2 if call.feed == "twice" else inputs
            arguments = bound(constructor, (), dict(call.arguments))
            steps[name] = Step(constructor, arguments, call.feed, fed)
            inputs = (name,)
    return steps, tuple([_output(lowered[output.node]) for output in graph.outputs])


def _repeated(made: list[Applied]) -> list[str]:
    counts = Counter([applied.name for applied in made])
    return [
        f"{name or 'without a name'}: {count} layers" for name, count in counts.items() if count > 1
    ]


def _differences(expected: Steps, found: Steps) -> Iterator[str]:
    for name, wanted in expected.items():
        step = found.get(name)
        if step is None:
            yield f"{name}: missing, expected {_shown(wanted)}"
        elif step != wanted:
            yield f"{name}: expected {_shown(wanted, step)}, found {_shown(step, wanted)}"
    for name, step in found.items():
        if name not in expected:
            yield f"{name}: not in the graph, found {_shown(step)}"


def _shown(step: Step, other: Step | None = None) -> str:
    """A layer in one line; of its arguments only what another of its class has not the same.

    An argument that it is not given stands by its name alone.
    """
    given = step.arguments
    names = list(given)
    if other is not None and other.constructor == step.constructor:
        both = {**given, **other.arguments}
        names = [name for name in both if given.get(name) != other.arguments.get(name)]
    listed = _joined([f"{name}={given[name]!r}" if name in given else name for name in names])
    sources = _joined(step.inputs)
    on = {"tensor": sources, "list": f"[{sources}]", "twice": f"{sources} as arguments"}
    return f"{step.constructor}({listed}) on {on[step.feed]}"


def _ends(what: str, expected: Names, found: Names, given: object) -> list[str]:
    if expected != found:
        return [f"{what}: expected {_joined(expected)}, found {_joined(found)}"]
    if isinstance(given, list) != (len(expected) > 1):
        return [f"{what}: expected {'a list' if len(expected) > 1 else 'no list'}"]
    return []


def _joined(names: Iterable[str]) -> str:
    return ", ".join(names)
