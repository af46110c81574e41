"""How a tensor behaves among Python numbers and NumPy arrays."""

import operator

import numpy as np
import pytest

import autograd
from autograd import Tensor

A = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
NUMBERS = [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.sqrt(4.0), np.prod((1, 2)), np.uint8(2)]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


def leaf(array=A):
    return Tensor(array, requires_grad=True)


class TestFloat32StaysFloat32:
    @pytest.mark.parametrize("array", [A, A[0, 1], np.array(3.0, np.float32)], ids=["matrix", "scalar", "0-d array"])
    @pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{type(number).__name__}({number})")
    @pytest.mark.parametrize("operation", OPERATORS, ids=lambda operation: operation.__name__)
    def test_beside_numbers_on_either_side_forward_and_backward(self, operation, number, array):
        x = leaf(array)
        for y in (operation(x, number), operation(number, x)):
            assert y.dtype == np.float32
            y.sum().backward()
        assert x.grad.dtype == np.float32

    @pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{type(number).__name__}({number})")
    def test_beside_numbers_in_functions(self, number):
        x = leaf()
        for y in (
            autograd.maximum(x, number),
            autograd.minimum(number, x),
            autograd.where(A > 2, x, number),
            autograd.clip(x, 0, number),
            autograd.pad(x, 1, constant_values=number),
        ):
            assert y.dtype == np.float32

    @pytest.mark.parametrize("shape", [(2, 2), (4,), ()])
    def test_in_every_function_of_one_array(self, shape):
        names = (
            "positive negative abs square reciprocal exp exp2 expm1 log log2 log10 log1p sqrt sin cos tan arctan sinh "
            "cosh tanh sigmoid relu leaky_relu softplus sum mean var std norm max min prod cumsum logsumexp softmax "
            "log_softmax copy flatten transpose flip"
        )
        for name in names.split():
            x = leaf(np.ones(shape, np.float32))
            y = getattr(autograd, name)(x)
            assert y.dtype == np.float32, name
            y.sum().backward()
            assert x.grad.dtype == np.float32, name

    def test_beside_a_float64_array_it_is_promoted_as_in_numpy(self):
        assert (leaf() * np.ones(2)).dtype == np.float64


class TestOperators:
    @pytest.mark.parametrize("operation", [*OPERATORS, operator.matmul], ids=lambda operation: operation.__name__)
    def test_an_array_on_either_side_gives_a_tensor_and_no_array_of_objects(self, operation):
        x, b = leaf(), np.array([[2.0, 1.0], [1.0, 3.0]], np.float32)
        for y, expected in ((operation(x, b), operation(A, b)), (operation(b, x), operation(b, A))):
            assert type(y) is Tensor
            assert y.requires_grad
            np.testing.assert_array_equal(y.data, expected)

    def test_of_one_operand(self):
        np.testing.assert_array_equal((-leaf()).data, -A)
        np.testing.assert_array_equal(abs(-leaf()).data, A)

    def test_sum_of_a_list_of_tensors_with_pythons_own_sum(self):
        assert sum([leaf(), leaf()]).data.tolist() == (2 * A).tolist()

    @pytest.mark.parametrize("compare", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge])
    def test_comparisons_give_plain_arrays(self, compare):
        for other, expected in ((2.0, compare(A, 2)), (A.T, compare(A, A.T)), (Tensor(A.T), compare(A, A.T))):
            result = compare(leaf(), other)
            assert type(result) is np.ndarray
            np.testing.assert_array_equal(result, expected)
        np.testing.assert_array_equal(compare(A.T, leaf()), compare(A.T, A))

    def test_argmax_gives_plain_integers(self):
        assert leaf().argmax() == 3
        assert type(leaf().argmax(axis=0)) is np.ndarray
        assert leaf().argmax(axis=1, keepdims=True).shape == (2, 1)

    def test_equality_is_by_entry_and_hash_by_identity(self):
        x, y = leaf(), leaf()
        assert (x == y).all()
        assert len({x, y, x}) == 2
        assert hash(x) == hash(x)


class TestAttributes:
    def test_are_those_of_the_array(self):
        x = leaf(A[:, :1])
        assert (x.shape, x.ndim, x.size, x.dtype) == ((2, 1), 2, 2, np.float32)
        assert x.T.shape == (1, 2)
        x.T.sum().backward()
        assert x.grad.shape == (2, 1)

    def test_numpy_is_the_data_itself(self):
        x = leaf()
        assert x.numpy() is x.data is A

    def test_item_is_a_python_number(self):
        assert type(Tensor(A[0, 0]).item()) is float
        with pytest.raises(ValueError, match="size 1"):
            leaf().item()

    def test_lists_become_arrays(self):
        assert Tensor([[1, 2], [3, 4]]).shape == (2, 2)


class TestPythonsProtocols:
    def test_len_and_iteration_go_along_the_first_axis_and_carry_gradients(self):
        x = leaf()
        assert len(x) == 2
        first, second = x
        (first * 2 + second).sum().backward()
        assert x.grad.tolist() == [[2, 2], [1, 1]]

    def test_a_number_has_no_length_and_is_not_iterated(self):
        with pytest.raises(TypeError):
            len(Tensor(1.0))
        with pytest.raises(TypeError):
            iter(Tensor(1.0))

    def test_truth_is_that_of_one_number(self):
        assert Tensor(1.0)
        assert not Tensor([0.0])
        with pytest.raises(ValueError, match="ambiguous"):
            bool(leaf())

    def test_float_is_that_of_one_number(self):
        assert float(Tensor([2.5])) == 2.5
        with pytest.raises(ValueError, match="size 1"):
            float(Tensor(A))

    def test_asarray_of_a_constant_is_its_data(self):
        x = Tensor(A)
        assert np.asarray(x) is A
        assert np.asarray(x, np.float64).dtype == np.float64
        assert not np.shares_memory(np.array(x), A)

    def test_asarray_refuses_to_drop_a_gradient_without_a_word(self):
        with pytest.raises(TypeError, match=r"x\.numpy\(\)"):
            np.asarray(leaf())

    def test_numpys_functions_on_tensors_give_tensors(self):
        for function in (np.exp, np.add.reduce, lambda x: np.multiply(A, x)):
            y = function(leaf())
            assert type(y) is Tensor
            assert y.requires_grad
            np.testing.assert_array_equal(y.data, function(A))


class TestIndexing:
    def test_adds_up_where_an_index_is_repeated(self):
        x = leaf(np.array([1.0, 2.0, 3.0]))
        x[[0, 2, 0, 0]].sum().backward()
        assert x.grad.tolist() == [3, 0, 1]

    def test_takes_tensors_of_integers_and_masks(self):
        x = leaf()
        assert x[Tensor([1, 0, 1])].shape == (3, 2)
        assert x[:, Tensor([0])].shape == (2, 1)
        assert x[x > 2].data.tolist() == [3, 4]
        assert x[..., None, np.int64(1)].shape == (2, 1)

    def test_out_of_range_is_an_index_error(self):
        with pytest.raises(IndexError):
            leaf()[2]


class TestRepr:
    @pytest.mark.parametrize(
        ("tensor", "expected"),
        [
            (Tensor(2.0), "Tensor(2.)"),
            (Tensor([1, 2]), "Tensor([1, 2])"),
            (leaf(), "Tensor([[1., 2.],\n        [3., 4.]], dtype=float32, requires_grad=True)"),
            (leaf() @ A, "Tensor([[ 7., 10.],\n        [15., 22.]], dtype=float32, matmul)"),
            (Tensor(np.zeros((0, 3))), "Tensor([], shape=(0, 3), dtype=float64)"),
        ],
    )
    def test_shows_the_numbers_the_dtype_and_where_they_came_from(self, tensor, expected):
        assert repr(tensor) == expected


def test_operations_on_arrays_alone_give_tensors_that_require_no_gradient():
    y = autograd.exp(A)
    assert type(y) is Tensor
    assert not y.requires_grad


def test_operations_are_known_by_name_and_say_what_they_do():
    for name in autograd.__all__:
        thing = getattr(autograd, name)
        assert thing.__name__ == name
        assert thing.__doc__, name
