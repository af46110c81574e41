"""The graph as data: what was done, to what, in which order."""

import json

import numpy as np
import pytest

from autograd import Tensor, graph, graphviz

W = Tensor(np.ones((3, 2), np.float32), requires_grad=True)
B = Tensor(np.ones(2, np.float32), requires_grad=True)


def test_lists_the_steps_inputs_first_with_their_shapes_dtypes_and_parents():
    y = (np.ones((4, 3), np.float32) @ W + B).relu()
    loss = (y * y).sum(axis=0).mean()
    assert graph(loss) == [
        ("leaf", (3, 2), "float32", ()),
        ("leaf", (2,), "float32", ()),
        ("matmul", (4, 2), "float32", (0,)),
        ("add", (4, 2), "float32", (2, 1)),
        ("relu", (4, 2), "float32", (3,)),
        ("multiply", (4, 2), "float32", (4, 4)),
        ("sum", (2,), "float32", (5,)),
        ("mean", (), "float32", (6,)),
    ]


def test_every_step_stands_behind_its_parents_whatever_the_order_of_the_calculation():
    late = Tensor(1.0, requires_grad=True)
    x = late * 2
    y = (W.sum() + x) * x + W.max()
    steps = graph(y)
    assert len(steps) == 8
    assert all(parent < k for k, step in enumerate(steps) for parent in step.parents)


def test_is_plain_data_that_json_can_hold():
    assert json.loads(json.dumps(graph(W.sum()))) == [["leaf", [3, 2], "float32", []], ["sum", [], "float32", [0]]]


def test_operations_of_several_inputs_go_by_their_public_names():
    from autograd import concatenate, einsum, stack

    assert graph(concatenate([W, W]))[-1].operation == "concatenate"
    assert [step.operation for step in graph(stack([B, B]))[-3:]] == ["expand_dims", "expand_dims", "concatenate"]
    assert graph(einsum("ij,j->i", W, B))[-1].operation == "einsum"


def test_graphviz_draws_a_box_for_each_step_and_an_arrow_for_each_input():
    assert graphviz(graph(B * B)) == (
        "digraph {\n"
        "  rankdir=LR; node [shape=box];\n"
        '  0 [label="leaf\\n(2,) float32", style=filled];\n'
        '  1 [label="multiply\\n(2,) float32"];\n'
        "  0 -> 1;\n"
        "  0 -> 1;\n"
        "}\n"
    )


def test_of_nothing_recorded_or_of_a_freed_graph_there_is_none():
    with pytest.raises(RuntimeError, match="no graph"):
        graph(Tensor(1.0))
    y = W.sum()
    y.backward()
    with pytest.raises(RuntimeError, match="freed"):
        graph(y)
