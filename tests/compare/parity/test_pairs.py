import numpy as np
import pytest

from compare.shared.dataset import pixels
from compare.shared.initial import initial_parameters
from compare.side_by_side.pairs import EXACT, OUTSIDE, WITHIN, compare_pairs
from compare.worlds import NAMES, build


@pytest.fixture(scope="module")
def setting(mnist):
    parameters = initial_parameters((784, 128, 64, 10))
    x, labels = pixels(mnist.train_images[:64], "float64"), mnist.train_labels[:64]
    return parameters, x, labels, {name: build(name, parameters).gradients(x, labels)[1] for name in NAMES}


def test_every_pair_and_parameter_has_a_row_and_none_is_outside(setting):
    parameters, x, labels, gradients = setting
    rows = compare_pairs(gradients, parameters, x, labels)
    pairs = ("manual/autograd", "manual/torch_ref", "autograd/torch_ref")
    assert [(row.pair, row.parameter) for row in rows] == [(pair, name) for pair in pairs for name in parameters]
    assert all(row.holds for row in rows)


def test_equal_to_the_bit_is_exact_a_rounding_apart_is_within_and_a_seventh_digit_is_outside(setting):
    parameters, x, labels, gradients = setting
    W1 = gradients["manual"]["W1"]
    largest = np.unravel_index(abs(W1).argmax(), W1.shape)
    nudged = W1.copy()
    nudged[largest] = np.nextafter(nudged[largest], 1)
    versions = {"same": (W1.copy(), EXACT), "nudged": (nudged, WITHIN), "scaled": (W1 * (1 + 1e-7), OUTSIDE)}
    for name, (version, verdict) in versions.items():
        both = {"manual": gradients["manual"], name: gradients["manual"] | {"W1": version}}
        row = compare_pairs(both, parameters, x, labels)[0]
        assert (row.pair, row.parameter, row.verdict) == (f"manual/{name}", "W1", verdict)
        assert row.holds == (verdict != OUTSIDE)
        if name == "nudged":
            assert row.ulp == 1
            assert row.absolute == abs(np.spacing(W1[largest]))
            assert row.relative == pytest.approx(row.absolute / abs(W1[largest]), rel=1e-12, abs=0)


def test_a_gradient_that_is_not_a_number_is_outside(setting):
    parameters, x, labels, gradients = setting
    broken = {name: np.full_like(value, np.nan) for name, value in gradients["manual"].items()}
    for row in compare_pairs({"manual": gradients["manual"], "broken": broken}, parameters, x, labels):
        assert row.verdict == OUTSIDE
        assert row.absolute == np.inf
