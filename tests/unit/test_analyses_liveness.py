"""Peak activation memory against every order in which a network's layers can run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.analyses import analyse, schedule
from archc.analyses.liveness import _remembered
from archc.diagnostics import SourceText, Span
from archc.graph import Graph, Instance, Node, Output
from archc.layers import Activation, Concat, Dense, Flatten, Input, Layer, TensorShape

SPAN = Span(SourceText("", ""), 0, 0)
ROOT = Instance("model", "", "", None)


def graph(*steps: tuple[Layer, tuple[int, ...]], outputs: tuple[int, ...] = ()) -> Graph:
    """A network of vectors; each step says its layer and the positions that it takes."""
    nodes: list[Node] = []
    for layer, inputs in steps:
        shape = layer.output_shape(*[nodes[i].shape for i in inputs])
        nodes.append(Node(f"n{len(nodes)}", layer, inputs, shape, SPAN, ROOT))
    starts = tuple(i for i, node in enumerate(nodes) if isinstance(node.layer, Input))
    ends = outputs or (len(nodes) - 1,)
    named = tuple(Output(nodes[i].name, i) for i in ends)
    return Graph("g", "", tuple(nodes), starts, named, ROOT)


def orders(network: Graph) -> Iterator[list[int]]:
    """Every order of the nodes in which each comes after what it takes, the inputs first."""

    def extend(done: list[int]) -> Iterator[list[int]]:
        if len(done) == len(network.nodes):
            yield list(done)
        for i, node in enumerate(network.nodes):
            if i not in done and set(node.inputs) <= set(done):
                yield from extend([*done, i])

    yield from extend(list(network.inputs))


def peak_of(network: Graph, order: list[int]) -> int:
    """The peak by the definition alone: at each turn, all tensors made that are needed now or
    later, or are outputs."""
    final = {output.node for output in network.outputs}
    peak = sum(network.nodes[i].shape.elements for i in network.inputs)
    for turn in range(len(network.inputs), len(order)):
        coming = order[turn:]
        needed = {i for later in coming for i in network.nodes[later].inputs} | final
        held = [i for i in order[:turn] if i in needed] + [order[turn]]
        peak = max(peak, sum(network.nodes[i].shape.elements for i in held))
    return peak


@st.composite
def networks(draw: st.DrawFn, most: int) -> Graph:
    sides = draw(st.lists(st.integers(1, 9), min_size=1, max_size=2))
    steps: list[tuple[Layer, tuple[int, ...]]] = [(Input(shape=(side,)), ()) for side in sides]
    for _ in range(draw(st.integers(1, most))):
        before = list(range(len(steps)))
        if draw(st.booleans()):
            units = draw(st.integers(1, 9))
            steps.append((Dense(units=units), (draw(st.sampled_from(before)),)))
        else:
            count = draw(st.integers(2, 3))
            taken = draw(st.lists(st.sampled_from(before), min_size=count, max_size=count))
            steps.append((Concat(), tuple(taken)))
    # Elaboration leaves out what no output needs, so every end is an output here.
    taken_by_some = {i for _, inputs in steps for i in inputs}
    ends = [i for i in range(len(steps)) if i not in taken_by_some]
    also = draw(st.lists(st.sampled_from(range(len(steps))), max_size=1))
    return graph(*steps, outputs=tuple(dict.fromkeys([*ends, *also])))


@settings(max_examples=150, deadline=None)
@given(networks(most=7))
def test_no_order_of_a_small_network_has_a_lower_peak(network: Graph) -> None:
    found = analyse(network).liveness
    assert found.exact
    assert found.peak == min(peak_of(network, order) for order in orders(network))


@settings(max_examples=100, deadline=None)
@given(networks(most=14))
def test_the_order_has_the_peak_that_is_told(network: Graph) -> None:
    found = analyse(network).liveness
    order = [*network.inputs, *found.order]
    assert sorted(order) == list(range(len(network.nodes)))
    assert all(
        order.index(i) < order.index(node) for node in order for i in network.nodes[node].inputs
    )
    assert found.peak == peak_of(network, order)
    assert found.peak <= peak_of(network, list(range(len(network.nodes))))


@settings(max_examples=60, deadline=None)
@given(networks(most=7))
def test_without_a_search_the_order_is_still_one_that_runs(network: Graph) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "_MOST_STATES", 0)
        _remembered.cache_clear()
        found = analyse(network).liveness
        _remembered.cache_clear()
    peaks = [peak_of(network, order) for order in orders(network)]
    assert min(peaks) <= found.peak <= peak_of(network, list(range(len(network.nodes))))
    assert found.peak == min(peaks) or not found.exact


def test_a_shortcut_waits_until_it_is_needed() -> None:
    """The written order makes the wide shortcut first and holds it while the path runs."""
    network = graph(
        (Input(shape=(4,)), ()),
        (Dense(units=10), (0,)),
        (Dense(units=14), (0,)),
        (Dense(units=1), (2,)),
        (Concat(), (1, 3)),
    )
    found = analyse(network).liveness
    assert peak_of(network, [0, 1, 2, 3, 4]) == 4 + 10 + 14
    assert found.order == (2, 3, 1, 4)
    assert found.peak == 10 + 1 + 11  # the concatenation with its two inputs
    assert found.held == (4, 4 + 1 + 10, 4 + 14, 4 + 14 + 1, 10 + 1 + 11)


def test_a_view_takes_no_memory_and_keeps_its_tensor() -> None:
    flat = graph(
        (Input(shape=(2, 2, 3)), ()),
        (Activation(kind="relu"), (0,)),
        (Flatten(), (1,)),
        (Dense(units=5), (2,)),
    )
    assert analyse(flat).liveness.held == (12, 24, 0, 12 + 5)


def test_a_network_of_its_input_alone() -> None:
    assert analyse(graph((Input(shape=(7,)), ()))).liveness.peak == 7


def test_thousands_of_ready_layers_are_scheduled() -> None:
    steps: list[tuple[Layer, tuple[int, ...]]] = [(Input(shape=(3,)), ())]
    steps += [(Dense(units=2), (0,)) for _ in range(3_000)]
    steps.append((Concat(), tuple(range(1, 3_001))))
    found = analyse(graph(*steps)).liveness
    assert found.peak == 6_000 + 6_000
    assert TensorShape((6_000,)) == graph(*steps).nodes[-1].shape
