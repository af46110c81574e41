"""What the engine promises about graphs: who keeps a gradient, when a graph is gone, what is refused."""

import contextlib
import threading

import numpy as np
import pytest

import autograd
from autograd import Tensor, no_grad


def leaf(*values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


class TestWhoKeepsAGradient:
    def test_leaves_add_up_what_reaches_them(self):
        x = leaf(1.0, 2.0)
        for _ in range(3):
            (x * x).sum().backward()
        assert x.grad.tolist() == [6, 12]

    def test_inner_tensors_keep_none(self):
        x = leaf(1.0, 2.0)
        y = x * 2
        z = y.sum()
        z.backward()
        assert y.grad is None
        assert z.grad is None

    def test_retain_grad_keeps_that_of_an_inner_tensor(self):
        x = leaf(1.0, 2.0)
        y = x * 2
        y.retain_grad()
        (y * y).sum().backward()
        assert y.grad.tolist() == [4, 8]
        assert x.grad.tolist() == [8, 16]

    def test_running_backward_twice_does_not_count_inner_gradients_twice(self):
        x = leaf(3.0)
        y = x * x
        z = (y * y).sum()
        z.backward(retain_graph=True)
        z.backward()
        assert x.grad.tolist() == [2 * 4 * 27]

    def test_a_tensor_used_twice_hears_from_both_uses_before_it_passes_its_gradient_on(self):
        x = leaf(3.0)
        y = x * 2
        z = y.exp() * 0 + y * y  # the path through exp is longer
        z.sum().backward()
        assert x.grad.tolist() == [2 * 2 * 6]

    def test_zero_grad_forgets(self):
        x = leaf(1.0)
        x.sum().backward()
        x.zero_grad()
        assert x.grad is None
        Tensor(1.0).zero_grad()

    def test_a_gradient_may_be_changed_and_replaced_by_one_that_fits(self):
        x, g = leaf(3.0, 4.0), np.array([5.0, 6.0])
        x.sum().backward()
        x.grad *= 0.5
        assert x.grad.tolist() == [0.5, 0.5]
        x.grad = g
        x.grad *= 2
        assert (x.grad.tolist(), g.tolist()) == ([10, 12], [5, 6])
        x.grad = None
        assert x.grad is None
        with pytest.raises(ValueError, match="shape"):
            x.grad = np.ones(3)
        with pytest.raises(TypeError, match="astype"):
            x.grad = np.ones(2, np.float32)
        with pytest.raises(RuntimeError, match="requires no gradient"):
            Tensor(1.0).grad = 1.0

    def test_backward_of_a_leaf_is_its_own_gradient(self):
        x = leaf(5.0)
        x.backward()
        assert x.grad.tolist() == [1]

    def test_what_requires_no_gradient_gets_none(self):
        x, c = leaf(1.0), Tensor([2.0])
        y = x * c
        assert (x.requires_grad, c.requires_grad, y.requires_grad, (c * c).requires_grad) == (True, False, True, False)
        y.backward()
        assert c.grad is None

    def test_a_gradient_has_the_dtype_and_shape_of_its_tensor_where_dtypes_mix(self):
        x, y = leaf(1.0, 2.0, dtype=np.float32), Tensor(np.array(3.0), requires_grad=True)
        z = x * y
        z.retain_grad()
        z.sum().backward()
        assert (x.grad.dtype, y.grad.dtype, z.grad.dtype) == (np.float32, np.float64, np.float64)
        assert (type(y.grad), y.grad.shape) == (np.ndarray, ())

    def test_a_gradient_of_a_number_stays_an_array_when_more_is_added(self):
        x = Tensor(2.0, requires_grad=True)
        for _ in range(2):
            (x * x + x).backward()
            assert type(x.grad) is np.ndarray
        assert (x.grad.shape, x.grad.item()) == ((), 10)

    def test_detach_ends_the_gradient_and_shares_the_data(self):
        x = leaf(2.0)
        d = (x * x).detach()
        assert not d.requires_grad
        (x * d).sum().backward()
        assert x.grad.tolist() == [4]
        assert x.detach().data is x.data


class TestGradientsBelongToTheirKeeperAlone:
    """Addition hands one and the same array to both of its inputs."""

    def test_two_parents_that_share_a_gradient_do_not_share_an_array(self):
        x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
        (x + y).sum().backward()
        x.grad *= 100
        assert y.grad.tolist() == [1, 1]

    def test_adding_to_one_of_two_inner_tensors_that_share_a_gradient_leaves_the_other(self):
        x, y = leaf(1.0, 2.0), leaf(1.0, 2.0)
        a, b = x * 1, y * 1
        d = a * 5
        c = a + b  # hands one array to a and b, before that of d is added to the one of a
        (d + c).sum().backward()
        assert (x.grad.tolist(), y.grad.tolist()) == ([6, 6], [1, 1])

    def test_the_gradient_passed_to_backward_is_not_kept(self):
        x, g = leaf(1.0, 2.0), np.array([1.0, 1.0])
        for y in (x, x + 0, x.reshape(2, 1).reshape(2)):
            x.zero_grad()
            y.backward(g)
            x.grad *= 7
            assert g.tolist() == [1, 1]

    def test_a_kept_gradient_is_no_view_of_one_further_down(self):
        x = Tensor(np.ones((2, 2)), requires_grad=True)
        y = x + 0
        z = y.T
        y.retain_grad()
        z.retain_grad()
        z.sum().backward()
        for keeper in (x, y, z):
            assert keeper.grad.flags.owndata
            assert keeper.grad.flags.writeable
            keeper.grad *= 3
        assert (x.grad.max(), y.grad.max(), z.grad.max()) == (3, 3, 3)

    def test_a_gradient_that_was_read_stays_as_it_was_when_more_is_added(self):
        x = leaf(1.0)
        x.sum().backward()
        first = x.grad
        x.sum().backward()
        assert (first.tolist(), x.grad.tolist()) == ([1], [2])


class TestTheGraphIsFreed:
    def test_a_second_backward_is_an_error_that_says_what_to_do(self):
        x = leaf(1.0)
        y = (x * x).sum()
        y.backward()
        with pytest.raises(RuntimeError, match=r"retain_graph=True"):
            y.backward()
        assert x.grad.tolist() == [2]

    def test_so_is_one_through_a_part_that_is_freed_and_it_changes_nothing(self):
        x, w = leaf(3.0), leaf(1.0)
        y = x * x
        y.sum().backward()
        z = (y * w).sum()
        with pytest.raises(RuntimeError, match="freed"):
            z.backward()
        assert (x.grad.tolist(), w.grad) == ([6], None)

    def test_retain_graph_keeps_it(self):
        x = leaf(1.0)
        y = (x * x).sum()
        for _ in range(3):
            y.backward(retain_graph=True)
        assert x.grad.tolist() == [6]

    def test_the_arrays_that_the_backward_pass_needed_are_let_go(self):
        held = np.ones(3)
        x = leaf(1.0, 2.0, 3.0)
        y = (x * held).sum()
        inner = y.node.parents[0]
        assert len(inner.vjps) == 1
        y.backward()
        assert (inner.vjps, inner.parents, y.node.parents) == ((), (), ())

    def test_leaves_stay_usable(self):
        x = leaf(1.0)
        for _ in range(2):
            (x * x).sum().backward()
        assert x.grad.tolist() == [4]


class TestBackwardRefuses:
    def test_a_tensor_that_is_no_single_number_without_a_gradient(self):
        with pytest.raises(RuntimeError, match=r"\(2,\).*sum\(\)"):
            (leaf(1.0, 2.0) * 2).backward()

    def test_a_gradient_of_another_shape_though_it_would_broadcast(self):
        y = leaf(1.0, 2.0) * 2
        for shape in ((), (1,), (2, 1), (1, 2)):
            with pytest.raises(ValueError, match="shape"):
                y.backward(np.ones(shape))

    def test_a_gradient_of_another_dtype(self):
        y = leaf(1.0, 2.0, dtype=np.float32) * 2
        for dtype in (np.float64, np.int64):
            with pytest.raises(TypeError, match=r"float32.*astype"):
                y.backward(np.ones(2, dtype))

    def test_a_plain_number_is_a_gradient_of_any_dtype_but_only_of_a_number(self):
        x = leaf(1.0, 2.0, dtype=np.float32)
        x.sum().backward(3.0)
        assert x.grad.tolist() == [3, 3]
        with pytest.raises(ValueError, match="shape"):
            x.backward(3.0)

    def test_a_gradient_may_be_a_tensor(self):
        x = leaf(1.0, 2.0)
        (x * 2).backward(Tensor([1.0, 10.0]))
        assert x.grad.tolist() == [2, 20]

    def test_a_tensor_that_depends_on_nothing(self):
        with pytest.raises(RuntimeError, match="requires_grad=True"):
            Tensor(1.0).backward()
        with pytest.raises(RuntimeError, match="requires no gradient"):
            Tensor(1.0).retain_grad()


class TestWhatCannotHaveAGradient:
    @pytest.mark.parametrize("data", [np.arange(3), [True], 1, np.ones(2, complex), np.array(["a"])])
    def test_integers_and_their_like_cannot_require_one(self, data):
        with pytest.raises(TypeError, match="floats"):
            Tensor(data, requires_grad=True)

    def test_nor_can_complex_numbers_slip_in_through_an_operation(self):
        with pytest.raises(TypeError, match="multiply gave complex128"):
            leaf(1.0) * 1j

    def test_integers_may_stand_in_operations_beside_them(self):
        x = leaf(1.0, 2.0, dtype=np.float32)
        (x * Tensor(np.array([2, 3]))).sum().backward()
        assert (x.grad.tolist(), x.grad.dtype) == ([2, 3], np.float32)


class TestNoGrad:
    def test_records_nothing_and_computes_the_same(self):
        x = leaf(2.0)
        with no_grad():
            y = x * x
        assert (y.requires_grad, y.data.tolist()) == (False, [4])
        assert (x * x).requires_grad

    def test_nests(self):
        x = leaf(2.0)
        with no_grad():
            with no_grad():
                pass
            assert not (x * x).requires_grad
        assert (x * x).requires_grad

    def test_ends_with_an_exception(self):
        x = leaf(2.0)
        with pytest.raises(ZeroDivisionError), no_grad():
            raise ZeroDivisionError
        assert (x * x).requires_grad

    def test_serves_as_a_decorator(self):
        x = leaf(2.0)
        assert not no_grad()(lambda: x * x)().requires_grad

    def test_leaves_are_leaves_within_it(self):
        with no_grad():
            assert Tensor(1.0, requires_grad=True).requires_grad

    def test_is_of_one_thread(self):
        x, inside, seen = leaf(2.0), threading.Barrier(2), []

        def elsewhere():
            inside.wait()  # the other thread is in no_grad now
            seen.append((x * x).requires_grad)
            inside.wait()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        with no_grad():
            inside.wait()
            inside.wait()
            assert not (x * x).requires_grad
        thread.join()
        assert seen == [True]


class TestInPlace:
    CHANGES = ("+= 1", "-= 1", "*= 2", "/= 2", "**= 2", "@= 2")

    @pytest.mark.parametrize("change", CHANGES)
    @pytest.mark.parametrize("recording", [True, False])
    def test_on_a_leaf_is_an_error_that_says_what_to_do_also_under_no_grad(self, change, recording):
        x = leaf(1.0, 2.0)
        with contextlib.nullcontext() if recording else no_grad(), pytest.raises(RuntimeError, match=r"x\.data \+="):
            exec(f"x {change}", {"x": x})
        assert x.data.tolist() == [1, 2]

    @pytest.mark.parametrize("change", CHANGES[:-1])
    def test_on_others_makes_a_new_tensor(self, change):
        x = leaf(1.0, 2.0)
        inner, constant = x * 1, Tensor([1.0, 2.0])
        for before in (inner, constant):
            names = {"x": before}
            exec(f"x {change}", names)
            assert names["x"] is not before
            assert before.data.tolist() == [1, 2]
            assert names["x"].requires_grad == before.requires_grad

    def test_a_name_that_is_added_to_carries_the_gradient(self):
        x = leaf(1.0, 2.0)
        total = Tensor(0.0)
        for k in range(3):
            total += (x * k).sum()
        total.backward()
        assert x.grad.tolist() == [3, 3]

    def test_on_an_array_with_a_tensor_is_refused_by_numpy(self):
        a = np.zeros(2)
        with pytest.raises(TypeError):
            a += leaf(1.0, 2.0)
        assert a.tolist() == [0, 0]

    def test_assignment_to_entries_is_not_there(self):
        with pytest.raises(TypeError, match="item assignment"):
            leaf(1.0, 2.0)[0] = 3


class TestWritingIntoData:
    """As the docstring of Tensor says."""

    def test_under_a_live_graph_changes_what_the_backward_pass_sees(self):
        x, w = leaf(3.0), leaf(5.0)
        y = (x * w).sum()
        w.data[:] = 7
        y.backward()
        assert (y.item(), x.grad.tolist()) == (15, [7])

    def test_another_array_leaves_a_live_graph_as_it_was(self):
        x, w = leaf(3.0), leaf(5.0)
        y = (x * w).sum()
        w.data = np.array([7.0])
        y.backward()
        assert x.grad.tolist() == [5]

    def test_between_backward_and_forward_is_an_update(self):
        w = leaf(5.0)
        (w * w).sum().backward()
        w.data -= 0.1 * w.grad
        assert w.data.tolist() == [4]
        assert (w * w).data.tolist() == [16]

    def test_an_array_is_held_not_copied(self):
        a = np.zeros(2)
        x = Tensor(a)
        a[0] = 1
        assert x.data is a
        assert Tensor(x).data is a


def test_an_operation_of_ones_own_is_written_like_those_here():
    @autograd.operation
    def cube(x, /):
        return x**3, lambda g: g * 3 * x**2

    x = leaf(2.0)
    y = cube(x)
    y.backward()
    assert (y.item(), x.grad.tolist(), y.node.operation) == (8, [12], "cube")


def test_what_was_broadcast_is_summed_where_a_vjp_returns_the_shape_of_the_output():
    @autograd.operation
    def plus(a, b, /):
        return a + b, lambda g: g, lambda g: g

    x, others = Tensor(np.zeros((3, 2)), requires_grad=True), [leaf(0.0, 0.0), leaf([0.0], [0.0], [0.0]), leaf(0.0)]
    for other in others:
        plus(x, other).backward(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert [other.grad.tolist() for other in others] == [[9, 12], [[3], [7], [11]], [21]]


@pytest.mark.parametrize("shape", [(3,), (2, 1), (1, 2), (2, 3), (), (3, 2, 1), (1, 3, 2)])
def test_a_vjp_of_the_wrong_shape_is_caught_before_it_reaches_a_leaf(shape):
    @autograd.operation
    def plus(a, b, /):
        return a + b, lambda g: g, lambda _: np.zeros(shape)

    x, b = Tensor(np.zeros((3, 2)), requires_grad=True), leaf(0.0, 0.0)
    with pytest.raises(ValueError, match=r"plus must return the shape of its input \(2,\)"):
        plus(x, b).sum().backward()
    assert (x.grad, b.grad) == (None, None)


def test_two_threads_build_and_differentiate_graphs_of_their_own_at_once():
    def train(seed):
        random = np.random.default_rng(seed)
        w = Tensor(random.standard_normal((4, 4)), requires_grad=True)
        x = random.standard_normal((5, 4))
        for _ in range(100):
            w.zero_grad()
            y = x
            for _ in range(3):
                y = (y @ w).tanh()
            y.sum().backward()
            w.data -= 0.01 * w.grad
        return w.data

    alone = [train(seed) for seed in range(2)]
    together, start = [None, None], threading.Barrier(2)

    def work(seed):
        start.wait()
        together[seed] = train(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(alone, together)


class Recounted:
    """An array of another kind: it keeps a count of the entries that it was made of."""

    base = None

    def __init__(self, array, made_of):
        self.array, self.made_of = array, made_of

    shape = property(lambda self: self.array.shape)
    ndim = property(lambda self: self.array.ndim)
    dtype = property(lambda self: self.array.dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return NotImplemented

    def __getitem__(self, index):
        return Recounted(self.array[index], self.array[index].size)

    def scattered(self, shape, index):
        y = np.zeros(shape)
        np.add.at(y, index, self.array)
        return Recounted(y, self.made_of)


def test_arrays_of_another_kind_are_held_indexed_and_scattered_as_they_themselves_say():
    x, index = Recounted(np.array([1.0, 2.0, 3.0]), 3), np.array([0, 0, 2])
    value, pullback = autograd.vjp(lambda x: x[index], x)
    assert (type(value), value.made_of, value.array.tolist()) == (Recounted, 3, [1, 1, 3])
    assert pullback(np.ones(3)).tolist() == [2, 0, 1]
    value, pullback = autograd.vjp(lambda x: autograd.scatter(x, (4,), index), x)
    assert (type(value), value.array.tolist()) == (Recounted, [3, 0, 3, 0])
    assert pullback(np.array([5.0, 6.0, 7.0, 8.0])).tolist() == [5, 5, 7]


def test_a_copy_shares_nothing_with_what_it_copies():
    x = leaf(1.0, 2.0)
    assert not np.shares_memory(x.copy().data, x.data)


def test_an_operation_that_returns_its_input_leaves_it_the_tensor_that_it_was():
    same = autograd.operation(lambda x: (x, lambda g: g), "same")
    seen = []

    def f(x):
        node = x.node
        slope = autograd.grad(same)(x)
        seen.append(x.node is node)
        return x * slope

    assert (autograd.grad(f)(3.0), seen) == (1, [True])


def test_without_a_slash_all_arguments_without_a_default_are_inputs():
    @autograd.operation
    def scaled(x, y, factor=2.0):
        return x * y * factor, lambda g: g * y * factor, lambda g: g * x * factor

    x, y = leaf(3.0), leaf(5.0)
    scaled(x, y, factor=10.0).backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([50], [30])


def test_a_vjp_that_forgets_to_spread_the_gradient_of_a_sum_is_refused_in_words():
    total = autograd.operation(lambda x: (x.sum(), lambda g: g), "total")
    with pytest.raises(ValueError, match=r"total must return the shape of its input \(2, 3\), not \(\)"):
        total(Tensor(np.ones((2, 3)), requires_grad=True)).backward()


def test_grad_leaves_no_grad_as_it_was():
    x = leaf(2.0)
    with no_grad():
        autograd.grad(lambda x: (x * x).sum())(x)
        assert not (x * x).requires_grad
    autograd.grad(lambda x: (x * x).sum())(x)
    assert (x * x).requires_grad
