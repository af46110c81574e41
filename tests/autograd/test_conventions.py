"""Where there is no one right answer, or no finite one: kinks, ties, zeros, infinities and NaN are as in PyTorch."""

import numpy as np
import pytest
import torch

import autograd
from autograd import Tensor

INF, NAN = np.inf, np.nan


def gradients(function, *values):
    leaves = [Tensor(np.array(value, float), requires_grad=True) for value in values]
    function(*leaves).sum().backward()
    return [leaf.grad.tolist() for leaf in leaves]


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        (autograd.relu, [[-1, 0, 1]], [[0, 0, 1]]),
        (autograd.abs, [[-1, 0, 1]], [[-1, 0, 1]]),
        (autograd.max, [[1, 3, 3, 2]], [[0, 0.5, 0.5, 0]]),
        (autograd.min, [[2, 2, 2, 2]], [[0.25] * 4]),
        (autograd.maximum, [[1, 2, 3], [2, 2, 2]], [[0, 0.5, 1], [1, 0.5, 0]]),
        (autograd.minimum, [[1, 2, 3], [2, 2, 2]], [[1, 0.5, 0], [0, 0.5, 1]]),
        pytest.param(lambda x: autograd.clip(x, -1, 1), [[-2, -1, 0, 1, 2]], [[0, 1, 1, 1, 0]], id="clip"),
        (autograd.std, [[3, 3, 3]], [[0, 0, 0]]),
        (autograd.prod, [[2, 3, 4]], [[12, 8, 6]]),
        (autograd.prod, [[2, 0, 4]], [[0, 8, 0]]),
        (autograd.prod, [[0, 3, 0]], [[0, 0, 0]]),
        (autograd.power, [[0, 0, 0, 0], [0, 1, 2, 3]], [[0, 1, 0, 0], [0, 0, 0, 0]]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_at_kinks_ties_and_zeros(function, values, expected):
    assert gradients(function, *values) == expected


def torch_gradients(function, *values):
    leaves = [torch.tensor(np.array(value, float), requires_grad=True) for value in values]
    function(*leaves).sum().backward()
    return [leaf.grad.tolist() for leaf in leaves]


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize(
    ("ours", "theirs", "values"),
    [
        (autograd.relu, torch.relu, [[NAN, INF, -INF]]),
        (autograd.sigmoid, torch.sigmoid, [[NAN, INF, -INF, 1000, -1000]]),
        (autograd.softplus, torch.nn.functional.softplus, [[NAN, INF, 1000, -1000]]),
        (autograd.maximum, torch.maximum, [[NAN, 1], [1, NAN]]),
        (autograd.minimum, torch.minimum, [[NAN, 1], [1, NAN]]),
        pytest.param(lambda x: autograd.clip(x, 0, 1), lambda x: torch.clamp(x, 0, 1), [[NAN, INF, -INF]], id="clip"),
        (autograd.max, torch.amax, [[NAN, 1]]),
        (autograd.sqrt, torch.sqrt, [[0, -1]]),
        (autograd.log, torch.log, [[0, -1]]),
        (autograd.power, torch.pow, [[0, -2, -2, -2, 0, INF], [0.5, 2, 3, 0.5, -1, 0]]),
        pytest.param(lambda x: x**-1, lambda x: x**-1, [[0, -2, 4]], id="power -1"),
        pytest.param(lambda x: x**0, lambda x: x**0, [[0, NAN, INF]], id="power 0"),
        pytest.param(
            lambda x: x.logsumexp(1),
            lambda x: x.logsumexp(1),
            [[[-INF, -INF], [1, -INF], [INF, 1], [INF, 800], [800, 700], [-900, -901]]],
            id="logsumexp",
        ),
        pytest.param(
            lambda x: x.softmax(1)[:, 0],
            lambda x: x.softmax(1)[:, 0],
            [[[-INF, -INF], [1, -INF], [INF, 1], [-900, -901]]],
            id="softmax",
        ),
        pytest.param(
            lambda x: x.log_softmax(1)[:, 0],
            lambda x: x.log_softmax(1)[:, 0],
            [[[-INF, -INF], [1, -INF], [800, 1], [-900, -901]]],
            id="log_softmax",
        ),
        pytest.param(lambda x: x.var(), lambda x: x.var(correction=0), [[INF, 1]], id="var"),
        pytest.param(lambda x: x.prod(), lambda x: x.prod(), [[INF, 0]], id="prod"),
    ],
)
def test_where_the_answer_is_not_finite_it_is_that_of_pytorch(ours, theirs, values):
    mine = ours(*[Tensor(np.array(value, float)) for value in values])
    reference = theirs(*[torch.tensor(np.array(value, float)) for value in values])
    np.testing.assert_allclose(mine.data, reference.numpy(), rtol=1e-12)
    for a, b in zip(gradients(ours, *values), torch_gradients(theirs, *values), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_logsumexp_of_nothing_is_minus_infinity_as_the_sum_of_no_exponentials_is_0():
    x = Tensor(np.zeros((2, 0)), requires_grad=True)
    y = x.logsumexp(axis=1)
    assert y.data.tolist() == [-INF, -INF]
    y.sum().backward()
    assert x.grad.shape == (2, 0)


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_integers_serve_where_the_result_is_a_float(name):
    function = getattr(autograd, name)
    y = function(Tensor(np.array([[1, 2], [3, 3]])), axis=1)
    np.testing.assert_array_equal(y.data, function(Tensor(np.array([[1.0, 2.0], [3.0, 3.0]])), axis=1).data)


def test_a_logarithm_or_quotient_without_a_value_is_warned_of():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        Tensor(np.zeros(1)).log()


def test_an_infinite_gradient_at_a_unit_that_is_off_becomes_nan_as_the_docstring_of_relu_says():
    x = Tensor(np.array([-1.0]), requires_grad=True)
    y = x.relu().sqrt()
    with pytest.warns(RuntimeWarning):
        y.backward(np.ones(1))
    assert np.isnan(x.grad)


def test_var_and_std_divide_by_n_minus_ddof_which_is_0_as_in_numpy():
    a = np.array([1.0, 2.0, 4.0])
    assert Tensor(a).var().item() == a.var() == torch.tensor(a).var(correction=0).item()
    assert Tensor(a).std(ddof=1).item() == a.std(ddof=1)


def test_the_extreme_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="no identity"):
        Tensor(np.zeros((2, 0))).max(axis=1)


class TestEinsum:
    @pytest.mark.parametrize("subscripts", ["ij,jk", "kj,ji", "ij,ij", "ii,jk", "...j,jk", "i...,ij", " ij , jk "])
    def test_an_output_that_is_not_written_has_what_comes_once_in_the_order_of_the_alphabet(self, subscripts):
        a, b = np.arange(18.0).reshape(2, 3, 3)
        np.testing.assert_array_equal(autograd.einsum(subscripts, a, b).data, np.einsum(subscripts, a, b))

    @pytest.mark.parametrize(
        "subscripts",
        ["...ij,...jk->...ik", "...ij,jk->...ik", "...j,j...->...", "...,...->...", "...,...", "i...,...->...i"],
    )
    def test_an_ellipsis_stands_for_the_axes_that_no_letter_names(self, subscripts):
        random = np.random.default_rng(0)
        a, b = random.standard_normal((4, 3, 3)), random.standard_normal((3, 3))
        np.testing.assert_allclose(
            autograd.einsum(subscripts, a, b).data, np.einsum(subscripts, a, b), rtol=1e-14, atol=1e-14
        )

    @pytest.mark.parametrize("subscripts", ["ij,jk->ik", "ij->i", "ij,j,k->i", "i,jk->ik", "ijk,ij->k", "ijk...,ij->k"])
    def test_what_does_not_fit_is_refused(self, subscripts):
        with pytest.raises(ValueError, match=r"match|fit"):
            autograd.einsum(subscripts, np.ones((2, 3)), np.ones((2, 3)))


class TestLabels:
    SCORES = np.zeros((3, 4))

    @pytest.mark.parametrize(
        "labels",
        [np.array([0, 1]), np.array([[0], [1], [2]]), np.eye(4)[:3], np.array([0.0, 1.0, 2.0]), np.array([True] * 3)],
        ids=["too few", "a column", "one-hot", "floats", "booleans"],
    )
    @pytest.mark.parametrize("loss", [autograd.cross_entropy, autograd.nll_loss])
    def test_of_another_form_are_refused(self, loss, labels):
        with pytest.raises(ValueError, match="integers"):
            loss(self.SCORES, labels)

    @pytest.mark.parametrize("labels", [[0, -1, 2], [0, 4, 2]])
    @pytest.mark.parametrize("loss", [autograd.cross_entropy, autograd.nll_loss])
    def test_out_of_range_are_refused_and_never_wrap_round(self, loss, labels):
        with pytest.raises(ValueError, match="from 0 to 3"):
            loss(self.SCORES, labels)

    @pytest.mark.parametrize("loss", [autograd.cross_entropy, autograd.nll_loss])
    def test_of_no_rows_fit_and_the_mean_of_nothing_is_nan_as_in_pytorch(self, loss):
        theirs = getattr(torch.nn.functional, loss.__name__)
        assert np.isnan(theirs(torch.zeros((0, 4)), torch.zeros(0, dtype=int)).item())
        with pytest.warns(RuntimeWarning):
            assert np.isnan(loss(np.zeros((0, 4)), np.zeros(0, int)).item())

    def test_may_be_a_list_or_a_tensor(self):
        for labels in ([0, 3, 1], Tensor([0, 3, 1]), np.array([0, 3, 1], np.uint8)):
            assert autograd.cross_entropy(self.SCORES, labels).item() == pytest.approx(np.log(4))

    def test_one_row_of_scores_is_not_a_table(self):
        with pytest.raises(ValueError, match="shape"):
            autograd.cross_entropy(np.zeros(4), 1)


def test_mse_loss_never_broadcasts_a_column_against_a_row():
    with pytest.raises(ValueError, match="agree"):
        autograd.mse_loss(Tensor(np.zeros((3, 1))), np.zeros(3))


def test_clip_between_arrays_adds_the_gradient_up_over_what_was_repeated():
    x = Tensor(np.array([1.0, 5.0]), requires_grad=True)
    y = autograd.clip(x, np.array([[0.0], [2.0], [0.5]]), 4.0)
    assert y.data.tolist() == [[1, 4], [2, 4], [1, 4]]
    y.backward(np.array([[1.0, 1.0], [10.0, 10.0], [100.0, 100.0]]))
    assert x.grad.tolist() == [101, 0]


def test_cross_entropy_of_scores_of_a_thousand_neither_overflows_nor_loses_the_gradient():
    z = Tensor(np.array([[1000.0, 0.0], [-1000.0, 0.0]]), requires_grad=True)
    loss = autograd.cross_entropy(z, [1, 0])
    loss.backward()
    assert loss.item() == 1000
    assert z.grad.tolist() == [[0.5, -0.5], [-0.5, 0.5]]
