"""What a network costs, by node, by stretch of nodes and in all."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from archc.analyses.conditions import DEFAULT_CONDITIONS, OPTIMIZERS, Conditions
from archc.analyses.views import is_view
from archc.elaborate.collector import collector_paused
from archc.graph import Graph
from archc.layers import Input, Layer, TensorShape

if TYPE_CHECKING:
    # Who only counts parameters does not wait for the rest to be loaded.
    from archc.analyses.backward import Needs, Saved
    from archc.analyses.liveness import Liveness
    from archc.analyses.moves import Number
    from archc.analyses.receptive_field import ReceptiveField


class NodeCost(NamedTuple):
    """The cost of one node, or of several together: everything that adds up.

    `params` counts the elements of all weights, batch-norm statistics included, as Keras does;
    `trainable` those that training changes; `macs` the multiply-adds of convolutions, dense
    layers and matrix products, for one sample; `moved` the elements of all inputs and outputs
    of the layers, for one sample, each layer by itself.
    """

    params: int
    trainable: int
    macs: int
    moved: int

    @property
    def flops(self) -> int:
        """Floating point operations: two for each multiply-add, no others."""
        return 2 * self.macs


class Costs(NamedTuple):
    """All that a stretch of nodes costs under some conditions. Memory is in bytes.

    `activation_memory` is the most that is held while one of its nodes runs, in the order of the
    whole network; `training_memory` all that its nodes keep for the backward pass. The two, and
    `macs` and `flops`, are for the whole batch. `receptive_field` and `stride` have a number for
    each axis of the input: those of what the stretch gives, by windows, and of the whole network
    the largest of all; `stride` is empty where a value has no place in the input; `sees_all`
    says that what the stretch gives sees all of the input. `arithmetic_intensity` is FLOPs for
    each byte that is moved: weights, inputs and outputs of each layer.
    """

    params: int
    trainable: int
    macs: int
    flops: int
    activation_memory: int
    training_memory: int
    weight_memory: int
    gradient_memory: int
    optimizer_memory: int
    receptive_field: tuple[int, ...]
    stride: tuple[float, ...]
    sees_all: bool
    arithmetic_intensity: float


@dataclass(frozen=True)
class Analysis:
    """The costs of a graph. What takes a walk over the whole graph is done when it is asked for."""

    graph: Graph = field(repr=False)
    nodes: tuple[NodeCost, ...]

    @property
    def total(self) -> NodeCost:
        return self.between(0, len(self.nodes))

    def between(self, start: int, stop: int) -> NodeCost:
        """What adds up of the nodes in `[start, stop)`."""
        part = self.nodes[start:stop]
        if len(part) == 1:
            return part[0]
        return NodeCost(
            sum([cost.params for cost in part]),
            sum([cost.trainable for cost in part]),
            sum([cost.macs for cost in part]),
            sum([cost.moved for cost in part]),
        )

    @cached_property
    def liveness(self) -> Liveness:
        """What is held while each node runs, for one sample, without training."""
        from archc.analyses.liveness import liveness

        return liveness(self.graph, self._needs)

    @cached_property
    def saved(self) -> tuple[Saved, ...]:
        """What training keeps of each node's work."""
        from archc.analyses.backward import saved_tensors

        return saved_tensors(self.graph, self._needs)

    @cached_property
    def receptive_fields(self) -> tuple[ReceptiveField, ...]:
        """What the values of each node see of the input."""
        from archc.analyses.receptive_field import receptive_fields

        return receptive_fields(self.graph)

    def costs(self, conditions: Conditions = DEFAULT_CONDITIONS) -> Costs:
        """What the whole network costs."""
        from archc.analyses.receptive_field import largest_field

        sizes, strides = largest_field(self.receptive_fields)
        sees_all = any(self.receptive_fields[o.node].sees_all for o in self.graph.outputs)
        return self._costs(0, len(self.nodes), sizes, strides, sees_all, conditions)

    def costs_between(
        self,
        start: int,
        stop: int,
        output: int | None = None,
        conditions: Conditions = DEFAULT_CONDITIONS,
    ) -> Costs:
        """What the nodes in `[start, stop)` cost; `output` is the node that gives their result,
        the last one where it is None.
        """
        seen = self.receptive_fields[stop - 1 if output is None else output]
        return self._costs(start, stop, seen.sizes, seen.strides, seen.sees_all, conditions)

    @cached_property
    def _needs(self) -> list[Needs]:
        from archc.analyses.backward import all_needs

        return all_needs(self.graph)

    def _costs(
        self,
        start: int,
        stop: int,
        sizes: tuple[int, ...],
        strides: tuple[Number, ...],
        sees_all: bool,
        conditions: Conditions,
    ) -> Costs:
        added = self.between(start, stop)
        batch, precision = conditions.batch, conditions.precision
        held = max(self.liveness.held[start:stop], default=0)
        moved = precision.activations * (added.params + batch * added.moved)
        return Costs(
            params=added.params,
            trainable=added.trainable,
            macs=batch * added.macs,
            flops=batch * added.flops,
            activation_memory=batch * precision.activations * held,
            training_memory=self._kept(start, stop, conditions),
            weight_memory=precision.weights * added.params,
            gradient_memory=precision.gradients * added.trainable,
            optimizer_memory=precision.slots * OPTIMIZERS[conditions.optimizer] * added.trainable,
            receptive_field=sizes,
            stride=tuple([float(stride) for stride in strides]),
            sees_all=sees_all,
            arithmetic_intensity=batch * added.flops / moved if moved else 0.0,
        )

    def _kept(self, start: int, stop: int, conditions: Conditions) -> int:
        """The bytes that the nodes in `[start, stop)` keep for the backward pass."""
        from archc.analyses.backward import together

        kept = together(self.saved[start:stop])
        numbers = conditions.batch * kept.elements + kept.shared
        return conditions.precision.activations * numbers + conditions.batch * kept.mask


@collector_paused()
def analyse(graph: Graph) -> Analysis:
    """The costs of a graph: parameters and multiply-adds at once, the rest when it is asked for."""
    return Analysis(graph, tuple(graph.each(layer_cost)))


@lru_cache(maxsize=8192)
def layer_cost(layer: Layer, inputs: tuple[TensorShape, ...]) -> NodeCost:
    """The cost of one layer on inputs of these shapes. Raises `ShapeError` if it does not fit."""
    weights = layer.weights(*inputs)
    moves_nothing = is_view(layer) or isinstance(layer, Input)
    elements = sum([shape.elements for shape in (*inputs, layer.output_shape(*inputs))])
    return NodeCost(
        sum([weight.size for weight in weights]),
        sum([weight.size for weight in weights if weight.trainable]),
        layer.macs(*inputs),
        0 if moves_nothing else elements,
    )
