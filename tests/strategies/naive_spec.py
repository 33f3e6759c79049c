"""Whole specs in the naive elaboration: args, defaults, libraries, components, outputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from archc.diagnostics import SourceText
from archc.layers import LAYERS, ROLES
from archc.resources import specs_folder
from archc.source import Mapping, Node, Scalar, compose
from tests.strategies import naive_parts
from tests.strategies.naive import Elaboration
from tests.strategies.naive_parts import Data, File, Frame, Unit
from tests.strategies.values import Refused, Tensor, evaluate, text, whole

STYLE = frozenset({"bias", "padding", "init", "epsilon", "momentum", "scale", "center", "kind"})
LIBRARIES = ("blocks/conv.yaml", "blocks/residual.yaml", "blocks/mobile.yaml")


@dataclass(frozen=True)
class Network:
    """What a spec comes to: the nodes that the outputs need, by name in order."""

    name: str
    nodes: tuple[naive_parts.Node, ...]
    outputs: tuple[str, ...]

    def lines(self) -> list[tuple[str, object, tuple[str, ...], tuple[int, ...]]]:
        """Each node's name, layer, inputs by name, and shape."""
        names = {place: node.name for place, node in enumerate(self.nodes)}
        return [
            (node.name, node.layer, tuple(names[i] for i in node.inputs), tuple(node.shape))
            for node in self.nodes
        ]


def network(data: Data, variant: str | None = None) -> Network:
    """The network of a spec's data, at its first variant if none is named. Raises `Refused`."""
    frame = spec_frame(data, variant)
    elaboration = Elaboration()
    stream = enter(elaboration, frame, data["input"])
    for component in ("stem", "learner", "task"):
        stream = run_component(elaboration, frame, component, data.get(component), stream)
    outputs = [elaboration.source(name, frame)[0] for name in data.get("outputs", ())]
    ends = outputs or [stream[0]]
    if len(set(ends)) < len(ends):
        raise Refused("two outputs are one tensor")
    name = text(data["name"], frame.names() | {"variant": frame.context["variant"]})
    return _pruned(name, elaboration, ends)


def spec_frame(data: Data, variant: str | None = None) -> Frame:
    """The frame of a spec's own body, its blocks and defaults known. Raises `Refused`."""
    variants = data.get("variants", {})
    chosen = variant or next(iter(variants), "")
    file = File()
    frame = Frame(file, {}, {}, context={"variant": chosen})
    for key, value in {**data.get("args", {}), **variants.get(chosen, {})}.items():
        if value == "required":
            raise Refused(f"the spec lacks {key}")
        frame.args[key] = evaluate(value, key, frame.names())
    defaults = data.get("defaults", {})
    set_defaults(file, defaults, frame)
    style = _style(file.defaults)
    for library in data.get("use", ()):
        file.units |= library_file(library, style).units
    for key, body in data.get("define", {}).items():
        file.units[key] = Unit(key, body, file)
    return frame


def set_defaults(file: File, defaults: Data, frame: Frame) -> None:
    """The `defaults` of a file, worked out with the spec's args. Raises `Refused`."""
    for verb, given in defaults.items():
        table = (
            given
            if isinstance(given, dict)
            else {"kind" if verb in ROLES else LAYERS[verb].main: given}
        )
        file.defaults[verb] = {k: evaluate(v, k, frame.names()) for k, v in table.items()}


def library_file(reference: str, style: dict[str, dict[str, object]]) -> File:
    """A shipped library under the style of a spec."""
    data = _library(reference)
    file = File()
    set_defaults(file, data.get("defaults", {}), Frame(file, {}, {}))
    for verb, given in style.items():
        file.defaults[verb] = {**file.defaults.get(verb, {}), **given}
    for each in data.get("use", ()):
        file.units |= library_file(each, style).units
    for key, body in data["define"].items():
        file.units[key] = Unit(key, body, file)
    return file


def enter(elaboration: Elaboration, frame: Frame, given: object) -> tuple[Tensor]:
    """The inputs of a spec as nodes and names; the first of them flows."""
    shapes = given if isinstance(given, dict) else {"input": given}
    for name, value in shapes.items():
        sides = evaluate(value, name, frame.names())
        if not isinstance(sides, tuple):
            raise Refused(f"no shape: {sides!r}")
        shape = tuple([whole(side, 1) for side in sides])
        frame.inputs[name] = elaboration.add_input(name, shape)
    return (next(iter(frame.inputs.values())),)


def run_component(
    elaboration: Elaboration,
    frame: Frame,
    name: str,
    body: object,
    stream: tuple[Tensor, ...],
) -> tuple[Tensor, ...]:
    """One component on what flows. Raises `Refused`."""
    if not body:
        return stream
    steps = [{"groups": body}] if isinstance(body, dict) else body
    if name != "learner":
        return elaboration.steps(steps, stream, frame)
    start = elaboration.learner_position
    elaboration.learner_count = 10**6
    with elaboration.undone(frame):
        elaboration.steps(steps, stream, frame)
        total = elaboration.learner_position - start
    elaboration.learner_count = total
    result = elaboration.steps(steps, stream, frame)
    elaboration.learner_count = None
    return result


def _style(defaults: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    return {
        verb: {key: value for key, value in given.items() if key in STYLE}
        for verb, given in defaults.items()
    }


def _pruned(name: str, elaboration: Elaboration, ends: list[Tensor]) -> Network:
    nodes = elaboration.nodes
    keep = {end.node for end in ends} | {i for i, node in enumerate(nodes) if not node.inputs}
    for place in range(len(nodes) - 1, -1, -1):
        if place in keep:
            keep.update(nodes[place].inputs)
    order = sorted(keep)
    places = {old: new for new, old in enumerate(order)}
    kept = tuple(
        naive_parts.Node(
            nodes[i].name,
            nodes[i].layer,
            tuple(places[source] for source in nodes[i].inputs),
            nodes[i].shape,
        )
        for i in order
    )
    return Network(name, kept, tuple(nodes[end.node].name for end in ends))


@cache
def _library(reference: str) -> Data:
    written = (specs_folder() / reference).read_text(encoding="utf-8")
    data = plain(compose(SourceText(reference, written)))
    assert isinstance(data, dict)
    return data


def plain(node: Node) -> object:
    """A located tree as plain data."""
    if isinstance(node, Mapping):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    return node.value if isinstance(node, Scalar) else [plain(item) for item in node.items]
