"""Double backward: PyTorch's Hessian-vector product is one, and what refutes the claim is seen."""

import numpy as np
import pytest

from compare.hidden import double_backward as experiment
from compare.shared.initial import initial_parameters


@pytest.fixture
def problem():
    random = np.random.default_rng(0)
    point = initial_parameters((5, 4, 3, 3), "he", dtype="float64")
    return point, random.random((6, 5)), random.integers(0, 3, 6)


def test_the_hessian_is_symmetric_and_agrees_with_a_difference_of_gradients_by_hand(problem):
    point, x, labels = problem
    random = np.random.default_rng(1)
    v, w = ({name: random.standard_normal(value.shape) for name, value in point.items()} for _ in range(2))
    Hv, Hw = (experiment.hessian_vector_product(point, along, x, labels) for along in (v, w))
    assert sum(np.vdot(w[n], Hv[n]) for n in point) == pytest.approx(sum(np.vdot(v[n], Hw[n]) for n in point))
    by_hand = experiment.difference(point, v, x, labels, 1e-5)
    for name in point:
        np.testing.assert_allclose(by_hand[name], Hv[name], atol=1e-9)


def test_without_create_graph_pytorch_refuses_and_the_engine_has_no_graph(problem):
    assert "does not require grad" in experiment.refusal(*problem)
    assert not experiment.engine_records_backward(*problem)


@pytest.mark.parametrize(
    ("single", "best", "engine_records", "refused", "holds"),
    [
        (1e-7, 1e-5, False, "no", True),
        (1e-4, 1e-5, False, "no", False),
        (1e-7, 2e-7, False, "no", False),
        (1e-7, 1e-5, True, "no", False),
        (1e-7, 1e-5, False, "", False),
    ],
)
def test_the_claim_holds_only_if_every_part_of_it_does(single, best, engine_records, refused, holds):
    errors = {"float32": {"torch_ref": single, "manual": [1, best]}, "float64": {"torch_ref": 0, "manual": [1e-10]}}
    assert experiment.judge(errors, engine_records, refused).holds is holds
