"""Calls evaluated where they stand: attributes to layers, ids to tensors, args to names."""

from __future__ import annotations

from math import trunc

from archc.diagnostics import CompileError, Span, one_of, renaming
from archc.elaborate.ids import id_problem
from archc.elaborate.program import Block, FileScope, LayerCall, RoleCall
from archc.elaborate.report import error, invalid_attributes
from archc.elaborate.scope import POISON, Frame, Stream, Tensor
from archc.elaborate.values import Value
from archc.layers import ACTIVATIONS, LAYERS, NORMS, ROLES, InvalidAttributes, Layer, make, spelled
from archc.spec import library_of, using_library

NO_LAYER = {"activation": "linear", "norm": "none"}
"""The kind of a role that makes no layer."""


def make_layer(call: LayerCall, span: Span, frame: Frame) -> Layer:
    """The layer of a call with its attributes evaluated. Raises `CompileError`."""
    if call.ready is not None:
        return call.ready
    given = {name: value.evaluate(frame) for name, value in call.defaults.items()}
    results = [(name, value.evaluate(frame)) for name, value in call.attributes.items()]
    given.update([pair for pair in results if pair[1] is not None])
    try:
        return make(call.verb, tuple([pair for pair in given.items() if pair[1] is not None]))
    except InvalidAttributes as problem:
        values = call.defaults | {k: call.attributes[k] for k, v in results if v is not None}
        raise CompileError(invalid_attributes(problem, values, span)) from None


def role_layer(call: RoleCall, span: Span, frame: Frame) -> Layer | None:
    """The layer that `norm` or `activation` stands for here; None for `linear` and `none`."""
    kind = call.kind.evaluate(frame) if call.kind is not None else None
    place = call.kind.span if call.kind is not None else span
    if kind is None:
        default = call.file.defaults.get(call.role, {}).get("kind")
        kind = default.evaluate(frame) if default is not None else ROLES[call.role]
        place = default.span if default is not None else span
    if kind == NO_LAYER[call.role]:
        return None
    if isinstance(kind, str) and kind in call.ready:
        return call.ready[kind]
    kinds = NORMS if call.role == "norm" else ACTIVATIONS
    if not isinstance(kind, str) or kind not in kinds:
        help_line = one_of(str(kind), (*kinds, NO_LAYER[call.role]), f"kinds of {call.role}")
        message = f"expected a kind of {call.role}, found {spelled(kind)}"
        fix = renaming(place, str(kind), (*kinds, NO_LAYER[call.role]))
        raise error("wrong-type", message, place, help_line, fix=fix)
    defaults = call.file.defaults.get(kind, {})
    layer = make_layer(LayerCall(LAYERS[kind], call.attributes, defaults), span, frame)
    if all(value.constant for value in (*defaults.values(), *call.attributes.values())):
        call.ready[kind] = layer
    return layer


def evaluate_id(value: Value, frame: Frame) -> str:
    """A step's id. Raises `CompileError` where it can't be a name."""
    identifier = str(value.evaluate(frame))
    problem = id_problem(identifier)
    if problem:
        raise error("bad-name", problem, value.span)
    return identifier


def resolve(value: Value, frame: Frame) -> Stream:
    """The tensors that `from:`, or an arg for an input, names. Raises `CompileError`."""
    found = value.evaluate(frame)
    if isinstance(found, Tensor):
        return (found,)
    if isinstance(found, str):
        return tagged(found, frame, value.span)
    message = f"expected the id of an earlier step, found {spelled(found)}"
    raise error("wrong-type", message, value.span)


def tagged(name: str, frame: Frame, span: Span) -> Stream:
    """The tensors of the step with this id. Raises `CompileError` where there is none."""
    if name in frame.tags:
        return frame.tags[name]
    if name in frame.inputs:
        return (frame.inputs[name],)
    if name == "input":
        return (next(iter(frame.inputs.values())),)
    if name in frame.left_out:
        raise error("unknown-id", f"the step `{name}` was left out by its `when`", span)
    known = sorted({"input", *frame.inputs, *frame.tags})
    help_line, fix = one_of(name, known, "ids here"), renaming(span, name, known)
    raise error("unknown-id", f"no earlier step has the id `{name}`", span, help_line, fix=fix)


def block_inputs(
    block: Block, given: dict[str, Tensor], stream: Stream, span: Span
) -> dict[str, Tensor]:
    """The block's inputs: those given by name, the others from the stream in order."""
    entering = {}
    flowing = iter(stream)
    for name in block.inputs:
        tensor = given[name] if name in given else next(flowing, None)
        if tensor is None and stream[0] is not POISON:
            come = "one tensor comes" if len(stream) == 1 else f"{len(stream)} tensors come"
            message = f"`{block.name}` needs its input `{name}`: {come} in here"
            raise error("missing-input", message, span, f"give it an id: `{name}: some_id`")
        entering[name] = tensor or POISON
    return entering


def bind(block: Block, arguments: dict[str, object], inner: Frame, span: Span) -> None:
    """Args as given, defaults where they are not: an arg that is null counts as not given."""
    inner.args.update({name: value for name, value in arguments.items() if value is not None})
    for name in block.arguments:
        if name in inner.args:
            continue
        default = block.defaults.get(name)
        if default is None:
            help_line = "`null` counts as not given"
            raise error("missing-arg", f"`{block.name}` needs `{name}`", span, help_line)
        inner.args[name] = default.evaluate(inner)


def resolve_verb(file: FileScope, value: Value, frame: Frame) -> Block | str:
    """The block, or the layer, that a group's `block:` names. Raises `CompileError`."""
    name = value.evaluate(frame)
    if isinstance(name, str) and name in file.blocks:
        return file.blocks[name]
    if isinstance(name, str) and name in LAYERS:
        return name
    library = library_of(str(name))
    help_line = f"a shipped library defines it: `use: [{library}]`"
    fix = using_library(str(name), value.span)
    if library is None:
        known = [*file.blocks, *LAYERS]
        help_line, fix = one_of(str(name), known, "blocks"), renaming(value.span, str(name), known)
    raise error("unknown-block", f"unknown block `{name}`", value.span, help_line, fix=fix)


def whole(value: object, name: str, span: Span, *, least: int) -> int:
    """A whole number, at least `least`; 4.0 is one, 4.5 and `true` are not."""
    if isinstance(value, float) and value.is_integer():
        value = trunc(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        message = f"`{name}`: expected a whole number of at least {least}, found {spelled(value)}"
        raise error("wrong-type", message, span)
    return value
