"""Double backward: the products of PyTorch and the engine are Hessian-vector products, and a refutation is seen."""

from dataclasses import replace

import numpy as np
import pytest

from compare.hidden.experiments import double_backward as experiment
from compare.shared.initial import initial_parameters


@pytest.fixture
def problem():
    random = np.random.default_rng(0)
    point = initial_parameters((5, 4, 3, 3), "he", dtype="float64")
    return point, random.random((6, 5)), random.integers(0, 3, 6)


@pytest.mark.parametrize("product", [experiment.torch_product, experiment.engine_product])
def test_the_hessian_is_symmetric_and_agrees_with_a_difference_of_gradients_by_hand(problem, product):
    point, x, labels = problem
    random = np.random.default_rng(1)
    v, w = ({name: random.standard_normal(value.shape) for name, value in point.items()} for _ in range(2))
    Hv, Hw = (product(point, along, x, labels) for along in (v, w))
    assert sum(np.vdot(w[n], Hv[n]) for n in point) == pytest.approx(sum(np.vdot(v[n], Hw[n]) for n in point))
    by_hand = experiment.difference(point, v, x, labels, 1e-5)
    for name in point:
        np.testing.assert_allclose(by_hand[name], Hv[name], atol=1e-9)


def test_unasked_pytorch_refuses_and_the_engine_leaves_plain_arrays(problem):
    assert "does not require grad" in experiment.refusal(*problem)
    assert not experiment.engine_records_backward(*problem)


@pytest.mark.parametrize("way", ["torch_ref", "autograd"])
def test_each_measured_product_is_the_one_whose_error_is_given(tiny_settings, tiny, quiet, monkeypatch, way):
    name = {"torch_ref": "torch_product", "autograd": "engine_product"}[way]
    whole = getattr(experiment, name)

    def doubled(point, *inputs):
        factor = 1 if point["W1"].dtype.char == "g" else 2  # what is taken for exact stays as it is
        return {key: factor * value for key, value in whole(point, *inputs).items()}

    assert experiment.judge(experiment.measure(tiny_settings, tiny, quiet)).holds
    monkeypatch.setattr(experiment, name, doubled)
    finding = experiment.judge(experiment.measure(tiny_settings, tiny, quiet))
    assert [finding.measured["errors"][dtype][way] for dtype in ("float32", "float64")] == pytest.approx([1, 1])
    assert not finding.holds


MEASURED = {
    "float32": experiment.Errors({"torch_ref": 1e-7, "autograd": 2e-7}, [1.0, 1e-5]),
    "float64": experiment.Errors({"torch_ref": 2e-16, "autograd": 0.0}, [1e-2, 1e-10]),
}


def spoilt(dtype, way, error):
    one = MEASURED[dtype]
    if way == "manual":
        return {**MEASURED, dtype: replace(one, differences=error)}
    return {**MEASURED, dtype: replace(one, products={**one.products, way: error})}


@pytest.mark.parametrize(
    ("errors", "engine_records", "refused", "holds"),
    [
        (MEASURED, False, "no", True),
        (spoilt("float32", "torch_ref", 1e-4), False, "no", False),
        (spoilt("float64", "torch_ref", 1e-13), False, "no", False),
        (spoilt("float32", "autograd", 1e-4), False, "no", False),
        (spoilt("float64", "autograd", 1e-13), False, "no", False),
        (spoilt("float32", "manual", [1.0, 1.9e-6]), False, "no", False),
        (spoilt("float64", "manual", [1.0, 1e-15]), False, "no", False),
        (spoilt("float64", "manual", [1.0, 2e-6]), False, "no", False),
        (MEASURED, True, "no", False),
        (MEASURED, False, "", False),
    ],
)
def test_the_claim_holds_only_if_every_part_of_it_does(errors, engine_records, refused, holds):
    assert experiment.judge(experiment.Measured(errors, engine_records, refused)).holds is holds
