"""Trying new depths: a setting turns one published network into another, a row adds a group."""

from __future__ import annotations

import archc


def shape_of(graph: archc.Graph) -> list[tuple[object, ...]]:
    """All of a graph but its name and the places that it came from."""
    return [(node.name, node.layer, node.inputs, tuple(node.shape)) for node in graph]


def test_a_setting_makes_resnet101_of_resnet50() -> None:
    deeper = archc.load("resnet50").with_({"learner.groups[2].blocks": 23}).graph()
    assert shape_of(deeper) == shape_of(archc.load("resnet101").graph())


def test_settings_make_resnet152_of_resnet50() -> None:
    settings = {"learner.groups[1].blocks": 8, "learner.groups[2].blocks": 36}
    deeper = archc.load("resnet50").with_(settings).graph()
    assert shape_of(deeper) == shape_of(archc.load("resnet152").graph())


def test_one_more_row_is_a_fifth_strided_group() -> None:
    row = {"filters": 1024, "blocks": 2}
    graph = archc.load("resnet50").with_({"learner.groups[4]": row}).graph()
    learner = next(part for part in graph.root.children if part.label == "learner")
    sizes = [tuple(graph.nodes[group.output].shape) for group in learner.children]
    assert sizes == [(56, 56, 256), (28, 28, 512), (14, 14, 1024), (7, 7, 2048), (4, 4, 4096)]
    assert [block.block for block in learner.children[4].children] == [
        "projection_block",
        "identity_block",
    ]
    assert "conv6_block2_out" in graph.by_name
